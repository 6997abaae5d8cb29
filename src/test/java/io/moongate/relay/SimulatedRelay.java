package io.moongate.relay;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Response;
import io.moongate.scsi.Route;
import io.moongate.scsi.Status;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The relay between two processes without sockets: {@link Outstanding}, {@link OwnerClock}, {@link
 * Peer} and {@link Budget} are the product's; what its streams do with them (connect, greet, tick,
 * send, break off) is done here in their place.
 */
public final class SimulatedRelay {
  static final RelaySettings SETTINGS = TestSettings.with("tick-interval = 250 ms");

  private SimulatedRelay() {}

  /** A process, as the relay needs it. */
  public interface Place {
    /** Its monotonic clock. */
    long nanoTime();

    /** Does something after so many nanoseconds, if it lives and runs then. */
    void after(long nanos, Runnable action);
  }

  /** The bytes of one connection: each direction in order; what was sent may arrive late. */
  public interface Wire {
    void toOwner(Runnable arrival);

    void toSender(Runnable arrival);

    /** The sender resets it. */
    void reset();
  }

  private static final Peer.Connection OVER =
      new Peer.Connection() {
        @Override
        public void stop() {}

        @Override
        public void wake() {}
      };

  /** What a process keeps of those who relay to it. */
  public static final class Owner {
    private final Place place;
    private final Function<String, Optional<LogicalUnit>> units;
    private final Map<String, Peer> peers = new HashMap<>();

    private final BooleanSupplier formerProcessesGoOn;

    /**
     * Makes it.
     *
     * @param formerProcessesGoOn whether a gateway's former process may still have begun what it
     *     sent when its newer one has connected, as in the product at present
     */
    public Owner(
        Place place,
        Function<String, Optional<LogicalUnit>> units,
        BooleanSupplier formerProcessesGoOn) {
      this.place = place;
      this.units = units;
      this.formerProcessesGoOn = formerProcessesGoOn;
    }

    /** Nothing that a former process of the same gateway has sent begins from here on. */
    private void endFormer(String link) {
      if (!formerProcessesGoOn.getAsBoolean()) {
        String gateway = link.substring(0, link.lastIndexOf('p') + 1);
        peers.forEach(
            (other, peer) -> {
              if (other.startsWith(gateway) && number(other) < number(link)) {
                peer.attach(Long.MAX_VALUE, OVER);
              }
            });
      }
    }

    private static int number(String link) {
      return Integer.parseInt(link.substring(link.lastIndexOf('p') + 1));
    }

    private Peer peer(String link) {
      return peers.computeIfAbsent(link, one -> new Peer(new Budget(1024, Long.MAX_VALUE / 2)));
    }
  }

  /** A process's way to one owner. */
  public static final class Client implements Route.Forwarder {
    private final String link;
    private final Place place;
    private final Owner owner;
    private final java.util.function.Supplier<Wire> wires;
    private final BooleanSupplier answersAtOnce;
    private final Outstanding outstanding =
        new Outstanding(SETTINGS, new RelayCounts(), new Room(SETTINGS));
    private final Map<Long, Consumer<Response>> hasty = new HashMap<>();
    private long commands;
    private long connections;
    private Connection open;
    private boolean sweeping;
    private boolean ending;

    /**
     * Makes a way, and begins to connect.
     *
     * @param link names it at the owner
     * @param answersAtOnce whether it answers whenever the connection breaks, which it must not
     */
    public Client(
        String link,
        Place place,
        Owner owner,
        java.util.function.Supplier<Wire> wires,
        BooleanSupplier answersAtOnce) {
      this.link = link;
      this.place = place;
      this.owner = owner;
      this.wires = wires;
      this.answersAtOnce = answersAtOnce;
      connect();
    }

    @Override
    public void forward(String unitId, long epoch, Command command, Consumer<Response> reply) {
      Consumer<Response> once = reply;
      if (answersAtOnce.getAsBoolean()) {
        long number = commands++;
        hasty.put(number, reply);
        once =
            response -> {
              Consumer<Response> waiting = hasty.remove(number);
              if (waiting != null) {
                waiting.accept(response);
              }
            };
      }
      if (!outstanding.offer(unitId, epoch, command, place.nanoTime(), once)) {
        once.accept(Response.status(Status.BUSY));
        return;
      }
      if (open != null) {
        open.sendAll();
      }
      sweepSoon();
    }

    /** The owner's process is proven to be gone. */
    public void peerDead() {
      outstanding.ownerDead();
      ending = true;
    }

    /** Nothing more goes this way. */
    public void close() {
      ending = true;
      var unused = outstanding.close();
    }

    /** Something on the way resets the connection. */
    public void breakOff() {
      if (open != null) {
        open.lose();
      }
    }

