package io.moongate.multinode.harness.net;

import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A small file system of its own (ext4 in a file) for the volumes of a test cluster, or for its
 * Cassandra, which can be full and can stop answering. Needs root.
 */
public final class Disk implements AutoCloseable {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final long CHUNK = 1 << 20;

  private final Path image;
  private final Path directory;

  private Disk(Path image, Path directory) {
    this.image = image;
    this.directory = directory;
  }

  /**
   * Makes it.
   *
   * @param place its image is beside it; both are made anew
   * @param size bytes
   */
  public static Disk create(Path place, long size) {
    Disk disk = new Disk(place.resolveSibling(place.getFileName() + ".img"), place);
    try {
      Files.createDirectories(place);
      Tool.UMOUNT.run(BOUND, "-l", place.toString());
      Files.deleteIfExists(disk.image);
      try (RandomAccessFile file = new RandomAccessFile(disk.image.toFile(), "rw")) {
        file.setLength(size);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Tool.MKFS_EXT4.run(BOUND, "-q", "-F", disk.image.toString()).succeeded();
    Tool.MOUNT.run(BOUND, "-o", "loop", disk.image.toString(), place.toString()).succeeded();
    return disk;
  }

  /** Where it is mounted. */
  Path directory() {
    return directory;
  }

  /** Where the volumes are to be. */
  public Path volumes() {
    return directory.resolve("volumes");
  }

  /** Leaves no byte on it. */
  public void fill() {
    try (RandomAccessFile file = new RandomAccessFile(filler().toFile(), "rw")) {
      byte[] zeros = new byte[(int) CHUNK];
      while (true) {
        file.write(zeros);
      }
    } catch (IOException e) {
      // Full, which is what was wanted; a last piece that is smaller than a chunk is written too.
      return;
    }
  }

  /** Takes the filling away. */
  public void empty() {
    try {
      Files.deleteIfExists(filler());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** From now on no write to it ends. */
  public void freeze() {
    Tool.FSFREEZE.run(BOUND, "-f", directory.toString()).succeeded();
  }

  /** Lets writes go on; fine when they do already. */
  public void thaw() {
    Tool.FSFREEZE.run(BOUND, "-u", directory.toString());
  }

  private Path filler() {
    return directory.resolve("filler");
  }

  /** Takes it off; what used it must have ended. */
  @Override
  public void close() {
    thaw();
    Tool.UMOUNT.run(BOUND, directory.toString()).succeeded();
    try {
      Files.deleteIfExists(image);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
