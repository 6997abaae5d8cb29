package io.moongate.scsi;

import java.util.List;
import java.util.Optional;

/** The targets that a gateway exports, and where: what discovery and login ask. */
public interface TargetDirectory {

  /** The target of that name when this gateway exports it. */
  Optional<TargetDevice> target(String name);

  /** Every target with every portal of every gateway that exports it (SendTargets). */
  List<Entry> entries();

  /** A target's portals. */
  record Entry(String targetName, List<Portal> portals) {}

  /** A portal: where to connect, and the tag of its portal group. */
  record Portal(String address, int port, int portalGroupTag) {}
}