    private void sweepSoon() {
      if (!sweeping) {
        sweeping = true;
        place.after(
            100_000_000,
            () -> {
              sweeping = false;
              outstanding.sweep(place.nanoTime());
              if (!outstanding.isEmpty()) {
                sweepSoon();
              }
            });
      }
    }

    private void connect() {
      if (!ending) {
        open = new Connection(this, ++connections, wires.get());
      }
    }
  }

  private static final class Connection implements Peer.Connection {
    private final Client client;
    private final long number;
    private final Wire wire;
    private final OwnerClock clock =
        new OwnerClock(SETTINGS.clockDrift(), SETTINGS.clockMargin().toNanos());
    private final Peer peer;
    private boolean upAtSender = true;
    private boolean welcome;
    private boolean upAtOwner;
    private long heardAt;

    Connection(Client client, long number, Wire wire) {
      this.client = client;
      this.number = number;
      this.wire = wire;
      this.peer = client.owner.peer(client.link);
      this.heardAt = client.place.nanoTime();
      wire.toOwner(this::greet);
      client.place.after(SETTINGS.handshakeTimeout().toNanos(), this::checkWelcome);
    }

    // ---- at the sender

    private void checkWelcome() {
      if (!welcome) {
        lose();
      } else {
        checkIdle();
      }
    }

    private void checkIdle() {
      if (upAtSender) {
        long silence = client.place.nanoTime() - heardAt;
        if (silence >= SETTINGS.idleTimeout().toNanos()) {
          lose();
        } else {
          client.place.after(SETTINGS.idleTimeout().toNanos() - silence, this::checkIdle);
        }
      }
    }

    private void lose() {
      if (!upAtSender) {
        return;
      }
      upAtSender = false;
      wire.reset();
      client.outstanding.disconnected(number);
      client.open = null;
      if (client.answersAtOnce.getAsBoolean()) {
        Map<Long, Consumer<Response>> waiting = new HashMap<>(client.hasty);
        client.hasty.clear();
        waiting.values().forEach(reply -> reply.accept(Response.status(Status.BUSY)));
      }
      client.place.after(SETTINGS.backoffMin().toNanos() * 4, client::connect);
    }

    private void toSender(Runnable arrival) {
      wire.toSender(
          () -> {
            if (upAtSender) {
              heardAt = client.place.nanoTime();
              arrival.run();
            }
          });
    }

    private void welcomed(long begun) {
      client.outstanding.connected(number, begun);
      welcome = true;
    }

    private void sendAll() {
      long now = client.place.nanoTime();
      boolean fresh = clock.isFresh(now, SETTINGS.tickBound().toNanos());
      if (welcome && clock.hasTicked() && !fresh) {
        client.outstanding.refuseWaiting();
      }
      while (welcome && upAtSender && fresh) {
        Relayed relayed = client.outstanding.take(number, client.place.nanoTime());
        if (relayed == null) {
          return;
        }
        long deadline = clock.translate(relayed.command.deadlineNanos());
        wire.toOwner(() -> request(relayed.id(), relayed.unitId, relayed.epoch, relayed, deadline));
      }
    }

    // ---- at the owner

    private void greet() {
      long reached = peer.attach(number, this);
      if (reached == Peer.SUPERSEDED) {
        return;
      }
      upAtOwner = true;
      client.owner.endFormer(client.link);
      toSender(() -> welcomed(reached));
      tick();
    }

    private void tick() {
      if (upAtOwner) {
        long nanos = client.owner.place.nanoTime();
        toSender(
            () -> {
              clock.tick(nanos, client.place.nanoTime());
              sendAll();
            });
        client.owner.place.after(SETTINGS.tickInterval().toNanos(), this::tick);
      }
    }

    private void request(long id, String unitId, long epoch, Relayed relayed, long deadline) {
      if (!upAtOwner) {
        return;
      }
      if (client.owner.place.nanoTime() - deadline >= 0) {
        toSender(() -> client.outstanding.replied(id, Response.status(Status.BUSY)));
        return;
      }
      if (!peer.begin(this, id)) {
        upAtOwner = false;
        return;
      }
      Command sent = relayed.command;
      Command command =
          new Command(
              sent.nexus(),
              sent.tag(),
              sent.attribute(),
              sent.cdb(),
              sent.dataOut().duplicate(),
              sent.expectedDataIn(),
              deadline);
      Consumer<Response> reply =
          response -> {
            if (upAtOwner) {
              toSender(() -> client.outstanding.replied(id, response));
            }
          };
      client
          .owner
          .units
          .apply(unitId)
          .ifPresentOrElse(
              unit -> unit.executeRelayed(epoch, command, reply),
              () -> reply.accept(Response.status(Status.BUSY)));
    }

    /** Only a message to the connection's own thread: what has arrived may come before it. */
    @Override
    public void stop() {
      client.owner.place.after(1_000_000, () -> upAtOwner = false);
    }

    @Override
    public void wake() {}
  }
}
