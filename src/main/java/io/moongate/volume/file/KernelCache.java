package io.moongate.volume.file;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;

/**
 * What the kernel has in memory and tells without waiting for a disk: whether a name is there
 * ({@code openat2} with {@code RESOLVE_CACHED}), and data of a file ({@code cachestat}, then {@code
 * preadv2} with {@code RWF_NOWAIT}). So it can be asked on a thread that may not wait; what it does
 * not tell is asked on another.
 *
 * <p>{@code cachestat} comes first because {@code preadv2} alone begins to read what it does not
 * find, and that may wait for a place in the queue of the disk. It is there since Linux 6.5; on an
 * older kernel {@link Residency} tells the same. Without the other calls (Linux 5.12) nothing is
 * ever known.
 */
final class KernelCache {
  /** Bytes of the longest read: a longer one would keep others of its thread waiting. */
  static final int LONGEST = 128 * 1024;

  /**
   * File systems of one host alone, that can read without waiting. Elsewhere another host may have
   * written without this kernel's having heard of it.
   */
  private static final Set<String> OF_ONE_HOST = Set.of("ext2", "ext3", "ext4", "xfs", "btrfs");

  // Numbers of system calls, equal on every architecture.
  private static final long OPENAT2 = 437;
  private static final long CACHESTAT = 451;

  /** {@code AT_FDCWD}: it does not matter, as paths are absolute. */
  private static final long NO_DIRECTORY = -100;

  /** {@code O_PATH | O_CLOEXEC}. */
  private static final long LOCATION = 0x200000 | 0x80000;

  private static final long RESOLVE_CACHED = 0x20;

  /** {@code struct open_how}. */
  private static final int HOW = 24;

  private static final int RESOLVE_AT = 16;

  /** {@code struct cachestat_range}. */
  private static final int RANGE = 16;

  /** {@code struct cachestat}, of which only the number of pages is looked at. */
  private static final int CACHED = 40;

  /** {@code struct iovec}. */
  private static final int VECTOR = 16;

  private static final int NOWAIT = 0x08;

  /** {@code MAP_SHARED}. */
  private static final int SHARED = 0x01;

  private static final boolean AVAILABLE = load();
  private static final boolean CACHE_STATISTICS = AVAILABLE && says(Libc.EBADF, CACHESTAT);
  private static final int PAGE = AVAILABLE ? getpagesize() : 4096;

  private static final ThreadLocal<KernelCache> OF_THREAD =
      ThreadLocal.withInitial(KernelCache::new);

  private final ByteBuffer data = direct(LONGEST);
  private final ByteBuffer vector = direct(VECTOR);
  private final ByteBuffer range = direct(RANGE);
  private final ByteBuffer cached = direct(CACHED);
  private final ByteBuffer how = direct(HOW);
  private final ByteBuffer resident = direct(LONGEST / 4096 + 2);
  private final long dataAt = address(data);
  private final long vectorAt = address(vector);
  private final long rangeAt = address(range);
  private final long cachedAt = address(cached);
  private final long howAt = address(how);
  private final long residentAt = address(resident);

  private KernelCache() {
    how.putLong(0, LOCATION).putLong(RESOLVE_AT, RESOLVE_CACHED);
  }

  private static boolean load() {
    if (!Platform.isLinux() || Native.POINTER_SIZE != 8) {
      return false;
    }
    try {
      Native.register(KernelCache.class, "c");
      // Of a kernel that has them; another, or what a container may call, says so otherwise.
      return says(Libc.EINVAL, OPENAT2);
    } catch (LinkageError e) {
      return false; // An older library: all is left to threads that may wait.
    }
  }

  /** Whether a call without anything is refused for that. */
  private static boolean says(int errno, long number) {
    return syscall(number, -1, 0, 0, 0) == -1 && Native.getLastError() == errno;
  }

  private static native int getpagesize();

  private static native int close(int descriptor);

  private static native long mmap(
      long address, long length, int protection, int flags, int descriptor, long offset);

  private static native int munmap(long address, long length);

