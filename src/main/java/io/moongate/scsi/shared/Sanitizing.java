package io.moongate.scsi.shared;

import io.moongate.scsi.Nexus;

/**
 * A sanitize operation (SBC-3 section 4.11) that goes on, or has failed. Kept with the unit, so
 * that it goes on under a new owner, and after a restart.
 *
 * @param method what is done to the blocks
 * @param failed whether it ended with an error; then nothing but SANITIZE helps
 * @param unrestricted AUSE: whether EXIT FAILURE MODE is accepted after a failure
 * @param pattern what a block is overwritten with, in hexadecimal digits; empty when it is not
 * @param passes how often it is overwritten; 1 for the other methods
 * @param inverted whether the pattern is inverted with every pass
 * @param size bytes of the unit when it began
 * @param pass passes that are finished, and on stable storage
 * @param offset bytes of the present pass that are finished, and on stable storage
 * @param by the nexus that asked for it
 */
public record Sanitizing(
    Method method,
    boolean failed,
    boolean unrestricted,
    String pattern,
    int passes,
    boolean inverted,
    long size,
    int pass,
    long offset,
    Nexus by) {

  /** What is done to the blocks. */
  public enum Method {
    /** A pattern is written over them. */
    OVERWRITE,
    /** They are deallocated. */
    BLOCK_ERASE
  }

  /** Whether it goes on: it is there and has not failed. */
  public static boolean running(Sanitizing sanitizing) {
    return sanitizing != null && !sanitizing.failed;
  }

  /** The same, further on. */
  public Sanitizing at(int newPass, long newOffset) {
    return new Sanitizing(
        method, failed, unrestricted, pattern, passes, inverted, size, newPass, newOffset, by);
  }

  /** The same, ended with an error. */
  public Sanitizing asFailed() {
    return new Sanitizing(
        method, true, unrestricted, pattern, passes, inverted, size, pass, offset, by);
  }

  /** How much of it is done, from 0 to 1. */
  public double progress() {
    return (pass + (double) offset / size) / passes;
  }
}
