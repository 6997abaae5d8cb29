package io.moongate.volume;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Memory for the blocks of one read. What is long is off the heap, where stores and sockets have it
 * without a copy, and is lent: given back, it is the next one's.
 *
 * <p>Only what nobody has any more may be given back: after an operation that was given up, or when
 * in doubt, it is not, and the collector takes it. At first it holds whatever somebody else has
 * left in it.
 */
public final class LentBuffer {
  /** The shortest that is lent, in bytes: less is copied sooner than it is gathered. */
  public static final int SHORTEST = 32 * 1024;

  /** The longest that is lent, in bytes. */
  public static final int LONGEST = BufferPool.LARGEST;

  /** Bytes of one size, at most. */
  private static final long MOST = 32L << 20;

  private static final BufferPool POOL =
      new BufferPool(Math.min(MOST, maxDirectMemory() / 8 / BufferPool.SIZES));

  private final ByteBuffer bytes;
  private final BufferPool pool;
  private final AtomicReference<ByteBuffer> lent;

  private LentBuffer(ByteBuffer bytes, BufferPool pool, ByteBuffer lent) {
    this.bytes = bytes;
    this.pool = pool;
    this.lent = new AtomicReference<>(lent);
  }

  /** What Java allows: were that met, whoever asks would be kept waiting for the collector. */
  private static long maxDirectMemory() {
    long most = Runtime.getRuntime().maxMemory();
    HotSpotDiagnosticMXBean machine =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (machine != null) {
      long set = Long.parseLong(machine.getVMOption("MaxDirectMemorySize").getValue());
      most = set > 0 ? Math.min(most, set) : most;
    }
    return most;
  }

  /** Of so many bytes; of the heap when it is short, or when as much as may be is lent already. */
  public static LentBuffer of(int bytes) {
    return of(bytes, POOL);
  }

  static LentBuffer of(int bytes, BufferPool pool) {
    ByteBuffer whole = bytes < SHORTEST ? null : pool.take(bytes);
    return whole == null
        ? new LentBuffer(ByteBuffer.allocate(bytes), pool, null)
        : new LentBuffer(whole.slice(0, bytes), pool, whole);
  }

  /** From position 0 to its limit. */
  public ByteBuffer bytes() {
    return bytes;
  }

  /** It may be the next one's from now on. What is done once more does nothing. */
  public void giveBack() {
    ByteBuffer whole = lent.getAndSet(null);
    if (whole != null) {
      pool.put(whole);
    }
  }
}
