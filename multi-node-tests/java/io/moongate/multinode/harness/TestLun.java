package io.moongate.multinode.harness;

import io.moongate.management.api.LogicalUnit;

/**
 * A logical unit that a test made.
 *
 * @param target iSCSI name of its target
 * @param number its LUN there, below 256
 * @param id its UUID
 * @param size bytes
 */
public record TestLun(String target, int number, String id, long size) {

  static TestLun of(LogicalUnit unit) {
    return new TestLun(unit.target(), unit.lun(), unit.id(), unit.size());
  }

  /** The LUN field of a command, in peripheral device addressing (SAM-5 section 4.7.7). */
  public long field() {
    return (long) number << 48;
  }
}
