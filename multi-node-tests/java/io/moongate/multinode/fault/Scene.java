package io.moongate.multinode.fault;

import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import io.moongate.multinode.harness.net.Disk;
import io.moongate.multinode.harness.net.Network;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Workload;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * A cluster in the moment in which a fault begins: who is who, and what it does under which load.
 */
public final class Scene {
  private static final Duration BOUND = Duration.ofSeconds(60);

  private final NetworkedCluster networked;
  private final TestLun lun;
  private final Workload workload;
  private final Random random;
  private final List<TestGateway> gateways;
  private final List<Tool.Running> tools = new ArrayList<>();

  /** Waits until all gateways agree on the owner. */
  public Scene(NetworkedCluster networked, TestLun lun, Workload workload, Random random) {
    this.networked = networked;
    this.lun = lun;
    this.workload = workload;
    this.random = random;
    TestGateway owner =
        cluster().gateway(new PathAgreement(networked.cluster(), lun).await().owner());
    this.gateways = new ArrayList<>(List.of(owner));
    gateways.addAll(cluster().servingWithout(owner));
  }

  TestCluster cluster() {
    return networked.cluster();
  }

  Network network() {
    return networked.network();
  }

  NetworkedCluster networked() {
    return networked;
  }

  Random random() {
    return random;
  }

  /** The gateway that has a role. */
  TestGateway gateway(Role role) {
    return switch (role) {
      case OWNER -> gateways.get(0);
      case OTHER -> gateways.get(1);
      case THIRD -> gateways.get(2);
      case CASSANDRA, HOSTS, STORE -> throw new IllegalArgumentException(role + " is no gateway");
    };
  }

  /** Whether there are so many gateways that one has this role. */
  boolean has(Role role) {
    return switch (role) {
      case CASSANDRA, HOSTS -> true;
      case STORE -> networked.store().equals("rbd");
      case OWNER, OTHER, THIRD -> role.ordinal() < gateways.size();
    };
  }

  /** The name in the network. */
  String node(Role role) {
    return switch (role) {
      case OWNER, OTHER, THIRD -> gateway(role).name();
      case CASSANDRA -> cluster().cassandra().name();
      case HOSTS -> Network.HOSTS;
      case STORE -> Network.STORE;
    };
  }

  /** Asks for the unit to be moved, and does not wait; whether that is done does not matter. */
  void requestMove(Role to) {
    TestGateway asked = gateway(Role.OTHER);
    String id = lun.id();
    String name = gateway(to).name();
    CompletableFuture.runAsync(
        () -> {
          try {
            asked.api().moveLun(id, name);
          } catch (ApiException e) {
            System.out.println("the move that was under way: " + e.getMessage());
          }
        });
  }

  /** Who owns the unit now, in the word of those who serve. */
  TestGateway ownerNow() {
    return cluster().gateway(new PathAgreement(cluster(), lun).await().owner());
  }

  /** The directory of the unit in the store. */
  Path volume() {
    Path volumes =
        networked
            .disk()
            .map(Disk::volumes)
            .orElseGet(() -> cluster().directory().resolve("volumes"));
    return volumes.resolve(lun.id());
  }

  /**
   * Until {@link #endTools} strace has the kernel do something else when a gateway reads or writes
   * the volume on a thread of its store.
   *
   * @param how as strace's {@code inject} takes it
   */
  void tamperWithVolume(Role role, String how) {
    tools.add(
        Tool.STRACE.start(
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-p",
            Long.toString(gateway(role).pid()),
            "-P",
            volume().resolve("volume.img").toString(),
            "-e",
            "trace=pread64,pwrite64",
            "-e",
            "inject=pread64,pwrite64:" + how));
  }

  /** Ends them. */
  void endTools() {
    tools.forEach(tool -> tool.stop(BOUND));
    tools.clear();
  }

  /**
   * Waits until another gateway serves the unit, and requires that what led to it was of this kind
   * and about the gateway that had it.
   */
  void awaitMovedAway(String kind) {
    String from = gateway(Role.OWNER).name();
    LogicalUnit moved =
        Await.value(
            "the unit to be moved away from " + from,
            BOUND,
            () -> {
              LogicalUnit unit = cluster().describe(lun);
              if (from.equals(unit.owner()) || !unit.phase().equals("serving")) {
                throw new Await.Unready(unit.toString());
              }
              return unit;
            });
    boolean named =
        !moved.evidence().isEmpty()
            && moved.evidence().stream()
                .allMatch(seen -> seen.kind().equals(kind) && seen.subject().equals(from));
    if (!named) {
      throw new AssertionError("no evidence of %s of %s: %s".formatted(kind, from, moved));
    }
  }

  /** Requires that a gateway is the process that it was. */
  void requireKept(Role role) {
    if (!gateway(role).alive()) {
      throw new AssertionError(gateway(role) + " has ended: " + gateway(role).logTail());
    }
  }

  /** Waits until every client has got on. */
  public void awaitProgress() {
    workload.awaitProgress(100);
  }

  @Override
  public String toString() {
    return "owner %s of %s".formatted(gateways.get(0), gateways);
  }
}
