package io.moongate.cli.demo;

import java.io.PrintWriter;

/** Stops a cluster once: when its user is done with it, or when a signal ends the JVM before. */
public final class StopOnce {

  private static volatile boolean signalled;

  private final DemoCluster cluster;
  private boolean stopped;

  private StopOnce(DemoCluster cluster) {
    this.cluster = cluster;
  }

  public static StopOnce install(DemoCluster cluster, PrintWriter out) {
    StopOnce stop = new StopOnce(cluster);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (!stop.done()) {
                    signalled = true;
                    out.println("stopping");
                    out.flush();
                    stop.now();
                  }
                },
                "stop"));
    return stop;
  }

  /** Whether a signal ends this JVM. */
  public static boolean signalled() {
    return signalled;
  }

  /** Stops; returns when everything has ended, also when another thread is at it. */
  public synchronized void now() {
    if (!stopped) {
      stopped = true;
      cluster.stop();
    }
  }

  private synchronized boolean done() {
    return stopped;
  }
}
