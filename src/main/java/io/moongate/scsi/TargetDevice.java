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

  /** Whether it has opted in to explicit ALUA; a change of that changes {@link #generation} too. */
  default boolean explicitAlua() {
    return false;
  }

  /**
   * A number that changes whenever a unit is mapped or unmapped, or might have been: one that is
   * the same as before says that {@link #unit} and {@link #luns} answer as before. Costs no more
   * than a volatile read.
   */
  long generation();

  /**
   * A number that stands for which units are mapped where, with odds of 1 to 2^64 that two of them
   * have the same one. Takes time in proportion to the LUNs.
   */
  long inventory();

  /** Every LUN in ascending order, in the 8-byte form that REPORT LUNS gives. */
  List<Long> luns();
}
