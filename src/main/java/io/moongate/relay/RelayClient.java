package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.Route;
import io.moongate.scsi.Status;
import io.moongate.transport.Connector;
import io.moongate.transport.Outgoing;
import io.moongate.transport.TlsLayer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one process of another gateway: relays commands to the units that it owns, over one
 * connection at a time, and connects again when that breaks. Thread-safe.
 *
 * <p>A command is answered BUSY at once when there is no room for it, when nothing of it has been
 * sent and it can't be any more, and after {@link #peerDead}. A command that may have reached the
 * owner is answered with the owner's reply, or BUSY once the owner can't begin it any more; see the
 * package's documentation. There is no task management: aborting a relayed command means to wait
 * for its reply.
 */
public final class RelayClient implements Route.Forwarder {
  private static final Logger LOG = LoggerFactory.getLogger(RelayClient.class);

  /** How exactly bounds are kept that no reply ends. */
  private static final Duration SWEEP = Duration.ofMillis(20);

  /** ILLEGAL REQUEST, INVALID FIELD IN CDB in fixed format (SPC-4 sections 4.5.3 and 4.5.6). */
  private static final byte[] INVALID_FIELD = {
    0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0, 0, 0
  };

  private final ActorSystem<?> system;
  private final RelaySettings settings;
  private final Sender sender;
  private final InetSocketAddress address;
  private final UUID ownerIncarnation;
  private final UUID link = UUID.randomUUID();
  private final Connector connector;
  private final Outstanding outstanding;
  private final RelayCounts counts;
  private final Cancellable sweeping;

  private volatile RelayStage stage;
  private volatile boolean ending;

  /** Guarded by this. */
  private long connection;

  private int failures;

  private RelayClient(
      ActorSystem<?> system,
      RelaySettings settings,
      Sender sender,
      InetSocketAddress address,
      UUID ownerIncarnation,
      RelayCounts counts) {
    this.system = system;
    this.settings = settings;
    this.sender = sender;
    this.address = address;
    this.ownerIncarnation = ownerIncarnation;
    this.connector = new Connector(system, settings.transport());
    this.counts = counts;
    this.outstanding = new Outstanding(settings, counts);
    this.sweeping =
        system
            .scheduler()
            .scheduleWithFixedDelay(SWEEP, SWEEP, this::sweep, system.executionContext());
  }

  /**
   * Begins to connect, and keeps at it until it is closed or the owner is dead.
   *
   * @param sender this gateway
   * @param host where the owner listens; resolved at each attempt
   * @param port where the owner listens
   * @param ownerIncarnation the owner's process; another one at that address is not talked to
   */
  public static RelayClient connect(
      ActorSystem<?> system,
      RelaySettings settings,
      Sender sender,
      String host,
      int port,
      UUID ownerIncarnation) {
    return connect(system, settings, sender, host, port, ownerIncarnation, new RelayCounts());
  }

  /**
   * The same.
   *
   * @param counts of the gateway that the process is of
   */
  public static RelayClient connect(
      ActorSystem<?> system,
      RelaySettings settings,
      Sender sender,
      String host,
      int port,
      UUID ownerIncarnation,
      RelayCounts counts) {
    RelayClient client =
        new RelayClient(
            system,
            settings,
            sender,
            InetSocketAddress.createUnresolved(host, port),
            ownerIncarnation,
            counts);
    client.connect();
    return client;
  }

  @Override
  public void forward(String unitId, long epoch, Command command, Consumer<Response> reply) {
    if (command.dataOut().remaining() > settings.maxData()) {
      reply.accept(tooLarge(command.dataOut().remaining()));
    } else if (outstanding.offer(unitId, epoch, command, System.nanoTime(), reply)) {
      wake();
    } else {
      reply.accept(Response.status(Status.BUSY));
    }
  }

  /** To a command whose data doesn't fit in a frame: trying again would not help. */
  static Response tooLarge(long dataOutWanted) {
    return new Response(
        Status.CHECK_CONDITION, INVALID_FIELD.clone(), ByteBuffer.allocate(0), dataOutWanted);
  }

  private void wake() {
    RelayStage current = stage;
    if (current != null) {
      current.wake();
    }
  }

  /**
   * It is certain that the owner's process begins nothing any more, for it is dead, or has no lease
   * and never gets one again: everything is answered BUSY at once, now and later.
   */
  public void peerDead() {
    outstanding.ownerDead();
    end();
  }

  /**
   * Takes no further commands, waits for those that were sent as long as the same bounds allow, and
   * then closes the connection.
   */
  public CompletionStage<Void> close() {
    return outstanding.close().thenRun(this::end);
  }

  /** Commands that take up room in this client. */
  public int inFlight() {
    return outstanding.inFlight();
  }

  /** Whether there is a connection on which commands can be sent. */
  public boolean isConnected() {
    return outstanding.isConnected();
  }

  private void end() {
    ending = true;
    RelayStage current = stage;
    if (current != null) {
      current.stop();
    }
  }

  private void sweep() {
    outstanding.sweep(System.nanoTime());
    if (ending && outstanding.isEmpty()) {
      sweeping.cancel();
    }
  }

  private synchronized void connect() {
    if (ending) {
      return;
    }
    connection++;
    Frame.Hello hello = new Frame.Hello(sender, link, connection, ownerIncarnation);
    ClientLink stages = new ClientLink(settings, outstanding, hello, this::running);
    connector
        .connect(address, settings.connectTimeout(), secured(Flow.fromGraph(stages)))
        .whenComplete(this::disconnected);
  }

  private <M> Flow<ByteString, Outgoing, M> secured(Flow<ByteString, Outgoing, M> link) {
    return settings
        .tls()
        .map(
            tls ->
                TlsLayer.before(() -> tls.client(address.getHostString(), address.getPort()), link))
        .orElse(link);
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
      LOG.info("the relay connection to {}:{} broke", address.getHostString(), address.getPort());
    } else if (failures == 1) {
      LOG.warn(
          "no relay connection to {}:{}: {}",
          address.getHostString(),
          address.getPort(),
          String.valueOf(failure));
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
