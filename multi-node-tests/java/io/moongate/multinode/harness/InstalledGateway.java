package io.moongate.multinode.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A gateway as its service runs it: by the command and as the user of the unit, told of a service
 * manager that waits for its word.
 */
public final class InstalledGateway implements AutoCloseable {
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final String UNITS = "/usr/lib/systemd/system/";

  private final Process process;
  private final NotifySocket socket;
  private final Path log;

  private InstalledGateway(Process process, NotifySocket socket, Path log) {
    this.process = process;
    this.socket = socket;
    this.log = log;
  }

  /**
   * Starts one; does not wait for it.
   *
   * @param name of its configuration: {@code moongate.service} for {@code gateway}, {@code
   *     moongate@.service} for any other
   */
  public static InstalledGateway start(CleanRoot root, String name, Path log) {
    String unit = name.equals("gateway") ? "moongate.service" : "moongate@.service";
    NotifySocket socket = new NotifySocket();
    try {
      List<String> lines = Files.readAllLines(root.path(UNITS + unit));
      String user = value(lines, "User");
      List<String> environment =
          List.of(
              "HOME=/var/lib/moongate",
              "NOTIFY_SOCKET=" + socket.name(),
              "WATCHDOG_USEC=" + seconds(value(lines, "WatchdogSec")) * 1_000_000,
              "MOONGATE_JAVA_OPTS=-Xms128m -Xmx384m -XX:+UseSerialGC",
              value(lines, "Environment"));
      List<String> command =
          new ArrayList<>(
              List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups", "--"));
      command.addAll(List.of(value(lines, "ExecStart").replace("%i", name).split(" ")));
      Process process =
          new ProcessBuilder(root.command(environment, command.toArray(String[]::new)))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      return new InstalledGateway(process, socket, log);
    } catch (IOException e) {
      socket.close();
      throw new UncheckedIOException(e);
    }
  }

  private static String value(List<String> unit, String key) {
    return unit.stream()
        .filter(line -> line.startsWith(key + "="))
        .map(line -> line.substring(key.length() + 1))
        .findFirst()
        .orElseThrow(() -> new AssertionError("the unit says no " + key));
  }

  private static long seconds(String time) {
    return Long.parseLong(time.replaceFirst("s$", ""));
  }

  /** Waits until it has said that hosts can come, and that it works. */
  public void awaitReady() {
    try {
      socket.awaitSaid("READY=1", BOUND);
      socket.awaitSaid("WATCHDOG=1", BOUND);
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "; " + tail(), e);
    }
  }

  public boolean alive() {
    return process.isAlive();
  }

  private String tail() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Stops it as its service does, by SIGTERM, and fails when it does not end in good order. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("the gateway did not end; " + tail());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    } finally {
      socket.close();
    }
    int status = process.exitValue();
    if (status != 0 && status != 143) {
      throw new AssertionError("the gateway ended with %d; %s".formatted(status, tail()));
    }
  }
}
