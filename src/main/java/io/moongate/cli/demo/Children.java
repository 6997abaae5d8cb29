package io.moongate.cli.demo;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Every process that the demo started, so that none outlives it.
 *
 * <p>Where util-linux's {@code setpriv} is there, the kernel sends SIGTERM to each child when the
 * demo dies, even by SIGKILL. The kernel ties that to the <em>thread</em> that forked, so one
 * thread forks them all and lives as long as the JVM. {@code setsid} keeps a terminal's Ctrl-C from
 * reaching the children beside us: we stop them in order.
 */
public final class Children {

  private final ExecutorService forker =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "forker");
            thread.setDaemon(true);
            return thread;
          });
  private final List<Child> started = new ArrayList<>();
  private final Set<Path> rotated = new HashSet<>();
  private final Optional<Path> setpriv;
  private final Optional<Path> setsid;
  private final List<String> launcher;
  private boolean closed;

  Children() {
    this(List.of());
  }

  /**
   * @param launcher a program and its arguments that makes itself into the command that follows
   *     them, in the same process, such as {@code ip netns exec NAME}
   */
  Children(List<String> launcher) {
    this.launcher = List.copyOf(launcher);
    this.setpriv = onPath("setpriv");
    this.setsid = onPath("setsid");
  }

  /** Whether the kernel ends the children when this JVM is killed. */
  boolean dieWithUs() {
    return setpriv.isPresent();
  }

  /**
   * Starts a process whose output goes to a log. The log of an earlier demo is kept beside it as
   * {@code .1}; a second start within one demo appends.
   */
  public Child start(String name, List<String> command, Map<String, String> environment, Path log) {
    return fork(
        () -> {
          if (rotated.add(log) && Files.exists(log)) {
            Files.move(log, Path.of(log + ".1"), StandardCopyOption.REPLACE_EXISTING);
          }
          long logStart = Child.sizeOf(log);
          ProcessBuilder builder = builder(command);
          builder.environment().putAll(environment);
          builder
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
          return new Child(name, builder.start(), log, logStart);
        },
        name);
  }

  /** Starts a process whose input and output (standard error with it) are pipes to us. */
  public Child startPiped(String name, List<String> command) {
    return fork(
        () ->
            new Child(
                name, builder(command).redirectErrorStream(true).start(), Path.of("/dev/null"), 0),
        name);
  }

  /** How a tool ended and what it wrote, each byte a char. */
  public record Run(int status, String output) {
    public boolean succeeded() {
      return status == 0;
    }
  }

  /**
   * Runs a tool to its end, with nothing to read.
   *
   * @throws DemoException when that does not come in time; it is killed then
   */
  public Run run(List<String> command, Duration timeout) {
    Child child = startPiped(Path.of(command.get(0)).getFileName().toString(), command);
    // Read beside the wait: a full pipe would stop the tool, a stopped tool must not stop us.
    CompletableFuture<String> output =
        CompletableFuture.supplyAsync(() -> readAll(child.process().getInputStream()));
    if (!child.awaitExit(timeout)) {
      child.kill();
      throw new DemoException(
          "%s did not end within %d s".formatted(String.join(" ", command), timeout.toSeconds()));
    }
    return new Run(child.exitStatus(), output.join());
  }

  private static String readAll(InputStream in) {
    try (in) {
      return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "(" + e + ")";
    }
  }

  /**
   * Stops the given ones together: SIGTERM, then SIGKILL for those that are still there after
   * {@code grace}.
   *
   * @return the names of those that had to be killed
   */
  List<String> stop(Collection<Child> children, Duration grace) {
    children.forEach(Child::terminate);
    Deadline deadline = Deadline.after(grace);
    List<String> killed = new ArrayList<>();
    for (Child child : children) {
      if (!child.awaitExit(deadline.left())) {
        child.kill();
        killed.add(child.name());
      }
    }
    children.forEach(child -> child.awaitExit(Duration.ofSeconds(10)));
    return killed;
  }

  /** From now on nothing more is started. */
  synchronized void close() {
    closed = true;
  }

  /** Those that run now. */
  synchronized List<Child> running() {
    return started.stream().filter(Child::alive).toList();
  }

  /** Looks for an executable in the directories of {@code PATH}. */
  public static Optional<Path> onPath(String name) {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String directory : path.split(File.pathSeparator, -1)) {
      Path candidate = Path.of(directory.isEmpty() ? "." : directory, name);
      if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private ProcessBuilder builder(List<String> command) {
    List<String> full = new ArrayList<>();
    setsid.ifPresent(tool -> full.add(tool.toString()));
    setpriv.ifPresent(tool -> full.addAll(List.of(tool.toString(), "--pdeathsig", "TERM", "--")));
    full.addAll(launcher);
    full.addAll(command);
    return new ProcessBuilder(full);
  }

  private Child fork(Callable<Child> start, String name) {
    try {
      return forker
          .submit(
              () -> {
                synchronized (this) {
                  if (closed) {
                    throw new DemoException("stopping: " + name + " is not started any more");
                  }
                  Child child = start.call();
                  started.removeIf(old -> !old.alive());
                  started.add(child);
                  return child;
                }
              })
          .get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DemoException failure) {
        throw failure;
      }
      throw new DemoException("can't start %s: %s".formatted(name, e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted while starting " + name, e);
    }
  }

  /** For callers that prepare a file of a child. */
  static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new DemoException("can't write %s: %s".formatted(file, e), e);
    }
  }
}
