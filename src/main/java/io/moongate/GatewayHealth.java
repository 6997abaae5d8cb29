package io.moongate;

import io.moongate.cluster.NodeReading;
import io.moongate.cluster.VolumeStores;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.failure.Observation;
import io.moongate.management.api.Health;
import io.moongate.management.api.HealthCheck;
import io.moongate.security.TlsReading;
import io.moongate.transport.LoopReading;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How a gateway is, from what it sees of itself: a pure function. */
final class GatewayHealth {
  private static final String UP = "up";
  private static final String DEGRADED = "degraded";
  private static final String DOWN = "down";

  /** A turn of an event loop is some hundred microseconds; so long is a matter of worry. */
  private static final double LONG_TURN_SECONDS = 1;

  /** Nothing that an event loop does takes so long: it does not come back. */
  private static final double STUCK_SECONDS = 10;

  /** The keeper works several times a second; dispatchers that starve delay it. */
  private static final double KEEPER_LATE_SECONDS = 2;

  /** So long before a certificate expires somebody should have renewed it. */
  private static final Duration RENEWAL = Duration.ofDays(7);

  /** So many entities are named at most. */
  private static final int MOST_NAMED = 5;

  private GatewayHealth() {}

  /**
   * What is seen.
   *
   * @param gateway its name
   * @param started whether it has opened its portals
   * @param stopping whether it is stopping
   * @param self its entry in the view
   * @param portals how many it has
   * @param observations what it says of itself
   * @param waiting logical units of failed gateways that nobody owns yet
   * @param reached by store, whether it was reached last
   * @param stores what they said of their space
   * @param tls the files of TLS
   */
  record Seen(
      String gateway,
      boolean started,
      boolean stopping,
      NodeReading node,
      Optional<GatewayEntry> self,
      int portals,
      List<Observation> observations,
      int waiting,
      Map<String, Boolean> reached,
      List<VolumeStores.Store> stores,
      List<LoopReading> loops,
      List<TlsReading> tls) {}

  /**
   * Whether the process itself works: its event loops come back, and the lease's keeper is at work.
   * What it depends on does not matter, as a restart would not mend that.
   */
  static boolean live(NodeReading node, List<LoopReading> loops) {
    return node.keptSeconds() < STUCK_SECONDS && longestTurn(loops) < STUCK_SECONDS;
  }

  static Health of(Seen seen) {
    List<HealthCheck> checks = new ArrayList<>();
    List<String> notReady = new ArrayList<>();
    if (seen.stopping()) {
      notReady.add("it is stopping");
    } else if (!seen.started()) {
      notReady.add("it has not opened its portals yet");
    }
    checks.add(view(seen, notReady));
    checks.add(lease(seen, notReady));
    checks.add(service(seen, notReady));
    checks.add(portals(seen, notReady));
    checks.add(cassandra(seen));
    checks.add(units(seen));
    checks.add(entities(seen.node().unreadable()));
    checks.add(loops(seen, notReady));
    checks.addAll(stores(seen));
    seen.tls().forEach(files -> checks.add(tls(files)));
    String status = UP;
    for (HealthCheck check : checks) {
      status = worse(status, check.state());
    }
    return new Health(
        seen.stopping() || !seen.started() ? DOWN : status,
        seen.gateway(),
        notReady.isEmpty(),
        notReady,
        checks);
  }

  private static String worse(String one, String other) {
    return one.equals(DOWN) || other.equals(DOWN)
        ? DOWN
        : one.equals(DEGRADED) || other.equals(DEGRADED) ? DEGRADED : UP;
  }

  private static HealthCheck view(Seen seen, List<String> notReady) {
    if (seen.node().viewComplete()) {
      return new HealthCheck("view", UP, "complete");
    }
    notReady.add("its view of the cluster is not complete");
    return new HealthCheck("view", DOWN, "not complete yet");
  }

  private static HealthCheck lease(Seen seen, List<String> notReady) {
    double seconds = seen.node().leaseSeconds();
    String waits = seen.node().charterWaits();
    if (seconds > 0) {
      String detail = "%.1f s left".formatted(seconds);
      return waits.isEmpty()
          ? new HealthCheck("lease", UP, detail)
          : new HealthCheck("lease", DEGRADED, detail + "; no other charter: " + waits);
    }
    notReady.add("it has no lease");
    return new HealthCheck("lease", DOWN, waits.isEmpty() ? "none" : "none: " + waits);
  }

  private static HealthCheck service(Seen seen, List<String> notReady) {
    if (seen.self().isEmpty()) {
      return new HealthCheck("service", DOWN, "not registered yet");
    }
    GatewayEntry.Duty duty = seen.self().get().service().duty();
    if (duty == GatewayEntry.Duty.IN_SERVICE) {
      return new HealthCheck("service", UP, "in service");
    }
    String word = duty.name().toLowerCase(Locale.ROOT);
    notReady.add("it is " + word);
    return new HealthCheck("service", DEGRADED, word + ": hosts' commands are relayed");
  }

