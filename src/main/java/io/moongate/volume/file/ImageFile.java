package io.moongate.volume.file;

import com.sun.jna.Native;
import io.moongate.volume.Volume.Extent;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A sparse file and blocking positional I/O on it. Offsets and lengths are bytes. Thread-safe.
 *
 * <p>Must not be used by a thread that gets interrupted: that would close the channel under
 * everybody else.
 */
final class ImageFile implements Closeable {
  /**
   * The JDK copies a heap buffer through a direct one that it keeps per thread and sizes by the
   * transfer, so transfers are cut to this.
   */
  private static final int TRANSFER = 1 << 20;

  /** How many extents {@link #extents} tells apart before it calls the rest mapped. */
  static final int MAX_EXTENTS = 65_536;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(TRANSFER).asReadOnlyBuffer();

  private final FileChannel channel;
  private final int descriptor;
  private final Residency residency;
  private volatile boolean noPunchHole;
  private volatile boolean noZeroRange;

  /**
   * On an open file.
   *
   * @param descriptor the same file for {@link Libc}; -1 to do without it
   */
  ImageFile(FileChannel channel, int descriptor) {
    this(channel, descriptor, Residency.NONE);
  }

  private ImageFile(FileChannel channel, int descriptor, Residency residency) {
    this.channel = channel;
    this.descriptor = descriptor;
    this.residency = residency;
    this.noPunchHole = descriptor < 0;
    this.noZeroRange = descriptor < 0;
  }

  /** Opens an existing file for reading and writing. */
  static ImageFile open(Path path) throws IOException {
    return open(path, KernelCache.needsMappings());
  }

