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
  private final Map<UUID, Peer> links = new HashMap<>();

  Peers(RelaySettings settings) {
    this.settings = settings;
  }

  /** A connection that was let in. */
  record Attached(Peer peer, long begun) {}

  /**
   * Makes a connection its link's current one; empty when the link has a newer. Under one lock,
   * since two records of one link must never exist beside each other; only handshakes pass here.
   *
   * @throws RelayProtocolException when there are too many links
   */
  synchronized Optional<Attached> attach(Frame.Hello hello, Peer.Connection open) {
    Peer peer = links.get(hello.link());
    if (peer == null) {
      if (links.size() >= 2 * settings.maxConnections()) {
        links.values().removeIf(Peer::isIdle);
      }
      if (links.size() >= 2 * settings.maxConnections()) {
        throw new RelayProtocolException("there are too many links");
      }
      peer = new Peer(new Budget(settings.maxInFlight(), settings.maxInFlightBytes()));
      links.put(hello.link(), peer);
    }
    long begun = peer.attach(hello.connection(), open);
    return begun == Peer.SUPERSEDED ? Optional.empty() : Optional.of(new Attached(peer, begun));
  }
}
