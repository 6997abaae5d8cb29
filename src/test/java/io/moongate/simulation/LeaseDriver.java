package io.moongate.simulation;

import io.moongate.cluster.charter.Effect;
import io.moongate.cluster.charter.LeaseMessage;
import io.moongate.cluster.charter.LeaseProtocol;
import io.moongate.cluster.charter.Membership;
import io.moongate.cluster.charter.Seat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;

/**
 * Drives the product's {@link LeaseProtocol}, and sees the other processes for it. The membership
 * is a stand-in for Pekko's: heartbeats, which carry whom the sender misses and who is gone.
 */
final class LeaseDriver {
  /** The defaults of {@code moongate.lease} in conf/cluster.conf. */
  static final Duration LENGTH = Duration.ofSeconds(3);

  private static final long BEAT = 250 * Scheduler.MS;
  private static final long HEARTBEAT = 300 * Scheduler.MS;
  private static final long MISSED = 1_400 * Scheduler.MS;
  private static final LeaseProtocol.Settings SETTINGS =
      new LeaseProtocol.Settings(
          LENGTH, Duration.ofSeconds(1), Duration.ofMillis(500), Duration.ofSeconds(1));

  private final GatewayLife life;
  private final LeaseProtocol protocol;
  private final Map<String, Peer> peers = new TreeMap<>();
  private final Set<String> gone = new TreeSet<>();
  private Membership told;

  /** Another process, as this one sees it. */
  private static final class Peer {
    final GatewayLife life;
    long heardAt;
    Set<String> misses = Set.of();

    Peer(GatewayLife life) {
      this.life = life;
    }
  }

  LeaseDriver(GatewayLife life) {
    this.life = life;
    this.protocol = new LeaseProtocol(SETTINGS, life.incarnation(), life.process().nanoTime());
    see();
    life.process().after(1, this::heartbeat);
    life.process().after(2, () -> life.process().every(BEAT, this::beat));
  }

  boolean covers(long nanoTime) {
    return protocol.lease().covers(nanoTime);
  }

  private long now() {
    return life.process().nanoTime();
  }

  private void beat() {
    see();
    carryOut(protocol.beat(now()));
  }

  // ---- the others

  private void heartbeat() {
    Set<String> misses = missed();
    Set<String> dead = new TreeSet<>(gone);
    for (GatewayLife other : life.others()) {
      life.send(other, () -> other.lease().heard(life, misses, dead));
    }
    life.process().after(HEARTBEAT, this::heartbeat);
  }

  private Set<String> missed() {
    Set<String> missed = new TreeSet<>();
    peers.forEach(
        (incarnation, peer) -> {
          if (now() - peer.heardAt > MISSED) {
            missed.add(incarnation);
          }
        });
    return missed;
  }

  private void heard(GatewayLife from, Set<String> misses, Set<String> dead) {
    if (dead.contains(life.incarnation())) {
      life.expelled("the membership has removed it");
      return;
    }
    gone.addAll(dead);
    peers.keySet().removeAll(dead);
    if (gone.contains(from.incarnation())) {
      return;
    }
    for (Peer peer : new ArrayList<>(peers.values())) {
      if (peer.life.name().equals(from.name()) && peer.life != from) {
        leaves(peer.life.incarnation()); // A newer process at its address.
      }
    }
    Peer peer = peers.computeIfAbsent(from.incarnation(), first -> new Peer(from));
    peer.heardAt = now();
    peer.misses = misses;
    see();
  }

  private void leaves(String incarnation) {
    gone.add(incarnation);
    peers.remove(incarnation);
  }

  private static Seat seat(GatewayLife of) {
    return new Seat(of.name(), of.name() + ":2552");
  }

