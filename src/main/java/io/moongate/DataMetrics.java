package io.moongate;

import static io.moongate.metrics.Metric.*;

import io.moongate.cluster.VolumeStores;
import io.moongate.metrics.Samples;
import io.moongate.metrics.Source;
import io.moongate.relay.RelayClient;
import io.moongate.relay.RelayCounts;
import io.moongate.session.SessionCounts;
import io.moongate.session.SessionInfo;
import io.moongate.session.SessionRegistry;
import io.moongate.transport.LoopReading;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Sessions, the relay, stores as a whole, and event loops. */
final class DataMetrics implements Source {
  private final SessionRegistry registry;
  private final Relays relays;
  private final Stores stores;

  /** The ways to other gateways. */
  interface Relays {
    /** By gateway. */
    Map<String, RelayCounts> counts();

    /** By gateway and incarnation, with a slash in between. */
    Map<String, RelayClient> clients();
  }

  /** The stores of this gateway. */
  interface Stores {
    /** By kind, whether it was reached; those that have answered. */
    Map<String, Boolean> reached();

    /** What they said of themselves last. */
    List<VolumeStores.Store> said();
  }

  DataMetrics(SessionRegistry registry, Relays relays, Stores stores) {
    this.registry = registry;
    this.relays = relays;
    this.stores = stores;
  }

  @Override
  public void read(Samples out) {
    sessions(out);
    relays(out);
    stores(out);
    for (LoopReading loop : LoopReading.all()) {
      out.counter(LOOP_BUSY, loop.busySeconds(), loop.name());
      out.gauge(LOOP_TURN, loop.turnSeconds(), loop.name());
      out.gauge(LOOP_TASKS, loop.tasks(), loop.name());
    }
  }

  private void sessions(Samples out) {
    List<SessionInfo> sessions = registry.sessions();
    long normal = sessions.stream().filter(session -> session.targetName().isPresent()).count();
    out.gauge(SESSIONS, normal, "normal");
    out.gauge(SESSIONS, sessions.size() - normal, "discovery");
    out.gauge(SESSION_COMMANDS, sessions.stream().mapToLong(SessionInfo::commands).sum());
    out.gauge(CONNECTIONS, registry.connectionCount());
    out.gauge(MEMORY, registry.bytes());
    out.gauge(MEMORY_LIMIT, registry.byteLimit());
    SessionCounts counts = registry.counts();
    out.counter(CONNECTION_EVENTS, counts.acceptedConnections(), "accepted");
    out.counter(CONNECTION_EVENTS, counts.turnedAwayConnections(), "turned_away");
    out.counter(CONNECTION_EVENTS, counts.abandonedLogins(), "abandoned");
    out.counter(CONNECTION_EVENTS, counts.endedConnections(), "ended");
    counts.logins().forEach((status, count) -> out.counter(LOGINS, count, status));
    counts.violations().forEach((kind, count) -> out.counter(VIOLATIONS, count, kind));
  }

  private void relays(Samples out) {
    Map<String, Integer> inFlight = new HashMap<>();
    Map<String, Boolean> connected = new HashMap<>();
    relays
        .clients()
        .forEach(
            (process, client) -> {
              String peer = process.substring(0, process.indexOf('/'));
              inFlight.merge(peer, client.inFlight(), Integer::sum);
              connected.merge(peer, client.isConnected(), Boolean::logicalOr);
            });
    inFlight.forEach((peer, count) -> out.gauge(RELAY_IN_FLIGHT, count, peer));
    connected.forEach((peer, is) -> out.gauge(RELAY_CONNECTED, is ? 1 : 0, peer));
    relays
        .counts()
        .forEach(
            (peer, counts) -> {
              out.histogram(RELAY_LATENCY, counts.replies(), peer);
              out.counter(RELAY_REFUSED, counts.refusedCommands(), peer);
              out.counter(RELAY_UNANSWERED, counts.unansweredCommands(), peer);
              out.counter(RELAY_BROKEN, counts.brokenConnections(), peer);
            });
  }

  private void stores(Samples out) {
    stores.reached().forEach((store, is) -> out.gauge(STORE_REACHABLE, is ? 1 : 0, store));
    for (VolumeStores.Store store : stores.said()) {
      store.available().ifPresent(bytes -> out.gauge(STORE_AVAILABLE, bytes, store.kind()));
      for (VolumeStores.State state : VolumeStores.State.values()) {
        out.gauge(
            STORE_STATE,
            store.state() == state ? 1 : 0,
            store.kind(),
            state.name().toLowerCase(Locale.ROOT));
      }
    }
  }
}
