package io.moongate.volume.file;

import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;

/**
 * Which pages of a file are in the page cache, where the kernel does not tell by {@code cachestat}
 * (Linux before 6.5): {@code mincore} on a mapping of the file that nobody ever touches. It takes
 * addresses, no memory. Thread-safe.
 *
 * <p>To ask may wait for another thread of this process that changes its mappings, but for no disk.
 * To make a mapping may take longer, and is for a thread of the store.
 */
final class Residency implements Closeable {
  /** Of a file that is never asked about. */
  static final Residency NONE = new Residency(-1);

  private final int descriptor;
  private final List<Mapping> mappings = new ArrayList<>();
  private volatile Mapping newest = new Mapping(0, 0);

  private record Mapping(long address, long length) {}

  /**
   * Of an open file.
   *
   * @param descriptor open for writing: of files that may not be written to the kernel says that
   *     all is there
   */
  Residency(int descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * Has a mapping of so many bytes, if one can be had. Those before it stay: they may be in use.
   */
  synchronized void cover(long length) {
    if (descriptor >= 0 && length > newest.length()) {
      long address = KernelCache.map(descriptor, length);
      if (address != 0) {
        newest = new Mapping(address, length);
        mappings.add(newest);
      }
    }
  }

  /** The address of a byte of the file in a mapping that reaches to the end; 0 when none does. */
  long addressOf(long offset, long end) {
    Mapping mapping = newest;
    return end <= mapping.length() ? mapping.address() + offset : 0;
  }

  /** Takes the mappings away: nobody may be asking any more. */
  @Override
  public synchronized void close() {
    newest = new Mapping(0, 0);
    mappings.forEach(mapping -> KernelCache.unmap(mapping.address(), mapping.length()));
    mappings.clear();
  }
}
