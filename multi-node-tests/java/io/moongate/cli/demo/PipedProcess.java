package io.moongate.cli.demo;

import io.moongate.cli.demo.HostProcesses.Place;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that a test talks to by its standard input and output, and that ends when this JVM
 * does.
 */
public final class PipedProcess {
  // Becomes the command, whose errors must not get between what it answers.
  private static final String APART = "errors=$1; shift; exec \"$@\" 2>>\"$errors\"";

  // Kept as long as this is: with the thread that forked it the child ends.
  private final Children children;
  private final Child child;

  private PipedProcess(Children children, Child child) {
    this.children = children;
    this.child = child;
  }

  /**
   * Starts it.
   *
   * @param errors what it writes to standard error is appended there
   */
  public static PipedProcess start(String name, Place place, List<String> command, Path errors) {
    List<String> line = new ArrayList<>(List.of("sh", "-c", APART, "sh", errors.toString()));
    line.addAll(command);
    Children children = new Children(place.launcher());
    return new PipedProcess(children, children.startPiped(name, line));
  }

  /** What it reads. */
  public OutputStream input() {
    return child.process().getOutputStream();
  }

  /** What it writes. */
  public InputStream output() {
    return child.process().getInputStream();
  }

  public boolean alive() {
    return child.alive();
  }

  /** SIGKILL, and waits until it is gone. */
  public void kill() {
    children.close();
    child.kill();
    if (!child.awaitExit(Duration.ofSeconds(20))) {
      throw new AssertionError("process %d does not end".formatted(child.pid()));
    }
  }
}
