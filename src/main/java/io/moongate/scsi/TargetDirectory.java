package io.moongate.scsi;

import java.util.List;
import java.util.Optional;

/** The targets that a gateway exports, and where: what discovery and login ask. */
public interface TargetDirectory {

  /**
   * The target of that name when this gateway exports it.
   *
   * @param initiator who asks: its LUNs may be masked
   */
  Optional<TargetDevice> target(String name, String initiator);

  /**
   * Every target that the initiator may log in to, with every portal of every gateway that exports
   * it (SendTargets).
   */
  List<Entry> entries(String initiator);

  /**
   * Who may log in.
   *
   * @param target its name; empty for a discovery session
   */
  Admission admission(Optional<String> target, String initiator);

  /** A target's portals. */
  record Entry(String targetName, List<Portal> portals) {}

  /** A portal: where to connect, and the tag of its portal group. */
  record Portal(String address, int port, int portalGroupTag) {}
}
