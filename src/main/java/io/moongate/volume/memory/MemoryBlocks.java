package io.moongate.volume.memory;

import io.moongate.volume.Volume.Extent;
import io.moongate.volume.Volume.Space;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.LongStream;

/**
 * A sparse table of pages, shared by all who have the volume open. Thread-safe: what concerns one
 * page is atomic, because {@link ConcurrentHashMap} computes one value of a key at a time.
 */
final class MemoryBlocks {
  /** Bytes of a page; also what deallocation is effective in. */
  static final int PAGE = 64 * 1024;

  private static final ByteBuffer ZEROS = ByteBuffer.allocate(PAGE).asReadOnlyBuffer();

  private volatile VolumeGeometry geometry;
  private final AtomicLong available;
  private final ConcurrentHashMap<Long, byte[]> pages = new ConcurrentHashMap<>();
  private final AtomicInteger handles = new AtomicInteger();

  /** Shared by operations, exclusive for a change of epoch. */
  private final ReentrantReadWriteLock epochLock = new ReentrantReadWriteLock();

  private long epoch;

  /** Those of a new volume; fails with FULL when it is fully provisioned and there is no room. */
  static MemoryBlocks of(VolumeGeometry geometry, AtomicLong available) {
    MemoryBlocks blocks = new MemoryBlocks(geometry, available);
    if (!geometry.unmap()) {
      blocks.provide(0, geometry.size());
    }
    return blocks;
  }

  private MemoryBlocks(VolumeGeometry geometry, AtomicLong available) {
    this.geometry = geometry;
    this.available = available;
  }

  VolumeGeometry geometry() {
    return geometry;
  }

  /** Makes it at least so large. */
  synchronized void grow(long size) {
    try {
      VolumeGeometry grown = geometry.grownTo(size);
      if (!grown.unmap() && grown.size() > geometry.size()) {
        provide(geometry.size(), grown.size());
      }
      geometry = grown;
    } catch (IllegalArgumentException e) {
      throw new VolumeException(Reason.RANGE, e.getMessage(), e);
    }
  }

  /** Has a page for all from one byte to another, or for none of it that had none. */
  private void provide(long from, long to) {
    long length = to - from;
    long pagesNeeded = length / PAGE + 1;
    if (pagesNeeded > Math.max(0, available.get()) / PAGE + 1) {
      throw full(); // before so much is tried
    }
    try {
      allocate(from, length);
    } catch (VolumeException | OutOfMemoryError noRoom) {
      // The first page may have been there before; the others hold nothing of anybody.
      long firstNew = (from + PAGE - 1) / PAGE;
      for (long page = firstNew; page <= (to - 1) / PAGE; page++) {
        remove(page);
      }
      throw noRoom instanceof VolumeException known ? known : full();
    }
  }

  void opened() {
    handles.incrementAndGet();
  }

  void closed() {
    handles.decrementAndGet();
  }

  boolean isOpen() {
    return handles.get() > 0;
  }

  ReentrantReadWriteLock epochLock() {
    return epochLock;
  }

  /** The highest epoch seen. To be read and changed with {@link #epochLock} held. */
  long epoch() {
    return epoch;
  }

  void epoch(long newer) {
    epoch = newer;
  }

  void read(long offset, ByteBuffer target) {
    each(
        offset,
        target.remaining(),
        (page, from, length) -> {
          boolean[] mapped = new boolean[1];
          pages.computeIfPresent(
              page,
              (same, bytes) -> {
                target.put(bytes, from, length);
                mapped[0] = true;
                return bytes;
              });
          if (!mapped[0]) {
            target.put(ZEROS.slice(0, length));
          }
        });
  }

  void write(long offset, ByteBuffer source) {
    each(
        offset,
        source.remaining(),
        (page, from, length) ->
            pages.compute(
                page,
                (same, bytes) -> {
                  byte[] target = bytes == null ? newPage() : bytes;
                  source.get(target, from, length);
                  return target;
                }));
  }

  /** Has a page for all of the range; nothing that is read changes. */
  void allocate(long offset, long length) {
    each(offset, length, (page, from, part) -> pages.computeIfAbsent(page, same -> newPage()));
  }