  private static native int mincore(long address, long length, long vector);

  /** Pointers are addresses: nothing is copied or looked up for a call. */
  private static native long preadv2(
      int descriptor, long vectors, int count, long offset, int flags);

  private static native long syscall(long number, long first, long second, long third, long fourth);

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private static long address(ByteBuffer direct) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
  }

  /** That of this thread; null when there is no memory for it. */
  private static KernelCache mine() {
    try {
      return OF_THREAD.get();
    } catch (OutOfMemoryError e) {
      return null;
    }
  }

  /**
   * Whether the calls can be made, and their answers be trusted.
   *
   * @param fileSystem what {@link java.nio.file.FileStore#type} says
   */
  static boolean possibleOn(String fileSystem) {
    return AVAILABLE && OF_ONE_HOST.contains(fileSystem);
  }

  /** An absolute path as the kernel takes it, in memory that it can read. */
  static final class Name {
    private final ByteBuffer bytes;
    private final long at;

    /** Of a path that is absolute. */
    Name(Path path) {
      byte[] text =
          path.toString().getBytes(Charset.forName(System.getProperty("sun.jnu.encoding")));
      bytes = ByteBuffer.allocateDirect(text.length + 1).put(Arrays.copyOf(text, text.length + 1));
      at = address(bytes);
    }
  }

  /** Whether something has this name; false also when that is not known. */
  static boolean has(Name name) {
    KernelCache mine = mine();
    if (mine == null) {
      return false;
    }
    long descriptor = syscall(OPENAT2, NO_DIRECTORY, name.at, mine.howAt, HOW);
    if (descriptor < 0) {
      return false;
    }
    close((int) descriptor);
    return true;
  }

  /**
   * Fills the buffer, of at most {@link #LONGEST} bytes, if all of it is in the page cache; else
   * leaves its position as it was.
   *
   * @param residency of the same file
   */
  static boolean read(int descriptor, Residency residency, long offset, ByteBuffer target) {
    KernelCache mine = mine();
    int wanted = target.remaining();
    if (mine == null || !mine.isCached(descriptor, residency, offset, wanted)) {
      return false;
    }
    boolean direct = target.isDirect() && !target.isReadOnly();
    long into = direct ? address(target) + target.position() : mine.dataAt;
    mine.vector.putLong(0, into).putLong(Long.BYTES, wanted);
    if (preadv2(descriptor, mine.vectorAt, 1, offset, NOWAIT) != wanted) {
      return false;
    }
    if (!direct) {
      target.put(target.position(), mine.data, 0, wanted);
    }
    target.position(target.position() + wanted);
    return true;
  }

  private boolean isCached(int descriptor, Residency residency, long offset, int length) {
    if (length == 0) {
      return false;
    }
    int pages = (int) ((offset + length - 1) / PAGE - offset / PAGE + 1);
    if (residency != Residency.NONE) {
      long from = offset - offset % PAGE;
      return isResident(residency.addressOf(from, offset + length), pages);
    }
    range.putLong(0, offset).putLong(Long.BYTES, length);
    return CACHE_STATISTICS
        && syscall(CACHESTAT, descriptor, rangeAt, cachedAt, 0) == 0
        && cached.getLong(0) == pages;
  }

  private boolean isResident(long address, int pages) {
    if (address == 0 || mincore(address, (long) pages * PAGE, residentAt) != 0) {
      return false;
    }
    for (int page = 0; page < pages; page++) {
      if ((resident.get(page) & 1) == 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether files have to be mapped for what is in memory to be known. */
  static boolean needsMappings() {
    return AVAILABLE && !CACHE_STATISTICS;
  }

  /** Maps the beginning of a file, not even to be read; 0 when that can't be done. */
  static long map(int descriptor, long length) {
    long address = mmap(0, length, 0, SHARED, descriptor, 0);
    return address == -1 ? 0 : address;
  }

  /** Takes a mapping away. */
  static void unmap(long address, long length) {
    munmap(address, length);
  }
}
