package io.moongate.volume.file;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The record of the epoch under which a volume is open. Another gateway's fence removes it, for
 * good. Thread-safe; not to be used by anybody when it is closed.
 */
final class EpochRecord implements Closeable {
  private final Path path;
  private final File file;

  /** Of the record itself; -1 where it would tell nothing. */
  private final int descriptor;

  /**
   * On a record that has been found.
   *
   * @param watched whether {@link #isKnownToStand} can be asked
   */
  EpochRecord(Path path, boolean watched) {
    this.path = path;
    this.file = path.toFile();
    this.descriptor = watched ? Libc.open(path.toString(), Libc.LOCATION) : -1;
  }

  Path path() {
    return path;
  }

  /**
   * Looks for it; where that can't be said without, this waits for the file system.
   *
   * @throws VolumeException with FENCED when it is gone, with IO when that can't be known
   */
  void require() {
    // A file that can't be looked at for another reason is said not to exist, either.
    if (!isKnownToStand() && !file.exists() && isGone()) {
      throw new VolumeException(
          Reason.FENCED, "a newer epoch is on record, or the volume was deleted");
    }
  }

  private boolean isGone() {
    try {
      return VolumeDirectory.isGone(path);
    } catch (IOException e) {
      throw new VolumeException(Reason.IO, "the record of the epoch can't be looked at", e);
    }
  }

  /** Whether it is there, as far as that can be said without waiting; false leaves it open. */
  boolean isKnownToStand() {
    return descriptor >= 0 && CachedReads.hasName(descriptor);
  }

  @Override
  public void close() {
    if (descriptor >= 0) {
      Libc.close(descriptor);
    }
  }
}
