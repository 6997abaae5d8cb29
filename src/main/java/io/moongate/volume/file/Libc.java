package io.moongate.volume.file;

import com.sun.jna.Native;
import com.sun.jna.Platform;

/**
 * The calls of the C library for which the JDK has no API: deallocating a range, finding holes, and
 * learning why a write failed. Return values and {@code errno} are those of the manual pages;
 * {@code errno} of a call that returned -1 is {@link Native#getLastError} on the same thread.
 */
final class Libc {
  /** {@code O_RDWR | O_CLOEXEC}, equal on every 64-bit Linux that a JDK runs on. */
  static final int READ_WRITE = 2 | 0x80000;

  /** No mode: allocates, and makes the file longer when the range ends beyond it. */
  static final int ALLOCATE = 0x00;

  static final int KEEP_SIZE = 0x01;
  static final int PUNCH_HOLE = 0x02;
  static final int ZERO_RANGE = 0x10;

  static final int SEEK_DATA = 3;
  static final int SEEK_HOLE = 4;

  static final int EINTR = 4;
  static final int ENXIO = 6;
  static final int EBADF = 9;
  static final int EINVAL = 22;
  static final int EFBIG = 27;
  static final int ENOSPC = 28;
  static final int ENOSYS = 38;
  static final int EOPNOTSUPP = 95;
  static final int EDQUOT = 122;

  /** Whether these calls can be made here: 64-bit Linux, and the library loads. */
  static final boolean AVAILABLE = load();

  private Libc() {}

  private static boolean load() {
    if (!Platform.isLinux() || Native.POINTER_SIZE != 8) {
      return false;
    }
    try {
      Native.register(Libc.class, "c");
      return true;
    } catch (LinkageError e) {
      // Without it volumes work all the same, but never give space back.
      return false;
    }
  }

  static native int open(String path, int flags);

  static native int close(int descriptor);

  static native int fallocate(int descriptor, int mode, long offset, long length);

  static native long lseek(int descriptor, long offset, int whence);

  static native long pwrite(int descriptor, byte[] bytes, long length, long offset);
}
