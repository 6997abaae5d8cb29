package io.moongate.volume;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Memory off the heap in pieces of a few sizes, of each up to a bound of its own, so that none is
 * used up by another. What is taken and not put back is the collector's, and counts until it has
 * it. Thread-safe.
 */
final class BufferPool {
  private static final Cleaner CLEANER = Cleaner.create();

  /** Bytes of the largest piece. */
  static final int LARGEST = 1 << 20;

  private static final int LEAST_BITS = 15;

  /** How many sizes there are: 32 KiB, 64 KiB and so on. */
  static final int SIZES = 6;

  private final Shelf[] shelves;

  /** The pieces of one size. */
  private static final class Shelf {
    private final int bytes;
    private final AtomicLong allocated = new AtomicLong();
    private volatile long limit;

    /** The last one that was put back is the first to be taken. */
    private final Deque<ByteBuffer> free = new ConcurrentLinkedDeque<>();

    Shelf(int bytes, long limit) {
      this.bytes = bytes;
      this.limit = limit;
    }

    ByteBuffer allocate() {
      if (allocated.addAndGet(bytes) > limit) {
        allocated.addAndGet(-bytes);
        return null;
      }
      AtomicLong count = allocated;
      int size = bytes;
      try {
        ByteBuffer piece = ByteBuffer.allocateDirect(bytes);
        CLEANER.register(piece, () -> count.addAndGet(-size));
        return piece;
      } catch (OutOfMemoryError none) {
        // To find that out takes long: it is not tried again.
        limit = allocated.addAndGet(-bytes);
        return null;
      }
    }
  }

  /**
   * A pool without pieces.
   *
   * @param limit bytes of all pieces of one size that are there
   */
  BufferPool(long limit) {
    this.shelves =
        IntStream.range(0, SIZES)
            .mapToObj(size -> new Shelf(1 << LEAST_BITS + size, limit))
            .toArray(Shelf[]::new);
  }

  /** At least so long; null when it is too long, or when there is no room for one more. */
  ByteBuffer take(int bytes) {
    if (bytes > LARGEST) {
      return null;
    }
    int least = size(bytes);
    ByteBuffer piece = shelves[least].free.pollFirst();
    if (piece == null) {
      piece = shelves[least].allocate();
    }
    for (int size = least + 1; piece == null && size < SIZES; size++) {
      piece = shelves[size].free.pollFirst();
    }
    return piece;
  }

  /** Gives back what was taken here. */
  void put(ByteBuffer piece) {
    shelves[size(piece.capacity())].free.addFirst(piece);
  }

  /** Bytes of all pieces that are there, taken or not. */
  long allocated() {
    long all = 0;
    for (Shelf shelf : shelves) {
      all += shelf.allocated.get();
    }
    return all;
  }

  private static int size(int bytes) {
    return Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(bytes - 1) - LEAST_BITS);
  }
}
