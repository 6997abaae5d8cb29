package io.moongate.scsi;

/**
 * The 8 bytes of a LUN (SAM-5 section 4.7) and the number that a single level LUN stands for. Both
 * methods of addressing are accepted for numbers below 256: peripheral device addressing on bus 0
 * and flat space addressing. Targets give the former below 256 and the latter above, as hosts
 * expect.
 *
 * <p>There are no well known logical units (extended addressing, as C1 01 for REPORT LUNS): they
 * are optional where LUN 0 answers REPORT LUNS, and here every LUN does, with a unit or without.
 */
public final class LogicalUnitNumber {
  /** The largest number of the flat space (SAM-5 section 4.7.7.4). */
  public static final int MAX = 0x3FFF;

  private static final long LOWER_LEVELS = 0x0000_FFFF_FFFF_FFFFL;
  private static final int PERIPHERAL_DEVICE = 0;
  private static final int FLAT_SPACE = 1;
  private static final int METHOD = 14;
  private static final int MAX_PERIPHERAL = 0xFF;

  private LogicalUnitNumber() {}

  /** The number of a LUN; -1 when it is of another method, of more levels, or on another bus. */
  public static int number(long lun) {
    int first = (int) (lun >>> 48);
    if ((lun & LOWER_LEVELS) != 0) {
      return -1;
    }
    return switch (first >>> METHOD) {
      case PERIPHERAL_DEVICE -> first <= MAX_PERIPHERAL ? first : -1;
      case FLAT_SPACE -> first & MAX;
      default -> -1;
    };
  }

  /**
   * The LUN of a number, as REPORT LUNS gives it.
   *
   * @param number 0 to {@link #MAX}
   */
  public static long lun(int number) {
    if (number < 0 || number > MAX) {
      throw new IllegalArgumentException("a LUN's number is 0 to 16383, not " + number);
    }
    long first = number <= MAX_PERIPHERAL ? number : FLAT_SPACE << METHOD | number;
    return first << 48;
  }
}
