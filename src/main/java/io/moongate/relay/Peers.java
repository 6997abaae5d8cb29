package io.moongate.relay;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Every link that the owner knows. A link without a connection is kept, so that its next one can be
 * told how far it came, and forgotten when there are too many: then the next is told nothing.
 */
final class Peers {
  private final RelaySettings settings;
  private final Map<UUID, Link> links = new HashMap<>();

  /** Gateway to the latest registration that has said hello. */
  private final Map<String, Long> latest = new HashMap<>();

  Peers(RelaySettings settings) {
    this.settings = settings;
  }

  /**
   * A link.
   *
   * @param sender whose it is
   * @param budget of all links of that process
   */
  private record Link(Sender sender, Budget budget, Peer peer) {
    boolean isIdle() {
      return peer.isIdle();
    }
  }

  /** A connection that was let in. */
  record Attached(Peer peer, long begun) {}

  /**
   * Makes a connection its link's current one; empty when the link has a newer, or its gateway a
   * later process. Under one lock, since two records of one link must never exist beside each
   * other; only handshakes pass here.
   *
   * <p>The first hello of a later process ends the links of those before it. Their bytes may still
   * be on the way, or unread here, and hosts send again at once through the gateway that is back:
   * what they are told is done must not be overtaken by what they had sent before.
   *
   * @throws RelayProtocolException when there are too many links
   */
  synchronized Optional<Attached> attach(Frame.Hello hello, Peer.Connection open) {
    long registration = hello.sender().registration();
    Long known = latest.get(hello.sender().gateway());
    if (known != null && registration < known) {
      return Optional.empty();
    }
    Link link = links.get(hello.link());
    if (link == null) {
      if (links.size() >= 2 * settings.maxConnections()) {
        links.values().removeIf(Link::isIdle);
      }
      if (links.size() >= 2 * settings.maxConnections()
          || (known == null && latest.size() >= 4 * settings.maxConnections())) {
        throw new RelayProtocolException("there are too many links");
      }
      Budget budget = budget(hello.sender());
      link = new Link(hello.sender(), budget, new Peer(budget));
      links.put(hello.link(), link);
    }
    if (known == null || registration > known) {
      latest.put(hello.sender().gateway(), registration);
      endFormer(hello.sender());
    }
    long begun = link.peer().attach(hello.connection(), open);
    return begun == Peer.SUPERSEDED
        ? Optional.empty()
        : Optional.of(new Attached(link.peer(), begun));
  }

  /** What may be in flight of a process, which it shares among its links. */
  private Budget budget(Sender sender) {
    return links.values().stream()
        .filter(link -> link.sender().incarnation().equals(sender.incarnation()))
        .map(Link::budget)
        .findFirst()
        .orElseGet(() -> new Budget(settings.maxInFlight(), settings.maxInFlightBytes()));
  }

  private void endFormer(Sender later) {
    for (Link link : links.values()) {
      if (link.sender().gateway().equals(later.gateway())
          && link.sender().registration() < later.registration()) {
        link.peer().end();
      }
    }
  }
}
