package io.moongate.wire;

/** Serial number arithmetic on 32 bits (RFC 1982), as RFC 7143 section 4.2.2.1 asks for. */
public final class SerialNumber {
  private SerialNumber() {}

  /** Whether {@code a} comes before {@code b}. */
  public static boolean lessThan(int a, int b) {
    return a - b < 0;
  }

  /** Whether {@code a} comes before {@code b} or equals it. */
  public static boolean lessOrEqual(int a, int b) {
    return a - b <= 0;
  }
}
