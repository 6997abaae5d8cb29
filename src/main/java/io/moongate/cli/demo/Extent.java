package io.moongate.cli.demo;

/**
 * A stretch of a LUN, full of one byte.
 *
 * @param offset bytes
 * @param length bytes
 * @param pattern 1 to 255: never the zeros of a block that was never written
 */
record Extent(long offset, long length, int pattern) {

  Extent {
    if (pattern < 1 || pattern > 255) {
      throw new IllegalArgumentException("pattern " + pattern);
    }
  }
}
