package io.moongate.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** Finds out whether files were changed, looking no more often than it has to. */
final class FileWatch {
  private static final String ATTRIBUTES = "unix:lastModifiedTime,ctime,size,ino,mode";

  private final List<Path> files;
  private final long everyNanos;
  private final LongSupplier nanoTime;
  private List<Object> seen;
  private long lookedAt;

  /**
   * @param every between two looks
   * @param nanoTime the monotonic clock
   */
  FileWatch(List<Path> files, Duration every, LongSupplier nanoTime) {
    this.files = List.copyOf(files);
    this.everyNanos = every.toNanos();
    this.nanoTime = nanoTime;
  }

  /** Whether they are other than at the last call that said so; the first one does. */
  synchronized boolean changed() {
    long now = nanoTime.getAsLong();
    if (seen != null && now - lookedAt < everyNanos) {
      return false;
    }
    lookedAt = now;
    List<Object> found = new ArrayList<>(files.size());
    for (Path file : files) {
      found.add(attributes(file));
    }
    boolean changed = !found.equals(seen);
    seen = found;
    return changed;
  }

  private static Object attributes(Path file) {
    try {
      return Files.readAttributes(file, ATTRIBUTES);
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException none) {
      return none.toString();
    }
  }
}
