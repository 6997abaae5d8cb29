package io.moongate.fuzz;

import java.util.Arrays;
import java.util.List;

/**
 * A fuzzer's bytes, read as the decisions of a test: numbers, choices, data. Never runs out: what
 * is not there is zero, so that any input is a whole test and a short one is a simple one.
 */
public final class Script {
  private final byte[] input;
  private int at;

  public Script(byte[] input) {
    this.input = input;
  }

  /** Whether any decision is left. */
  public boolean hasMore() {
    return at < input.length;
  }

  /** 0 to 255. */
  public int u8() {
    return at < input.length ? input[at++] & 0xFF : 0;
  }

  /** 0 to 65,535. */
  public int u16() {
    return u8() << 8 | u8();
  }

  /** Any 32 bits. */
  public int i32() {
    return u16() << 16 | u16();
  }

  /** Any 64 bits. */
  public long i64() {
    return (long) i32() << 32 | i32() & 0xFFFF_FFFFL;
  }

  /** One bit, of a byte. */
  public boolean flag() {
    return (u8() & 1) != 0;
  }

  /** 0 to {@code bound} - 1; {@code bound} at most 256. */
  public int below(int bound) {
    return u8() % bound;
  }

  /** One of these. */
  public <T> T pick(List<T> choices) {
    return choices.get(below(choices.size()));
  }

  /** So many bytes as they stand; fewer when the input ends. */
  public byte[] take(int length) {
    int end = Math.min(input.length, at + length);
    byte[] bytes = Arrays.copyOfRange(input, at, end);
    at = end;
    return bytes;
  }

  /** Exactly so many bytes, zeros where the input ends. */
  public byte[] padded(int length) {
    return Arrays.copyOf(take(length), length);
  }

  /** All that is left. */
  public byte[] rest() {
    return take(input.length - at);
  }
}
