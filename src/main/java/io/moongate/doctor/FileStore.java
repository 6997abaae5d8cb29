package io.moongate.doctor;

import io.moongate.cli.CheckResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The directory of the file store: there, writable, durable, with space left. */
public final class FileStore {
  private static final String CHECK = "store file";
  private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");
  private static final double NEARLY_FULL = 0.10;
  private static final double GIB = 1L << 30;
  private static final int BLOCK = 4_096;

  private FileStore() {}

  public static List<CheckResult> check(Path directory) {
    List<CheckResult> results = new ArrayList<>();
    Path there = directory.toAbsolutePath();
    if (!Files.exists(there)) {
      Path parent = there;
      while (!Files.exists(parent)) {
        parent = parent.getParent();
      }
      if (!Files.isDirectory(parent) || !Files.isWritable(parent)) {
        return List.of(
            CheckResult.fail(
                CHECK,
                there + " is not there, and can't be made in " + parent,
                "make it, and give it to the gateway's user"));
      }
      results.add(CheckResult.ok(CHECK, there + " is not there yet; the gateway makes it"));
      there = parent;
    } else if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      return List.of(
          CheckResult.fail(
              CHECK,
              there + " is no directory that can be written in",
              "give it to the gateway's user, or correct moongate.volume.file.directory"));
    } else {
      results.add(durable(there));
    }
    results.add(space(there));
    return results;
  }

  /** Writes, forces and removes a file whose name no volume has. */
  private static CheckResult durable(Path directory) {
    Path file = directory.resolve(".doctor-" + ProcessHandle.current().pid());
    long start = System.nanoTime();
    try {
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.allocate(BLOCK));
        channel.force(true);
      } finally {
        Files.deleteIfExists(file);
      }
      return CheckResult.ok(
          CHECK,
          "%s can be written in; a forced write took %.1f ms"
              .formatted(directory, (System.nanoTime() - start) / 1e6));
    } catch (IOException e) {
      return CheckResult.fail(
          CHECK,
          "what is written in " + directory + " can't be forced to its disk: " + e.getMessage(),
          "see to the file system and the disk behind it");
    }
  }

  private static CheckResult space(Path directory) {
    try {
      java.nio.file.FileStore store = Files.getFileStore(directory);
      long usable = store.getUsableSpace();
      long total = store.getTotalSpace();
      String left =
          "%.1f of %.1f GiB are left on %s (%s)"
              .formatted(usable / GIB, total / GIB, store.name(), store.type());
      if (IN_MEMORY.contains(store.type())) {
        return CheckResult.warn(
            CHECK,
            directory + " is in memory: " + left,
            "all of it is gone when this host restarts");
      }
      return usable < total * NEARLY_FULL
          ? CheckResult.warn(CHECK, left, "give it more space, or delete what is not needed")
          : CheckResult.ok(CHECK, left);
    } catch (IOException e) {
      return CheckResult.fail(
          CHECK, "its file system does not answer: " + e.getMessage(), "see to the disk behind it");
    }
  }
}
