package io.moongate.volume;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Memory off the heap in pieces of a few sizes. What is taken and not put back is the collector's,
 * and counts until it has it, so that there is never more than the limit. Thread-safe.
 */
final class BufferPool {
  private static final Cleaner CLEANER = Cleaner.create();

  /** Bytes of the largest piece. */
  static final int LARGEST = 1 << 20;

  private static final int LEAST_BITS = 15;
  private static final int SIZES = 6;

  private final long limit;
  private final AtomicLong allocated = new AtomicLong();

  /** Of 32 KiB, 64 KiB and so on: the last one that was put back is the first to be taken. */
  private final Deque<ByteBuffer>[] free;

  /**
   * @param limit bytes of all pieces that are there
   */
  @SuppressWarnings("unchecked")
  BufferPool(long limit) {
    this.limit = limit;
    this.free = Stream.generate(ConcurrentLinkedDeque::new).limit(SIZES).toArray(Deque[]::new);
  }

  /** At least so long; null when it is too long, or when there is no room for one more. */
  ByteBuffer take(int bytes) {
    if (bytes > LARGEST) {
      return null;
    }
    int least = size(bytes);
    ByteBuffer piece = free[least].pollFirst();
    if (piece == null) {
      piece = allocate(least);
    }
    for (int size = least + 1; piece == null && size < SIZES; size++) {
      piece = free[size].pollFirst();
    }
    if (piece == null) {
      drop();
    }
    return piece;
  }

  /** Gives back what was taken here. */
  void put(ByteBuffer piece) {
    free[size(piece.capacity())].addFirst(piece);
  }

  /** Bytes of all pieces that are there, taken or not. */
  long allocated() {
    return allocated.get();
  }

  private ByteBuffer allocate(int size) {
    int bytes = 1 << LEAST_BITS + size;
    if (allocated.addAndGet(bytes) > limit) {
      allocated.addAndGet(-bytes);
      return null;
    }
    ByteBuffer piece;
    try {
      piece = ByteBuffer.allocateDirect(bytes);
    } catch (OutOfMemoryError none) {
      allocated.addAndGet(-bytes);
      return null;
    }
    AtomicLong count = allocated;
    CLEANER.register(piece, () -> count.addAndGet(-bytes));
    return piece;
  }

  /** Leaves one that is too short to the collector: longer ones are asked for now. */
  private void drop() {
    for (int size = SIZES - 1; size >= 0; size--) {
      if (free[size].pollLast() != null) {
        return;
      }
    }
  }

  private static int size(int bytes) {
    return Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(bytes - 1) - LEAST_BITS);
  }
}