  /** Tells the protocol when the membership has changed. */
  private void see() {
    Set<String> missed = missed();
    Set<String> unreachable = new TreeSet<>(missed);
    peers.forEach(
        (incarnation, peer) -> {
          if (!missed.contains(incarnation)) {
            unreachable.addAll(peer.misses);
          }
        });
    List<Membership.Peer> all = new ArrayList<>();
    Map<String, GatewayLife> byAddress = new TreeMap<>();
    byAddress.put(life.name(), life);
    peers.values().forEach(peer -> byAddress.put(peer.life.name(), peer.life));
    byAddress
        .values()
        .forEach(
            each ->
                all.add(
                    new Membership.Peer(
                        each.incarnation(),
                        seat(each),
                        true,
                        each == life || !unreachable.contains(each.incarnation()))));
    Membership now = new Membership(all, gone);
    if (!now.equals(told)) {
      told = now;
      carryOut(protocol.membership(now, now()));
    }
  }

  /** Those that are within sight, in the order of their names; this process among them. */
  List<GatewayLife> reachable() {
    List<GatewayLife> all = new ArrayList<>();
    all.add(life);
    Set<String> missed = missed();
    peers.forEach(
        (incarnation, peer) -> {
          if (!missed.contains(incarnation)) {
            all.add(peer.life);
          }
        });
    all.sort((a, b) -> a.name().compareTo(b.name()));
    return all;
  }

  /** A process is proven to be gone. */
  void processGone(String incarnation) {
    leaves(incarnation);
    see();
    carryOut(protocol.gone(incarnation, now()));
  }

  // ---- what the protocol asks for

  private void carryOut(List<Effect> effects) {
    for (Effect effect : List.copyOf(effects)) {
      carryOut(effect);
    }
  }

  private void carryOut(Effect effect) {
    if (effect instanceof Effect.Send send) {
      life.others().stream()
          .filter(other -> other.incarnation().equals(send.to()))
          .forEach(other -> tell(other, send.message()));
    } else if (effect instanceof Effect.Broadcast broadcast) {
      life.others().forEach(other -> tell(other, broadcast.message()));
    } else if (effect instanceof Effect.Read) {
      ask(life.world().cassandra().ask(life.name(), life.process(), row()::read));
    } else if (effect instanceof Effect.Propose propose) {
      life.world().trace(() -> life + " proposes " + propose.charter());
      ask(
          life.world()
              .cassandra()
              .ask(life.name(), life.process(), () -> row().propose(propose.charter())));
    } else if (effect instanceof Effect.Confirm confirm) {
      ask(
          life.world()
              .cassandra()
              .ask(life.name(), life.process(), () -> row().confirm(confirm.version())));
    } else if (effect instanceof Effect.Lost) {
      life.world().trace(() -> life + " lost its lease");
      life.leaseLost();
    } else if (effect instanceof Effect.LeftOut out) {
      if (!out.incarnation().equals(life.incarnation())) {
        leaves(out.incarnation());
        see();
        life.leftOut(out.incarnation(), out.seat().name(), out.lastPingNanos());
      }
    } else if (effect instanceof Effect.End end) {
      life.expelled(end.cause());
    } else {
      life.world().trace(() -> life + " " + effect);
    }
  }

  private CharterRow row() {
    return life.world().cassandra().charter();
  }

  private void tell(GatewayLife other, LeaseMessage message) {
    life.send(other, () -> other.lease().received(message));
  }

  private void received(LeaseMessage message) {
    LeaseMessage as = message;
    if (message instanceof LeaseMessage.Pong pong
        && life.world().lacks(Mutation.LEASE_COUNTED_FROM_RECEIPT)) {
      as = new LeaseMessage.Pong(pong.from(), pong.version(), pong.inForce(), now());
    }
    carryOut(protocol.received(as, now()));
  }

  private void ask(CompletionStage<CharterRow.Content> answer) {
    var unused =
        answer.whenComplete(
            (content, failure) ->
                carryOut(
                    failure == null
                        ? protocol.row(content.charter(), content.inForce(), now())
                        : protocol.rowFailed(now())));
  }
}
