package io.moongate.simulation;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.relay.SimulatedRelay;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Route;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** The relay of one process of a gateway: to the owners of units, and for those who relay to it. */
final class Relays {
  private final GatewayLife life;
  private final Map<String, SimulatedRelay.Client> clients = new TreeMap<>();
  private final Set<String> dead = new TreeSet<>();
  private final SimulatedRelay.Owner owner;

  Relays(GatewayLife life, Function<String, Optional<LogicalUnit>> units) {
    this.life = life;
    this.owner =
        new SimulatedRelay.Owner(
            place(), units, () -> life.world().lacks(Mutation.FORMER_PROCESS_RELAYS));
  }

  private SimulatedRelay.Place place() {
    return new SimulatedRelay.Place() {
      @Override
      public long nanoTime() {
        return life.process().nanoTime();
      }

      @Override
      public void after(long nanos, Runnable action) {
        life.process().after(nanos, action);
      }
    };
  }

  Route.Forwarder to(GatewayEntry owning) {
    return clients.computeIfAbsent(owning.incarnation(), this::connectTo);
  }

  private SimulatedRelay.Client connectTo(String incarnation) {
    GatewayLife other = life.world().life(incarnation);
    SimulatedRelay.Client client =
        new SimulatedRelay.Client(
            life.incarnation(),
            place(),
            other.relays().owner,
            () -> new RelayWire(life, other),
            () -> life.world().lacks(Mutation.BROKEN_RELAY_ANSWERED_AT_ONCE));
    if (dead.contains(incarnation)) {
      client.peerDead();
    }
    return client;
  }

  /** A process begins nothing any more. */
  void peerDead(String incarnation) {
    dead.add(incarnation);
    SimulatedRelay.Client client = clients.get(incarnation);
    if (client != null) {
      client.peerDead();
    }
  }

  /** Nothing new goes to an older process of that gateway. */
  void closeOlder(GatewayEntry peer) {
    clients
        .entrySet()
        .removeIf(
            each -> {
              boolean older =
                  each.getKey().startsWith(peer.name() + "-")
                      && !each.getKey().equals(peer.incarnation());
              if (older) {
                each.getValue().close();
              }
              return older;
            });
  }

  /** Something resets the connections to owners. */
  void breakOff() {
    clients.values().forEach(SimulatedRelay.Client::breakOff);
  }
}
