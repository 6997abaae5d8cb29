package io.moongate.multinode.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command of the launcher, run to its end as a person does. */
public final class LauncherRun {
  private static final Duration STOP = Duration.ofSeconds(30);

  private LauncherRun() {}

  /**
   * How it ended.
   *
   * @param status exit status
   * @param output what it wrote, errors too
   */
  public record Ended(int status, String output) {}

  /** What it wrote; fails when it isn't done within the time, or says that it failed. */
  public static String succeed(List<String> arguments, Path log, Duration time)
      throws IOException, InterruptedException {
    Ended ended = run(arguments, log, time);
    assertEquals(0, ended.status(), ended.output());
    return ended.output();
  }

  /** Runs it to its end, whatever that is; fails when it isn't done within the time. */
  public static Ended run(List<String> arguments, Path log, Duration time)
      throws IOException, InterruptedException {
    return run(Installation.find(), arguments, log, time);
  }

  /** The same by the launcher of another build. */
  public static Ended run(Installation build, List<String> arguments, Path log, Duration time)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(build.home().resolve("moongate").toString()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("MOONGATE_NO_BUILD", "1");
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    Process running = builder.start();
    try {
      assertTrue(running.waitFor(time.toSeconds(), TimeUnit.SECONDS), () -> read(log));
      String seen = read(log);
      System.out.println(seen);
      return new Ended(running.exitValue(), seen);
    } finally {
      running.destroy();
      if (!running.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
        running.destroyForcibly();
      }
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
