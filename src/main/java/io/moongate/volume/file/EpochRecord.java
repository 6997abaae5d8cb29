package io.moongate.volume.file;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The record of the epoch under which a volume is open. Another gateway's fence removes it, for
 * good. Thread-safe.
 */
final class EpochRecord {
  private final Path path;
  private final File file;
  private final KernelCache.Name name;

  /** On a record that has been found. */
  EpochRecord(Path path) {
    this.path = path;
    this.file = path.toFile();
    this.name = new KernelCache.Name(path);
  }

  Path path() {
    return path;
  }

  /**
   * Looks for it, which may wait for the file system.
   *
   * @throws VolumeException with FENCED when it is gone, with IO when that can't be known
   */
  void require() {
    // A file that can't be looked at for another reason is said not to exist, either.
    if (!file.exists() && isGone()) {
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

  /** Whether it is there, as far as that is known without waiting; false leaves it open. */
  boolean isKnownToStand() {
    return KernelCache.has(name);
  }
}