  /**
   * The same.
   *
   * @param mapped whether what is in memory is to be known by a mapping
   */
  static ImageFile open(Path path, boolean mapped) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    // The JDK keeps its descriptor to itself, so the C library's calls get one of their own.
    int descriptor = Libc.AVAILABLE ? Libc.open(path.toString(), Libc.READ_WRITE) : -1;
    return new ImageFile(channel, descriptor, mapped ? new Residency(descriptor) : Residency.NONE);
  }

  long size() throws IOException {
    return channel.size();
  }

  /** From now on so much of it may be asked for by {@link #readCached}. */
  void cover(long size) {
    residency.cover(size);
  }

  /**
   * Makes the file at least so long, durably, and never shorter, whoever else does the same at the
   * same time: allocating its last byte does that in one step, and leaves data that is there alone.
   * Setting the length would not: by the time it happens the file may have grown further.
   */
  void extend(long size) throws IOException {
    if (channel.size() < size) {
      if (descriptor < 0 || !fallocate(Libc.ALLOCATE, size - 1, 1)) {
        throw new VolumeException(
            Reason.UNSUPPORTED, "the file system can't allocate: a volume on it can't grow");
      }
      if (channel.size() < size) {
        throw new VolumeException(
            Reason.UNSUPPORTED, "the file system does not make a file longer by allocating");
      }
    }
    channel.force(true);
  }

  /**
   * Has space for the range, durably, and makes the file longer when it ends beyond it; what is
   * there already stays as it is.
   *
   * @throws VolumeException with FULL when the file system has no space left, with UNSUPPORTED when
   *     it can't keep any ready
   */
  void provide(long offset, long length) throws IOException {
    if (descriptor < 0 || !fallocate(Libc.ALLOCATE, offset, length)) {
      throw new VolumeException(
          Reason.UNSUPPORTED,
          "the file system can't allocate in advance: no fully provisioned volume on it");
    }
    channel.force(true);
  }

  /** Fills the buffer. A file that ends early has been damaged: that is an error, not zeros. */
  void read(long offset, ByteBuffer target) throws IOException {
    long at = offset;
    int limit = target.limit();
    while (target.position() < limit) {
      cut(target, limit);
      int read = channel.read(target, at);
      target.limit(limit);
      if (read < 0) {
        throw new VolumeException(Reason.IO, "the image ends at " + at);
      }
      at += read;
    }
  }

  /**
   * Fills the buffer without waiting, if the page cache has all of it; else leaves its position as
   * it was.
   */
  boolean readCached(long offset, ByteBuffer target) {
    return descriptor >= 0
        && target.remaining() <= KernelCache.LONGEST
        && KernelCache.read(descriptor, residency, offset, target);
  }

  /** Writes all of the buffer; fails with FULL when the file system has no space left. */
  void write(long offset, ByteBuffer source) throws IOException {
    long at = offset;
    int limit = source.limit();
    while (source.position() < limit) {
      int begin = source.position();
      cut(source, limit);
      try {
        at += channel.write(source, at);
      } catch (IOException e) {
        source.position(begin);
        at += writeAgain(at, source, e);
      } finally {
        source.limit(limit);
      }
    }
  }

  /**
   * The JDK tells an errno only in the words of a message. Writing the same bytes once more through
   * the C library tells it as a number; should they go through this time, so much the better.
   */
  private int writeAgain(long offset, ByteBuffer source, IOException first) throws IOException {
    if (descriptor < 0 || !channel.isOpen()) {
      throw first;
    }
    byte[] bytes = new byte[Math.min(source.remaining(), TRANSFER)];
    source.duplicate().get(bytes);
    long written = Libc.pwrite(descriptor, bytes, bytes.length, offset);
    if (written > 0) {
      source.position(source.position() + (int) written);
      return (int) written;
    }
    throw failure("write", Native.getLastError(), first);
  }

  private static void cut(ByteBuffer buffer, int limit) {
    if (!buffer.isDirect() && limit - buffer.position() > TRANSFER) {
      buffer.limit(buffer.position() + TRANSFER);
    }
  }

  /** Has space ready for the range, where the file system can; fails with FULL when it has none. */
  void allocate(long offset, long length) {
    if (descriptor >= 0 && length > 0) {
      var unused = fallocate(Libc.KEEP_SIZE, offset, length);
    }
  }

  /** Deallocates the range, or writes zeros where the file system can't. It reads as zeros. */
  void deallocate(long offset, long length) throws IOException {
    if (length == 0) {
      return;
    }
    if (!noPunchHole) {
      if (fallocate(Libc.PUNCH_HOLE | Libc.KEEP_SIZE, offset, length)) {
        return;
      }
      noPunchHole = true;
    }
    fill(offset, length, ZEROS.duplicate());
  }

  /** Makes the range read as zeros, without giving its space back where there is the choice. */
  void zero(long offset, long length) throws IOException {
    if (length == 0) {
      return;
    }
    if (!noZeroRange) {
      if (fallocate(Libc.ZERO_RANGE | Libc.KEEP_SIZE, offset, length)) {
        return;
      }
      noZeroRange = true;
    }
    fill(offset, length, ZEROS.duplicate());
  }

  /** Repeats a block over the range. */
  void repeat(long offset, long length, ByteBuffer block) throws IOException {
    int size = block.remaining();
    ByteBuffer many =
        ByteBuffer.allocateDirect((int) Math.min(length, (long) TRANSFER / size * size));
    while (many.hasRemaining()) {
      many.put(block.duplicate());
    }
    fill(offset, length, many.flip());
  }

  private void fill(long offset, long length, ByteBuffer content) throws IOException {
    long at = offset;
    long end = offset + length;
    int full = content.limit();
    while (at < end) {
      content.position(0).limit((int) Math.min(full, end - at));
      int size = content.limit();
      write(at, content);
      at += size;
    }
  }

  /** False when the file system doesn't know the mode. */
  private boolean fallocate(int mode, long offset, long length) {
    while (Libc.fallocate(descriptor, mode, offset, length) != 0) {
      int errno = Native.getLastError();
      if (errno == Libc.EOPNOTSUPP || errno == Libc.ENOSYS || errno == Libc.EINVAL) {
        return false;
      }
      if (errno == Libc.EFBIG) {
        throw new VolumeException(
            Reason.UNSUPPORTED,
            "the file system can't hold a file of %d bytes".formatted(offset + length));
      }
      if (errno != Libc.EINTR) {
        throw failure("fallocate", errno, null);
      }
    }
    return true;
  }

  /** {@code fdatasync}. When it fails, what it should have saved may be lost for good. */
  void force() throws IOException {
    channel.force(false);
  }

  /**
   * Data and holes of the range in order, each a multiple of {@code block}; a block that is partly
   * data is mapped. All mapped where the file system can't tell, and beyond {@link #MAX_EXTENTS}.
   */
  List<Extent> extents(long offset, long length, int block) {
    List<Extent> extents = new ArrayList<>();
    long end = offset + length;
    long at = offset;
    while (at < end) {
      boolean untold = descriptor < 0 || extents.size() >= MAX_EXTENTS;
      long data = untold ? at : seek(at, Libc.SEEK_DATA);
      if (data >= end) {
        add(extents, at, end, false);
        break;
      }
      long hole = untold ? end : seek(data, Libc.SEEK_HOLE);
      long mapped = Math.max(at, data - data % block);
      long unmapped = hole >= end ? end : (hole + block - 1) / block * block;
      // Data that was punched between the two calls must not bring this to a halt.
      unmapped = Math.min(end, Math.max(unmapped, mapped + block));
      add(extents, at, mapped, false);
      add(extents, mapped, unmapped, true);
      at = unmapped;
    }
    return extents;
  }

  /** Where data or a hole is next; the position itself when the file system can't tell. */
  private long seek(long from, int whence) {
    long found = Libc.lseek(descriptor, from, whence);
    if (found >= 0) {
      return found;
    }
    int errno = Native.getLastError();
    if (errno == Libc.ENXIO) {
      return Long.MAX_VALUE;
    }
    if (errno == Libc.EINVAL || errno == Libc.EOPNOTSUPP) {
      return whence == Libc.SEEK_DATA ? from : Long.MAX_VALUE;
    }
    throw failure("lseek", errno, null);
  }

  private static void add(List<Extent> extents, long from, long to, boolean mapped) {
    if (from >= to) {
      return;
    }
    int last = extents.size() - 1;
    if (last >= 0 && extents.get(last).mapped() == mapped) {
      Extent before = extents.get(last);
      extents.set(last, new Extent(before.offset(), to - before.offset(), mapped));
    } else {
      extents.add(new Extent(from, to - from, mapped));
    }
  }

  private static VolumeException failure(String call, int errno, IOException cause) {
    Reason reason = errno == Libc.ENOSPC || errno == Libc.EDQUOT ? Reason.FULL : Reason.IO;
    return new VolumeException(reason, "%s failed with errno %d".formatted(call, errno), cause);
  }

  @Override
  public void close() throws IOException {
    residency.close();
    if (descriptor >= 0) {
      Libc.close(descriptor);
    }
    channel.close();
  }
}