  private static HealthCheck portals(Seen seen, List<String> notReady) {
    List<String> lost =
        seen.observations().stream()
            .filter(each -> each.kind() == Observation.Kind.PORTAL_LOST)
            .map(each -> each.part() + ": " + each.detail())
            .distinct()
            .toList();
    if (lost.isEmpty()) {
      return new HealthCheck("portals", UP, seen.portals() + " open");
    }
    boolean all = lost.size() >= seen.portals();
    if (all) {
      notReady.add("it has lost its portals");
    }
    return new HealthCheck("portals", all ? DOWN : DEGRADED, String.join("; ", lost));
  }

  private static HealthCheck cassandra(Seen seen) {
    NodeReading.Cassandra cassandra = seen.node().cassandra();
    String detail = "%d of %d nodes".formatted(cassandra.connected(), cassandra.nodes());
    return cassandra.connected() == 0
        ? new HealthCheck(
            "cassandra", DEGRADED, detail + ": commands are served, changes are refused")
        : new HealthCheck(
            "cassandra", cassandra.connected() < cassandra.nodes() ? DEGRADED : UP, detail);
  }

  private static HealthCheck units(Seen seen) {
    return seen.waiting() == 0
        ? new HealthCheck("units", UP, "none waits for an owner")
        : new HealthCheck("units", DEGRADED, seen.waiting() + " wait for another owner");
  }

  private static HealthCheck entities(Map<String, String> unreadable) {
    return unreadable.isEmpty()
        ? new HealthCheck("entities", UP, "all that were asked for could be read")
        : new HealthCheck(
            "entities",
            DEGRADED,
            new TreeMap<>(unreadable)
                .entrySet().stream()
                    .limit(MOST_NAMED)
                    .map(entity -> entity.getKey() + ": " + entity.getValue())
                    .collect(
                        Collectors.joining(
                            "; ", unreadable.size() + " can't be read by this version: ", "")));
  }

  private static HealthCheck loops(Seen seen, List<String> notReady) {
    double turn = longestTurn(seen.loops());
    double kept = seen.node().keptSeconds();
    String detail = "longest turn %.1f s; lease kept %.1f s ago".formatted(turn, kept);
    if (!live(seen.node(), seen.loops())) {
      notReady.add("its threads are stuck");
      return new HealthCheck("threads", DOWN, detail);
    }
    boolean slow = turn > LONG_TURN_SECONDS || kept > KEEPER_LATE_SECONDS;
    return new HealthCheck("threads", slow ? DEGRADED : UP, detail);
  }

  private static HealthCheck tls(TlsReading files) {
    List<String> wrong = new ArrayList<>();
    files.refused().ifPresent(why -> wrong.add("changed files are not taken: " + why));
    files
        .left()
        .filter(left -> left.compareTo(RENEWAL) < 0)
        .ifPresent(
            left ->
                wrong.add(
                    left.isNegative()
                        ? "the certificate has expired"
                        : "the certificate expires in %d hours".formatted(left.toHours())));
    String name = "tls " + files.setting();
    return wrong.isEmpty()
        ? new HealthCheck(
            name,
            UP,
            files
                .left()
                .map(left -> "the certificate is valid for %d days".formatted(left.toDays()))
                .orElse("in force"))
        : new HealthCheck(name, DEGRADED, String.join("; ", wrong));
  }

  private static double longestTurn(List<LoopReading> loops) {
    return loops.stream().mapToDouble(LoopReading::turnSeconds).max().orElse(0);
  }

  private static List<HealthCheck> stores(Seen seen) {
    List<HealthCheck> checks = new ArrayList<>();
    for (Map.Entry<String, Boolean> store : new TreeMap<>(seen.reached()).entrySet()) {
      List<String> wrong = new ArrayList<>();
      if (!store.getValue()) {
        wrong.add("can't be reached");
      }
      String detail = "reached";
      for (VolumeStores.Store said : seen.stores()) {
        if (said.kind().equals(store.getKey())) {
          if (said.state() == VolumeStores.State.FULL
              || said.state() == VolumeStores.State.NEAR_FULL) {
            wrong.add(said.state().name().toLowerCase(Locale.ROOT).replace('_', ' '));
          }
          wrong.addAll(said.warnings());
          if (said.available().isPresent()) {
            detail += ", %d MiB available".formatted(said.available().getAsLong() >> 20);
          }
        }
      }
      checks.add(
          new HealthCheck(
              "store " + store.getKey(),
              wrong.isEmpty() ? UP : DEGRADED,
              wrong.isEmpty() ? detail : String.join("; ", wrong)));
    }
    List<Observation> ofUnits =
        seen.observations().stream().filter(each -> each.kind().isOfStore()).toList();
    if (!ofUnits.isEmpty()) {
      String kinds =
          ofUnits.stream()
              .collect(
                  Collectors.groupingBy(
                      each -> each.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                      TreeMap::new,
                      Collectors.counting()))
              .toString();
      checks.add(new HealthCheck("volumes", DEGRADED, "in trouble here: " + kinds));
    }
    return checks;
  }
}
