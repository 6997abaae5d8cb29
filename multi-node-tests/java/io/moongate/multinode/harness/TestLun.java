package io.moongate.multinode.harness;

import io.moongate.management.api.LogicalUnit;

/**
 * A logical unit that a test made.
 *
 * @param target iSCSI name of its target
 * @param number its LUN there, 0 to 16383
 * @param id its UUID
 * @param size bytes
 */
public record TestLun(String target, int number, String id, long size) {

  static TestLun of(LogicalUnit unit) {
    return new TestLun(unit.target(), unit.lun(), unit.id(), unit.size());
  }

  /** The LUN field of a command. */
  public long field() {
    return (long) address(number) << 48;
  }

  /**
   * The first two bytes of a LUN (SAM-5 section 4.7.7): peripheral device addressing below 256,
   * flat space addressing from there on.
   */
  public static int address(int number) {
    return number < 256 ? number : 0x4000 | number;
  }
}
