package io.moongate.scsi;

import java.util.List;
import java.util.Optional;

/** A target as one gateway exports it: what a session is logged in to. */
public interface TargetDevice {
  /** The iSCSI name. */
  String name();

  /** The portal group tag of this gateway; also its target port group. */
  int portalGroupTag();

  /** The logical unit at a LUN (8 bytes as SAM-5 section 4.6 lays it out). */
  Optional<LogicalUnit> unit(long lun);

  /** Every LUN in ascending order, in the 8-byte form that REPORT LUNS gives. */
  List<Long> luns();
}
