package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Route;
import io.moongate.scsi.Status;
import io.moongate.transport.Connector;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * The way to one process of another gateway: relays commands to the units that it owns, by a few
 * links, each on an event loop of its own. A command goes by the link of the loop that it comes
 * from, so that it changes no thread on its way; but all that a nexus has under way at a time go by
 * one, so that they reach the owner in the order in which they came here (an ORDERED one waits for
 * those before it there, SAM-5 section 8). The first link connects at once, the others when
 * something comes from their loops. Thread-safe.
 *
 * <p>A command is answered BUSY at once when there is no room for it, when nothing of it has been
 * sent and it can't be any more, and after {@link #peerDead}. A command that may have reached the
 * owner is answered with the owner's reply, or BUSY once the owner can't begin it any more; see the
 * package's documentation. There is no task management: aborting a relayed command means to wait
 * for its reply.
 */
public final class RelayClient implements Route.Forwarder {
  /** How exactly bounds are kept that no reply ends. */
  private static final Duration SWEEP = Duration.ofMillis(20);

  /** ILLEGAL REQUEST, INVALID FIELD IN CDB in fixed format (SPC-4 sections 4.5.3 and 4.5.6). */
  private static final byte[] INVALID_FIELD = {
    0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0, 0, 0
  };

  private final RelaySettings settings;
  private final Room room;
  private final List<RelayLink> links;

  /** How many event loops there are, and that of the first link; the others' are the next ones. */
  private final int loops;

  private final int first;
  private final ConcurrentHashMap<Nexus, Way> ways = new ConcurrentHashMap<>();
  private final Cancellable sweeping;

  /** The link of a nexus that has commands under way. */
  private static final class Way {
    private final RelayLink link;

    /** Under way; only touched within the map's own atomic steps. */
    private int commands;

    Way(RelayLink link) {
      this.link = link;
    }
  }

  private RelayClient(
      ActorSystem<?> system,
      RelaySettings settings,
      Sender sender,
      Owner owner,
      RelayCounts counts) {
    this.settings = settings;
    this.room = new Room(settings);
    Connector connector = new Connector(system, settings.transport());
    this.loops = connector.loops();
    this.first = Math.floorMod(owner.incarnation().hashCode(), loops);
    this.links =
        IntStream.range(0, Math.min(settings.connections(), loops))
            .mapToObj(
                number ->
                    new RelayLink(
                        system,
                        settings,
                        sender,
                        owner,
                        new Outstanding(settings, counts, room),
                        counts,
                        connector,
                        (first + number) % loops))
            .toList();
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
            new Owner(InetSocketAddress.createUnresolved(host, port), ownerIncarnation),
            counts);
    client.links.get(0).begin();
    return client;
  }

  @Override
  public void forward(String unitId, long epoch, Command command, Consumer<Response> reply) {
    if (command.dataOut().remaining() > settings.maxData()) {
      reply.accept(tooLarge(command.dataOut().remaining()));
      return;
    }
    Nexus nexus = command.nexus();
    if (isStuck(ways.get(nexus))) {
      reply.accept(Response.status(Status.BUSY));
      return;
    }
    RelayLink link = enter(nexus);
    boolean taken = false;
    try {
      taken =
          link.offer(
              unitId,
              epoch,
              command,
              response -> {
                leave(nexus);
                reply.accept(response);
              });
    } finally {
      if (!taken) {
        leave(nexus);
      }
    }
    if (!taken) {
      reply.accept(Response.status(Status.BUSY));
    }
  }

  /**
   * Whether a nexus has commands under way on a link that has led nowhere for a while, and another
   * does lead there. Were more to follow, they would wait for one that may never come back, and
   * keep the nexus there; to go by another link now they may overtake what is in doubt. So it is
   * busy until that is settled, which it is by its deadline, or {@code reply-bound} after it as
   * long as the connection stands.
   */
  private boolean isStuck(Way way) {
    return way != null && way.link.isLost() && links.stream().anyMatch(RelayLink::isUsable);
  }

  private RelayLink enter(Nexus nexus) {
    return ways.compute(
            nexus,
            (same, known) -> {
              Way way = known == null ? new Way(link(nexus)) : known;
              way.commands++;
              return way;
            })
        .link;
  }

  private void leave(Nexus nexus) {
    ways.computeIfPresent(nexus, (same, way) -> --way.commands == 0 ? null : way);
  }

  /** That of this thread; another one while that leads nowhere. */
  private RelayLink link(Nexus nexus) {
    int loop = Connector.here();
    int number = loop < 0 ? nexus.hashCode() : Math.floorMod(loop - first, loops);
    RelayLink own = links.get(Math.floorMod(number, links.size()));
    own.begin();
    if (own.isUsable()) {
      return own;
    }
    List<RelayLink> usable = links.stream().filter(RelayLink::isUsable).toList();
    // With none that is, the first was begun the longest ago.
    return usable.isEmpty() ? links.get(0) : usable.get(Math.floorMod(number, usable.size()));
  }

  /** To a command whose data doesn't fit in a frame: trying again would not help. */
  static Response tooLarge(long dataOutWanted) {
    return new Response(
        Status.CHECK_CONDITION, INVALID_FIELD.clone(), ByteBuffer.allocate(0), dataOutWanted);
  }

  /**
   * It is certain that the owner's process begins nothing any more, for it is dead, or has no lease
   * and never gets one again: everything is answered BUSY at once, now and later.
   */
  public void peerDead() {
    links.forEach(RelayLink::peerDead);
  }

  /**
   * Takes no further commands, waits for those that were sent as long as the same bounds allow, and
   * then closes the connections.
   */
  public CompletionStage<Void> close() {
    return CompletableFuture.allOf(
        links.stream()
            .map(RelayLink::close)
            .map(CompletionStage::toCompletableFuture)
            .toArray(CompletableFuture[]::new));
  }

  /** Commands that take up room in this client. */
  public int inFlight() {
    return room.commands();
  }

  /** Whether there is a connection on which commands can be sent. */
  public boolean isConnected() {
    return connections() > 0;
  }

  /** Nexuses that have commands under way. */
  int nexuses() {
    return ways.size();
  }

  /** Those that there are. */
  int connections() {
    return (int) links.stream().filter(RelayLink::isConnected).count();
  }

  private void sweep() {
    long now = System.nanoTime();
    boolean over = true;
    for (RelayLink link : links) {
      over &= link.sweep(now);
    }
    if (over) {
      sweeping.cancel();
    }
  }
}
