package io.moongate.volume.rbd;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A JVM of its own that a test stops, continues and kills. */
final class OtherProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private OtherProcess(Process process) {
    this.process = process;
    this.output = process.inputReader();
  }

  static OtherProcess java(Class<?> main, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
    command.addAll(List.of(arguments));
    return new OtherProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** Waits for a line that begins so. */
  String awaitLine(String start) throws IOException {
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(start)) {
        return line;
      }
    }
    throw new AssertionError("the process ended without saying " + start);
  }

  /** SIGSTOP; afterwards no thread of it runs any more. */
  void stop() throws IOException {
    stop(process.pid());
  }

  /** The same to another process. */
  static void stop(long pid) throws IOException {
    signal(pid, "STOP");
    for (int i = 0; !stopped(pid); i++) {
      if (i == 500) {
        throw new AssertionError("the process does not stop");
      }
      CephCluster.pause(10);
    }
  }

  void goOn() throws IOException {
    signal("CONT");
  }

  private void signal(String name) throws IOException {
    signal(process.pid(), name);
  }

  static void signal(long pid, String name) throws IOException {
    try {
      Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start();
      if (kill.waitFor() != 0) {
        throw new AssertionError("SIG%s could not be sent to %d".formatted(name, pid));
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean stopped(long pid) {
    File[] threads = new File("/proc/%d/task".formatted(pid)).listFiles();
    return Stream.of(threads).allMatch(OtherProcess::halted);
  }

  private static boolean halted(File thread) {
    try {
      String stat = Files.readString(thread.toPath().resolve("stat"));
      return "TZX".indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) >= 0;
    } catch (IOException gone) {
      return true;
    } catch (UncheckedIOException gone) {
      return true;
    }
  }

  /** SIGKILL. */
  @Override
  public void close() {
    try {
      process.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
