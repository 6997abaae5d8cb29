package io.moongate.multinode.harness;

import io.moongate.cli.demo.HostProcesses.Started;
import java.time.Duration;

/** A process of the cluster that can be started, stopped, killed, paused and started again. */
abstract class TestProcess {
  private final String name;
  // Threads of a workload read it while a test kills and starts.
  private volatile Started process;
  private volatile boolean paused;

  TestProcess(String name) {
    this.name = name;
  }

  /** Starts the process, for the first time or again. */
  abstract Started launch();

  public String name() {
    return name;
  }

  /** Starts it; does not wait until it serves. */
  public final void start() {
    if (alive()) {
      throw new IllegalStateException(name + " runs already");
    }
    process = launch();
    paused = false;
  }

  public final boolean alive() {
    return process != null && process.alive();
  }

  /** Whether it is stopped by SIGSTOP. */
  public final boolean paused() {
    return paused && alive();
  }

  public final long pid() {
    return started().pid();
  }

  /** SIGTERM, without waiting. */
  public final void terminate() {
    started().terminate();
  }

  /** SIGKILL, without waiting. */
  final void beginToKill() {
    started().kill();
  }

  /** SIGKILL, and waits until the process is gone. */
  public final void kill() {
    beginToKill();
    awaitExit(Duration.ofSeconds(10));
  }

  /** SIGSTOP. */
  public final void pause() {
    Signal.STOP.send(pid());
    paused = true;
  }

  /** SIGCONT. */
  public final void resume() {
    Signal.CONT.send(pid());
    paused = false;
  }

  /**
   * Waits until it has ended.
   *
   * @return its exit status as a shell gives it
   */
  public final int awaitExit(Duration bound) {
    if (!started().awaitExit(bound)) {
      throw new AssertionError(
          "%s has not ended after %d s; %s".formatted(name, bound.toSeconds(), logTail()));
    }
    return started().exitStatus();
  }

  /** Only once it has ended. */
  final int exitStatus() {
    return started().exitStatus();
  }

  public final String logTail() {
    return started().logTail();
  }

  private Started started() {
    Started current = process;
    if (current == null) {
      throw new IllegalStateException(name + " was never started");
    }
    return current;
  }
}
