package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.security.Tls;
import io.moongate.transport.Connector;
import io.moongate.transport.Landing;
import io.moongate.transport.Outgoing;
import io.moongate.transport.TlsLayer;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of the links of a {@link RelayClient}: has one connection at a time, and connects again when
 * that breaks. Thread-safe.
 */
final class RelayLink {
  private static final Logger LOG = LoggerFactory.getLogger(RelayLink.class);

  private final ActorSystem<?> system;
  private final RelaySettings settings;
  private final Sender sender;
  private final Owner owner;
  private final UUID link = UUID.randomUUID();
  private final Outstanding outstanding;
  private final RelayCounts counts;
  private final Connector connector;
  private final int loop;

  private final AtomicBoolean begun = new AtomicBoolean();
  private volatile RelayStage stage;
  private volatile boolean ending;

  /** Guarded by this. */
  private long connection;

  private int failures;

  /**
   * A link without a connection.
   *
   * @param loop the event loop of its connections
   */
  RelayLink(
      ActorSystem<?> system,
      RelaySettings settings,
      Sender sender,
      Owner owner,
      Outstanding outstanding,
      RelayCounts counts,
      Connector connector,
      int loop) {
    this.system = system;
    this.settings = settings;
    this.sender = sender;
    this.owner = owner;
    this.outstanding = outstanding;
    this.counts = counts;
    this.connector = connector;
    this.loop = loop;
  }

  /** Takes a command over; false when there is no room or no use: then the caller answers it. */
  boolean offer(String unitId, long epoch, Command command, Consumer<Response> reply) {
    boolean taken = outstanding.offer(unitId, epoch, command, System.nanoTime(), reply);
    RelayStage current = stage;
    if (taken && current != null) {
      current.wake();
    }
    return taken;
  }

  void peerDead() {
    outstanding.ownerDead();
    end();
  }

  CompletionStage<Void> close() {
    return outstanding.close().thenRun(this::end);
  }

  boolean isConnected() {
    return outstanding.isConnected();
  }

  /** Whether commands can be sent now: there is a connection, and the owner's clock is heard. */
  boolean isUsable() {
    return outstanding.isUsable(System.nanoTime());
  }

  /** Whether they could not for as long as a command waits for that. */
  boolean isLost() {
    return outstanding.isLost(System.nanoTime());
  }

  private void end() {
    ending = true;
    RelayStage current = stage;
    if (current != null) {
      current.stop();
    }
  }

  /**
   * Answers what time has settled.
   *
   * @return whether nothing is left to be swept, now and later
   */
  boolean sweep(long nowNanos) {
    outstanding.sweep(nowNanos);
    return ending && outstanding.isEmpty();
  }

  /** Has it connect from now on, and keep at it until it ends. More than once is fine. */
  void begin() {
    if (!begun.get() && begun.compareAndSet(false, true)) {
      connect();
    }
  }

  private synchronized void connect() {
    if (ending) {
      return;
    }
    connection++;
    Frame.Hello hello = new Frame.Hello(sender, link, connection, owner.incarnation());
    Landing landing = new Landing();
    Flow<ByteString, Outgoing, CompletionStage<Boolean>> stages =
        Flow.fromGraph(new ClientLink(settings, outstanding, hello, landing, this::running));
    settings
        .tls()
        // What is behind TLS can't be received where it is wanted.
        .map(tls -> connect(TlsLayer.before(() -> client(tls), stages), new Landing()))
        .orElseGet(() -> connect(stages, landing))
        .whenComplete(this::disconnected);
  }

  private CompletionStage<Boolean> connect(
      Flow<ByteString, Outgoing, CompletionStage<Boolean>> stages, Landing landing) {
    return connector.connect(owner.address(), settings.connectTimeout(), stages, landing, loop);
  }

  private SSLEngine client(Tls tls) {
    return tls.client(owner.address().getHostString(), owner.address().getPort());
  }

  /** A connection's stage is there, which may be after the end of all this. */
  private void running(RelayStage running) {
    stage = running;
    if (ending) {
      running.stop();
    }
  }

  private synchronized void disconnected(Boolean welcomed, Throwable failure) {
    stage = null;
    boolean wasUp = Boolean.TRUE.equals(welcomed);
    failures = wasUp ? 0 : Math.min(failures + 1, 30);
    if (wasUp) {
      counts.broken();
      LOG.info("a relay connection to {} broke", owner);
    } else if (failures == 1) {
      LOG.warn("no relay connection to {}: {}", owner, String.valueOf(failure));
    }
    if (!ending) {
      system.scheduler().scheduleOnce(pause(), this::connect, system.executionContext());
    }
  }

  /** Doubles with each failure; random, so that all peers of a gateway don't come back at once. */
  private Duration pause() {
    long min = settings.backoffMin().toNanos();
    long max = settings.backoffMax().toNanos();
    long pause = Math.min(max, (long) Math.min((double) max, Math.scalb((double) min, failures)));
    return Duration.ofNanos(pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1));
  }
}
