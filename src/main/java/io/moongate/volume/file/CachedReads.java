package io.moongate.volume.file;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;

/**
 * System calls that never wait: reading what is in the page cache ({@code preadv2} with {@code
 * RWF_NOWAIT}), and asking whether an open file still has a name ({@code statx} of what the kernel
 * knows already). So they can be made on a thread that may not wait, and what they can't tell is
 * asked on another. Each thread has memory of its own for them. Thread-safe.
 */
final class CachedReads {
  /** Bytes of the longest read: a longer one would keep others of its thread waiting. */
  static final int LONGEST = 64 * 1024;

  /**
   * File systems of one host alone, whose kernel is told of every change. Elsewhere a record may be
   * gone without this host's knowing.
   */
  private static final Set<String> OF_ONE_HOST =
      Set.of("ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs");

  /** {@code struct iovec}. */
  private static final int VECTOR = 16;

  /** {@code struct statx}, of which only the number of names is looked at. */
  private static final int STATX = 256;

  private static final int STATX_NLINK_AT = 16;

  private static final ThreadLocal<CachedReads> OF_THREAD =
      ThreadLocal.withInitial(CachedReads::new);

  private final ByteBuffer data = direct(LONGEST);
  private final ByteBuffer vector = direct(VECTOR);
  private final ByteBuffer status = direct(STATX);
  private final ByteBuffer noName = direct(1);
  private final long vectorAt = address(vector);
  private final long statusAt = address(status);
  private final long noNameAt = address(noName);

  private CachedReads() {
    vector.putLong(0, address(data));
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private static long address(ByteBuffer direct) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
  }

  /**
   * Whether the calls can be made, and their answers be trusted.
   *
   * @param fileSystem what {@link java.nio.file.FileStore#type} says
   */
  static boolean possibleOn(String fileSystem) {
    return Libc.AVAILABLE && OF_ONE_HOST.contains(fileSystem);
  }

  /**
   * Fills the buffer, at most {@link #LONGEST} bytes, if all of it is in the page cache; else
   * leaves it as it was.
   *
   * @return 1 when it is full, 0 when some of it is not in the cache, -1 when this file system
   *     can't tell at all
   */
  static int read(int descriptor, long offset, ByteBuffer target) {
    CachedReads mine = OF_THREAD.get();
    int wanted = target.remaining();
    mine.vector.putLong(Long.BYTES, wanted);
    long read = Libc.preadv2(descriptor, mine.vectorAt, 1, offset, Libc.NOWAIT);
    if (read == wanted) {
      target.put(target.position(), mine.data, 0, wanted);
      target.position(target.position() + wanted);
      return 1;
    }
    return read < 0 && cannotTell(Native.getLastError()) ? -1 : 0;
  }

  private static boolean cannotTell(int errno) {
    return errno == Libc.EOPNOTSUPP || errno == Libc.ENOSYS || errno == Libc.EINVAL;
  }

  /** Whether the open file still has a name; false also when that can't be known. */
  static boolean hasName(int descriptor) {
    CachedReads mine = OF_THREAD.get();
    int failed =
        Libc.statx(
            descriptor,
            mine.noNameAt,
            Libc.EMPTY_PATH | Libc.DONT_SYNC,
            Libc.STATX_NLINK,
            mine.statusAt);
    return failed == 0
        && (mine.status.getInt(0) & Libc.STATX_NLINK) != 0
        && mine.status.getInt(STATX_NLINK_AT) > 0;
  }
}
