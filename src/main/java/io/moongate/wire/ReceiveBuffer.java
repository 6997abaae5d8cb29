package io.moongate.wire;

import java.util.ArrayDeque;
import java.util.Arrays;
import org.apache.pekko.util.ByteString;

/**
 * Bytes that were received and belong to no PDU yet: a queue of the arrays in which they came. What
 * TCP delivers is compact, so its array is adopted and sliced, not copied.
 *
 * <p>A peer that sends few bytes at a time must not cost an object and an array for each: small
 * chunks behind others are gathered in one array.
 */
final class ReceiveBuffer {
  /** Chunks shorter than this, in bytes, are gathered when others wait before them. */
  private static final int SMALL_CHUNK = 1024;

  /** Length in bytes of an array that gathers small chunks. */
  private static final int GATHERING_LENGTH = 4096;

  /** What is left of a chunk is copied out of it when it is less than this part of the chunk. */
  private static final int LITTLE = 8;

  /** A data segment in more pieces than this is copied into one array: long ropes are slow. */
  private static final int MAX_PIECES = 16;

  private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
  private int length;

  /** Bytes from {@code start} to {@code end}; one that gathers grows towards the array's end. */
  private static final class Chunk {
    final byte[] bytes;
    final boolean gathering;
    int start;
    int end;

    Chunk(byte[] bytes, int end, boolean gathering) {
      this.bytes = bytes;
      this.end = end;
      this.gathering = gathering;
    }

    int length() {
      return end - start;
    }
  }

  int length() {
    return length;
  }

  void append(ByteString received) {
    byte[] bytes = received.toArrayUnsafe();
    if (bytes.length == 0) {
      return;
    }
    length = Math.addExact(length, bytes.length);
    if (bytes.length >= SMALL_CHUNK || chunks.isEmpty()) {
      chunks.addLast(new Chunk(bytes, bytes.length, false));
    } else {
      gather(bytes);
    }
  }

  private void gather(byte[] bytes) {
    Chunk last = chunks.getLast();
    if (!last.gathering || last.bytes.length - last.end < bytes.length) {
      last = new Chunk(new byte[GATHERING_LENGTH], 0, true);
      chunks.addLast(last);
    }
    // Slices of this array that were handed out end before last.end: they never see a change.
    System.arraycopy(bytes, 0, last.bytes, last.end, bytes.length);
    last.end += bytes.length;
  }

  /** Whether the first {@code count} bytes are in one array. */
  boolean contiguous(int count) {
    Chunk first = chunks.peekFirst();
    return first != null && first.length() >= count;
  }

  /** The array of the first byte. */
  byte[] firstArray() {
    return chunks.getFirst().bytes;
  }

  /** Where the first byte is in {@link #firstArray}. */
  int firstOffset() {
    return chunks.getFirst().start;
  }

  /** Copies the first {@code count} bytes to the start of an array and keeps them. */
  void peek(byte[] destination, int count) {
    int copied = 0;
    for (Chunk chunk : chunks) {
      int step = Math.min(chunk.length(), count - copied);
      System.arraycopy(chunk.bytes, chunk.start, destination, copied, step);
      copied += step;
      if (copied == count) {
        return;
      }
    }
    throw new IllegalArgumentException(count + " bytes of " + length);
  }

  /** Adds the first {@code count} bytes to a digest and keeps them. */
  void digest(Crc32c crc, int count) {
    int left = count;
    for (Chunk chunk : chunks) {
      int step = Math.min(chunk.length(), left);
      crc.update(chunk.bytes, chunk.start, step);
      left -= step;
      if (left == 0) {
        return;
      }
    }
  }

  /** Drops the first {@code count} bytes. */
  void skip(int count) {
    int left = count;
    while (left > 0) {
      left -= advance(left);
    }
  }

  /** Moves the start by up to {@code count} bytes within the first chunk; returns how many. */
  private int advance(int count) {
    Chunk first = chunks.getFirst();
    int step = Math.min(first.length(), count);
    first.start += step;
    length -= step;
    if (first.start == first.end) {
      chunks.removeFirst();
    }
    return step;
  }

  /** Removes the first 4 bytes as a number. */
  int takeInt() {
    int value;
    if (contiguous(Integer.BYTES)) {
      value = NetworkOrder.int32(firstArray(), firstOffset());
    } else {
      byte[] bytes = new byte[Integer.BYTES];
      peek(bytes, Integer.BYTES);
      value = NetworkOrder.int32(bytes, 0);
    }
    skip(Integer.BYTES);
    return value;
  }

  /** Removes the first {@code count} bytes, sharing the arrays in which they were received. */
  ByteString take(int count) {
    if (count == 0) {
      return ByteString.emptyByteString();
    }
    if (contiguous(count)) {
      ByteString slice = ByteString.fromArrayUnsafe(firstArray(), firstOffset(), count);
      skip(count);
      return slice;
    }
    if (pieces(count) > MAX_PIECES) {
      byte[] copy = new byte[count];
      peek(copy, count);
      skip(count);
      return ByteString.fromArrayUnsafe(copy);
    }
    ByteString rope = ByteString.emptyByteString();
    int left = count;
    while (left > 0) {
      byte[] array = firstArray();
      int offset = firstOffset();
      int step = advance(left);
      rope = rope.concat(ByteString.fromArrayUnsafe(array, offset, step));
      left -= step;
    }
    return rope;
  }

  /**
   * To be called when nothing more can be taken for now: a few bytes, for which more may be long in
   * coming, must not keep all alive that came with them.
   *
   * @return whether the bytes are in another array now
   */
  boolean settle() {
    Chunk first = chunks.peekFirst();
    if (chunks.size() == 1 && first.length() < first.bytes.length / LITTLE) {
      byte[] rest = Arrays.copyOfRange(first.bytes, first.start, first.end);
      chunks.clear();
      chunks.addLast(new Chunk(rest, rest.length, false));
      return true;
    }
    return false;
  }

  private int pieces(int count) {
    int pieces = 0;
    int left = count;
    for (Chunk chunk : chunks) {
      pieces++;
      left -= chunk.length();
      if (left <= 0) {
        break;
      }
    }
    return pieces;
  }

  void clear() {
    chunks.clear();
    length = 0;
  }
}
