package io.moongate.multinode.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A root directory of its own for whoever installs something: this host's as it is, with whatever
 * is changed in it kept in memory and gone at the end. Its processes and its network are those of
 * the host. Needs root.
 */
public final class CleanRoot implements AutoCloseable {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final Path directory;
  private final List<Path> mounts = new ArrayList<>();

  private CleanRoot(Path directory) {
    this.directory = directory;
  }

  /**
   * Makes it.
   *
   * @param directory to be mounted upon; made if need be
   */
  public static CleanRoot make(Path directory) {
    CleanRoot root = new CleanRoot(directory);
    try {
      Files.createDirectories(directory);
      root.mount(directory, "-t", "tmpfs", "-o", "mode=755", "tmpfs");
      for (Path each : List.of(root.changes(), root.work(), root.path())) {
        Files.createDirectory(each);
      }
      root.mount(
          root.path(),
          "-t",
          "overlay",
          "-o",
          "lowerdir=/,upperdir=%s,workdir=%s".formatted(root.changes(), root.work()),
          "overlay");
      root.mount(root.path().resolve("proc"), "-t", "proc", "proc");
      root.mount(root.path().resolve("dev"), "--bind", "/dev");
      return root;
    } catch (IOException e) {
      root.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException | Error e) {
      root.close();
      throw e;
    }
  }

  private void mount(Path on, String... arguments) {
    List<String> line = new ArrayList<>(List.of(arguments));
    line.add(on.toString());
    Tool.MOUNT.run(BOUND, line.toArray(String[]::new)).succeeded();
    mounts.add(0, on);
  }

  /** Where it is on the host. */
  public Path path() {
    return directory.resolve("root");
  }

  /** What is this file in it, seen from the host. */
  public Path path(String file) {
    return path().resolve(file.substring(1));
  }

  private Path changes() {
    return directory.resolve("changes");
  }

  private Path work() {
    return directory.resolve("work");
  }

  /** Files and directories that have been made, changed or removed in it, as absolute names. */
  public Set<String> changed() {
    try (Stream<Path> files = Files.walk(changes())) {
      return files
          .filter(file -> !file.equals(changes()))
          .map(file -> "/" + changes().relativize(file))
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What begins a process in it, with nothing of this one's environment. */
  public List<String> command(List<String> environment, String... command) {
    List<String> line =
        new ArrayList<>(
            List.of("chroot", path().toString(), "env", "-i", "PATH=" + PATH, "LANG=C.UTF-8"));
    line.addAll(environment);
    line.addAll(List.of(command));
    return line;
  }

  /** Runs a command in it to its end. */
  public Tool.Output run(String... command) {
    List<String> line = command(List.of(), command);
    return Tool.CHROOT.run(BOUND, line.subList(1, line.size()).toArray(String[]::new));
  }

  @Override
  public void close() {
    List<String> failed = new ArrayList<>();
    for (Path each : List.copyOf(mounts)) {
      Tool.Output output = Tool.UMOUNT.run(BOUND, "--lazy", each.toString());
      if (output.status() != 0) {
        failed.add(output.toString());
      }
      mounts.remove(each);
    }
    if (!failed.isEmpty()) {
      throw new AssertionError(String.join("; ", failed));
    }
  }
}
