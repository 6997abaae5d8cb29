package io.moongate.cli.bench;

import io.moongate.cli.demo.Child;
import io.moongate.cli.demo.Children;
import io.moongate.cli.demo.Deadline;
import io.moongate.cli.demo.DemoException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A process of tgt with one target and one LUN. */
final class Tgt {

  private static final String PORTAL = "127.0.0.10:3260";
  private static final String TARGET = "iqn.2026-11.io.moongate:bench-tgt";
  private static final Duration START = Duration.ofSeconds(20);
  private static final Duration GIVING_UP = Duration.ofSeconds(5);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Children children;
  private final Client client;
  private final String controlPort;
  private final Child daemon;
  private final List<String> unit;

  /**
   * Starts it; nothing is exported yet.
   *
   * @param type of the backing store, as tgt calls it
   * @param store file or image
   * @param options of the backing store; may be empty
   */
  Tgt(Children children, Client client, Path log, String type, String store, String options) {
    this.children = children;
    this.client = client;
    // What has another control port is another tgt, which is let alone.
    this.controlPort = Long.toString(1 + ProcessHandle.current().pid() % 30_000);
    this.daemon =
        children.start(
            "tgtd",
            List.of("tgtd", "-f", "-C", controlPort, "--iscsi", "portal=" + PORTAL),
            Map.of(),
            log);
    this.unit = new ArrayList<>(List.of("--lun", "1", "--bstype", type, "--backing-store", store));
    if (!options.isEmpty()) {
      unit.addAll(List.of("--bsopts", options));
    }
  }

  /** Makes the target and its LUN. */
  void export() {
    awaitControl();
    client.run(admin("new", "target", "-T", TARGET));
    client.run(admin("new", "logicalunit", unit.toArray(String[]::new)));
    client.run(admin("bind", "target", "-I", "ALL"));
    // By default it agrees to none.
    for (String digest : List.of("HeaderDigest", "DataDigest")) {
      client.run(admin("update", "target", "--name", digest, "--value", "CRC32C,None"));
    }
  }

  /** How its LUN is reached. */
  IscsiDisk.Way way() {
    return new IscsiDisk.Way(PORTAL, TARGET, 1, List.of(daemon.pid()));
  }

  /**
   * Has it give back its store, unless that hangs, and ends the process, which ignores SIGTERM
   * while it has a target.
   */
  void stop() {
    try {
      children.run(admin("delete", "target", "--force"), GIVING_UP);
    } catch (DemoException e) {
      // Then Ceph takes it for living for a while.
    }
    daemon.kill();
    daemon.awaitExit(START);
  }

  private void awaitControl() {
    Deadline deadline = Deadline.after(START);
    while (true) {
      daemon.requireAlive();
      Children.Run run = children.run(tgtadm("show", "target"), START);
      if (run.succeeded()) {
        return;
      }
      if (deadline.passed()) {
        throw new DemoException("tgtd does not answer: " + run.output());
      }
      Deadline.pause(POLL);
    }
  }

  private List<String> admin(String operation, String mode, String... more) {
    List<String> command = new ArrayList<>(tgtadm(operation, mode));
    command.addAll(List.of("--tid", "1"));
    command.addAll(List.of(more));
    return command;
  }

  private List<String> tgtadm(String operation, String mode) {
    return List.of(
        "tgtadm", "-C", controlPort, "--lld", "iscsi", "--op", operation, "--mode", mode);
  }
}