  Space space() {
    return new Space(
        OptionalLong.of((long) pages.size() * PAGE), OptionalLong.of(Math.max(0, available.get())));
  }

  void repeat(long offset, long length, ByteBuffer block) {
    byte[] bytes = new byte[block.remaining()];
    block.get(bytes);
    for (long done = 0; done < length; done += bytes.length) {
      write(offset + done, ByteBuffer.wrap(bytes));
    }
  }

  /** Makes the range read as zeros, and gives its pages back where the volume is thin. */
  void unmap(long offset, long length) {
    if (geometry.unmap()) {
      deallocate(offset, length);
    } else {
      zero(offset, length);
    }
  }

  /** Makes the range read as zeros, and gives its pages back. */
  void deallocate(long offset, long length) {
    // Written so that no sum can overflow, at the end of 8 EiB.
    long first = offset / PAGE + (offset % PAGE == 0 ? 0 : 1);
    long end = (offset + length) / PAGE;
    if (end - first > pages.size()) {
      // Fewer pages than the range has places for them: don't walk over the holes.
      for (Long page : pages.keySet()) {
        if (page >= first && page < end) {
          remove(page);
        }
      }
    } else {
      for (long page = first; page < end; page++) {
        remove(page);
      }
    }
    // The parts of pages at both ends, or the part of one when the range is within it.
    long head = Math.min(length, (PAGE - offset % PAGE) % PAGE);
    zero(offset, head);
    long tail = Math.max(offset + head, end * PAGE);
    zero(tail, offset + length - tail);
  }

  private void zero(long offset, long length) {
    each(
        offset,
        length,
        (page, from, part) ->
            pages.computeIfPresent(
                page,
                (same, bytes) -> {
                  Arrays.fill(bytes, from, from + part, (byte) 0);
                  return bytes;
                }));
  }

  private void remove(long page) {
    if (pages.remove(page) != null) {
      available.addAndGet(PAGE);
    }
  }

  private byte[] newPage() {
    if (available.addAndGet(-PAGE) < 0) {
      available.addAndGet(PAGE);
      throw full();
    }
    try {
      return new byte[PAGE];
    } catch (OutOfMemoryError noRoom) {
      available.addAndGet(PAGE);
      throw noRoom;
    }
  }

  private static VolumeException full() {
    return new VolumeException(Reason.FULL, "the memory store's capacity is used up");
  }

  List<Extent> status(long offset, long length) {
    List<Extent> extents = new ArrayList<>();
    long end = offset + length;
    long at = offset;
    for (long page : mapped(offset, length)) {
      long from = Math.max(at, page * PAGE);
      long to = Math.min(end, page == (Long.MAX_VALUE / PAGE) ? end : (page + 1) * PAGE);
      add(extents, at, from, false);
      add(extents, from, to, true);
      at = to;
    }
    add(extents, at, end, false);
    return extents;
  }

  /** The pages of a range that are mapped, in order; the holes between them are not walked over. */
  private long[] mapped(long offset, long length) {
    long first = offset / PAGE;
    long last = (offset + length - 1) / PAGE;
    return last - first < pages.size()
        ? LongStream.rangeClosed(first, last).filter(pages::containsKey).toArray()
        : pages.keySet().stream()
            .mapToLong(Long::longValue)
            .filter(page -> page >= first && page <= last)
            .sorted()
            .toArray();
  }

  private static void add(List<Extent> extents, long from, long to, boolean mapped) {
    int last = extents.size() - 1;
    if (from == to) {
      return;
    }
    if (last >= 0 && extents.get(last).mapped() == mapped) {
      Extent before = extents.get(last);
      extents.set(last, new Extent(before.offset(), to - before.offset(), mapped));
    } else {
      extents.add(new Extent(from, to - from, mapped));
    }
  }

  private interface Part {
    void at(long page, int from, int length);
  }

  private static void each(long offset, long length, Part part) {
    long at = offset;
    long end = offset + length;
    while (at < end) {
      int from = (int) (at % PAGE);
      int size = (int) Math.min(PAGE - from, end - at);
      part.at(at / PAGE, from, size);
      at += size;
    }
  }
}
