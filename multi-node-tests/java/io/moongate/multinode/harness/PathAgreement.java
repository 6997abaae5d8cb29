package io.moongate.multinode.harness;

import io.moongate.management.api.Path;
import io.moongate.multinode.harness.Await.Unready;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Whether every gateway that serves says the same of a LUN's paths, by its API and by REPORT TARGET
 * PORT GROUPS: one path optimized, the other live ones non-optimized, those of gateways that don't
 * serve unavailable.
 */
public final class PathAgreement {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int ALLOCATION_LENGTH = 128;

  private final TestCluster cluster;
  private final TestLun lun;

  public PathAgreement(TestCluster cluster, TestLun lun) {
    this.cluster = cluster;
    this.lun = lun;
  }

  /**
   * What all agree on.
   *
   * @param owner name of the gateway whose path is optimized
   * @param epoch of its ownership
   * @param states by target port group
   */
  public record Agreed(String owner, long epoch, SortedMap<Integer, String> states) {}

  /** Waits until they agree. */
  public Agreed await() {
    return Await.value("all gateways to agree on the paths of " + lun, BOUND, this::once);
  }

  private Agreed once() throws Unready {
    Agreed agreed = null;
    for (TestGateway gateway : cluster.serving()) {
      List<Path> paths = TestCluster.ask(() -> gateway.api().paths(lun.target(), lun.number()));
      Agreed here = judge(gateway, paths);
      if (agreed == null) {
        agreed = here;
      } else if (!agreed.equals(here)) {
        throw new Unready("%s says %s, another %s".formatted(gateway, here, agreed));
      }
      SortedMap<Integer, String> reported = reported(gateway);
      if (!reported.equals(here.states())) {
        throw new Unready(
            "%s reports %s to initiators, %s by its API"
                .formatted(gateway, reported, here.states()));
      }
    }
    if (agreed == null) {
      throw new AssertionError("no gateway serves");
    }
    return agreed;
  }

  private Agreed judge(TestGateway asked, List<Path> paths) throws Unready {
    Set<String> serving = new HashSet<>();
    cluster.serving().forEach(gateway -> serving.add(gateway.name()));
    String owner = null;
    long epoch = 0;
    Set<String> seen = new HashSet<>();
    for (Path path : paths) {
      seen.add(path.gateway());
      boolean alive = serving.contains(path.gateway());
      boolean optimized = path.state().equals(TargetPortGroups.OPTIMIZED);
      if (optimized && owner != null && !owner.equals(path.gateway())) {
        throw new AssertionError(asked + " reports two optimized paths: " + paths);
      }
      if (optimized) {
        owner = path.gateway();
        epoch = path.epoch();
      }
      String expected = alive ? TargetPortGroups.NON_OPTIMIZED : TargetPortGroups.UNAVAILABLE;
      if (!path.state().equals(expected) && !(alive && optimized)) {
        throw new Unready(
            "%s says that the path through %s is %s"
                .formatted(asked, path.gateway(), path.state()));
      }
    }
    if (owner == null || seen.size() != cluster.gateways().size()) {
      throw new Unready(asked + " says " + paths);
    }
    return new Agreed(owner, epoch, TargetPortGroups.states(paths));
  }

  private SortedMap<Integer, String> reported(TestGateway gateway) throws Unready {
    try (Nexus nexus = Nexus.open(gateway, lun)) {
      return nexus.reportTargetPortGroups(ALLOCATION_LENGTH, true).states();
    } catch (IOException e) {
      throw new Unready(gateway + ": " + e);
    }
  }

  /** The group of each gateway, as the API of one of them has it. */
  public Map<String, Integer> groups() {
    return Await.value(
        "the target port groups of " + lun,
        BOUND,
        () -> {
          Map<String, Integer> groups = new TreeMap<>();
          TestGateway asked = cluster.serving().get(0);
          for (Path path : TestCluster.ask(() -> asked.api().paths(lun.target(), lun.number()))) {
            groups.put(path.gateway(), path.tpg());
          }
          return groups;
        });
  }
}
