package io.moongate.cli.bench;

import io.moongate.cli.bench.load.Job;
import io.moongate.cli.demo.Child;
import io.moongate.cli.demo.Deadline;
import io.moongate.cli.demo.DemoCluster;
import io.moongate.cli.demo.DemoException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A server that only answers with as many bytes, by the same kind of event loop and asked by the
 * same generator: what the transport can do. It has no digests, no paths, and no disk.
 */
final class Floor implements Contestant, AutoCloseable {
  private static final String HOST = "127.0.0.11";
  private static final int PORT = 3260;
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final int CONNECT_MS = 1000;

  private final LoadClient load;
  private final Child server;

  Floor(DemoCluster cluster, Path log, LoadClient load) {
    this.load = load;
    List<String> command =
        cluster.command(List.of("-Xmx128m"), "bench", "echo", "--host", HOST, "--port", "" + PORT);
    this.server = cluster.children().start("echo", command, Map.of(), log);
    awaitPort();
  }

  private void awaitPort() {
    Deadline deadline = Deadline.after(START);
    while (true) {
      server.requireAlive();
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(HOST, PORT), CONNECT_MS);
        return;
      } catch (IOException e) {
        if (deadline.passed()) {
          throw new DemoException("the echo does not listen on %s:%d: %s".formatted(HOST, PORT, e));
        }
      }
      Deadline.pause(POLL);
    }
  }

  @Override
  public String name() {
    return "floor";
  }

  @Override
  public List<Long> pids(Cell cell) {
    return List.of(server.pid());
  }

  /** There is nothing to be filled. */
  @Override
  public void fill() {}

  @Override
  public double run(Cell cell, long operations) {
    Job.Place place = new Job.Place(Job.Protocol.ECHO, HOST, PORT, null, 0);
    return load.run(IscsiDisk.job(place, cell, operations, 0)).rate();
  }

  @Override
  public void close() {
    server.kill();
    server.awaitExit(START);
  }
}
