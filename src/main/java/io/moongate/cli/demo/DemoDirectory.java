package io.moongate.cli.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where everything of one demo lies. It holds the directory's lock: two demos in one directory
 * would destroy it.
 */
public final class DemoDirectory implements AutoCloseable {

  private static final String LOCK = "lock";
  private static final String CHECK_MARK = "made-by-check";
  private static final String STORE = "store";

  private final Path root;
  private final FileChannel lockChannel;

  private DemoDirectory(Path root, FileChannel lockChannel) {
    this.root = root;
    this.lockChannel = lockChannel;
  }

  /** {@code $XDG_STATE_HOME/moongate-demo}, or the same under {@code ~/.local/state}. */
  static Path standard(Map<String, String> environment, Path home) {
    String state = environment.getOrDefault("XDG_STATE_HOME", "");
    Path base = state.isBlank() ? home.resolve(".local").resolve("state") : Path.of(state);
    return base.resolve("moongate-demo");
  }

  /**
   * Makes the directory if need be, and takes its lock.
   *
   * @throws DemoException when another demo runs there, or it can't be written
   */
  public static DemoDirectory open(Path path) {
    Path root = path.toAbsolutePath().normalize();
    FileChannel channel = null;
    try {
      Files.createDirectories(root);
      channel =
          FileChannel.open(
              root.resolve(LOCK),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        String holder = Files.readString(root.resolve(LOCK), StandardCharsets.UTF_8).strip();
        channel.close();
        throw new DemoException(
            "another demo (pid %s) runs in %s: stop it, or give this one its own --dir"
                .formatted(holder.isEmpty() ? "unknown" : holder, root));
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
      DemoDirectory directory = new DemoDirectory(root, channel);
      Files.createDirectories(directory.logs());
      Files.createDirectories(directory.volumes());
      return directory;
    } catch (IOException e) {
      closeQuietly(channel);
      throw new DemoException("can't use %s: %s".formatted(root, e), e);
    }
  }

  /** A new empty directory, for a run after which it is removed. */
  public static Path temporary(String prefix) {
    try {
      return Files.createTempDirectory(prefix);
    } catch (IOException e) {
      throw new DemoException("can't make a temporary directory: " + e, e);
    }
  }

  /** Removes a directory with all that is in it. */
  public static void remove(Path root) {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new DemoException("can't remove %s: %s".formatted(root, e), e);
    }
  }

  public Path root() {
    return root;
  }

  Path cassandra() {
    return root.resolve("cassandra");
  }

  public Path volumes() {
    return root.resolve("volumes");
  }

  Path logs() {
    return root.resolve("logs");
  }

  public Path log(String process) {
    return logs().resolve(process + ".log");
  }

  Path config(String gateway) {
    return root.resolve(gateway + ".conf");
  }

  /** The key that CHAP secrets are encrypted under: as old as the metadata that has them. */
  Path chapKey() {
    return ChapKey.in(root);
  }

  /**
   * Marks the directory as one whose LUNs a check may write over.
   *
   * @throws DemoException when it holds volumes that no check made
   */
  void claimForCheck() {
    Path mark = root.resolve(CHECK_MARK);
    try {
      if (!Files.exists(mark) && begun()) {
        throw new DemoException(
            "%s holds LUNs of an earlier demo, and --check writes over LUN 0: choose another --dir"
                .formatted(root));
      }
      Files.writeString(mark, "LUN 0 is written over by `moongate demo --check`\n");
    } catch (IOException e) {
      throw new DemoException("can't use %s: %s".formatted(root, e), e);
    }
  }

  /**
   * Notes where the directory's LUNs have their blocks.
   *
   * @throws DemoException when that is elsewhere than at an earlier start
   */
  public void claimFor(DemoStore store) {
    Path file = root.resolve(STORE);
    try {
      // Before this file was written there were files alone.
      String before =
          Files.exists(file)
              ? Files.readString(file, StandardCharsets.UTF_8).strip()
              : DemoStore.FILE.inWords();
      if (begun() && !before.equals(store.inWords())) {
        throw new DemoException(
            "%s was begun with %s, and this is %s: choose another --dir, or the same store"
                .formatted(root, before, store.inWords()));
      }
      Files.writeString(file, store.inWords() + "\n");
    } catch (IOException e) {
      throw new DemoException("can't use %s: %s".formatted(root, e), e);
    }
  }

  /**
   * Whether there may be LUNs: with another store than that of files only metadata know of them.
   */
  private boolean begun() throws IOException {
    return Files.exists(cassandra()) || holdsAny(volumes());
  }

  private static boolean holdsAny(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.findAny().isPresent();
    }
  }

  /** Gives the lock back; the files stay. */
  @Override
  public void close() {
    closeQuietly(lockChannel);
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Held by another demo of this same JVM: the same answer as from another process.
      return null;
    }
  }

  private static void closeQuietly(FileChannel channel) {
    if (channel == null) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
