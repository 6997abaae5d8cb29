package io.moongate.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * A sender and an owner in simulated time: their clocks drift apart, either process stops for a
 * while at any moment, connections break while their bytes still arrive. Whatever happens: the
 * owner begins to execute nothing that the sender has answered, nothing is answered twice, a
 * success is one, and in the end everything is answered.
 */
class RelaySimulationTest {
  private static final long MS = 1_000_000;

  /** How long there are commands and troubles; after that it settles. */
  private static final long BUSY_TIME = 10_000 * MS;

  private final RelaySettings settings = TestSettings.with("max-in-flight-per-unit = 1024");

  @Test
  void nothingBeginsAfterItWasAnswered() {
    long seed = new Random().nextLong();
    System.out.println("RelaySimulationTest seed " + seed);
    int[] totals = new int[4];
    for (int run = 0; run < 300; run++) {
      new World(seed + run).run(totals);
    }
    // The runs are worth something: there were successes, refusals, resolutions by handshake, and
    // executions whose reply was lost.
    System.out.printf(
        "executed %d, busy %d, settled by handshake %d, lost replies %d%n",
        totals[0], totals[1], totals[2], totals[3]);
    for (int total : totals) {
      assertTrue(total > 100, "seed " + seed);
    }
  }

  private record Event(long at, long order, boolean ofOwner, Runnable action) {}

  private final class World {
    private final long seed;
    private final Random random;
    private final PriorityQueue<Event> events =
        new PriorityQueue<>(
            (a, b) -> a.at == b.at ? Long.compare(a.order, b.order) : Long.compare(a.at, b.at));
    private final Room room = new Room(settings);
    private final Outstanding outstanding = new Outstanding(settings, new RelayCounts(), room);
    private final Peer peer = new Peer(new Budget(1024, Long.MAX_VALUE / 2));
    private final double senderRate;
    private final double ownerRate;
    private final long senderStart;
    private final long ownerStart;
    private final Map<Integer, Status> answers = new HashMap<>();
    private final Set<Integer> begun = new HashSet<>();
    private long now;
    private long order;
    private long ownerStoppedUntil;
    private long senderStoppedUntil;
    private int forwarded;
    private long connections;
    private Link link;
    private int[] totals;

    World(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      senderRate = 1 + (2 * random.nextDouble() - 1) / 12;
      ownerRate = 1 + (2 * random.nextDouble() - 1) / 12;
      senderStart = random.nextLong();
      ownerStart = random.nextLong();
    }

    private long senderNanos() {
      return senderStart + (long) (now * senderRate);
    }

    private long ownerNanos() {
      return ownerStart + (long) (now * ownerRate);
    }

    private void at(long time, boolean ofOwner, Runnable action) {
      events.add(new Event(time, order++, ofOwner, action));
    }

    private long soon(int maxMillis) {
      return now + 1 + (long) (random.nextDouble() * random.nextDouble() * maxMillis * MS);
    }

    void run(int[] sums) {
      totals = sums;
      connect();
      at(0, false, this::sweep);
      at(soon(50), false, this::forward);
      at(soon(2_000), false, this::cut);
      at(soon(4_000), false, this::stopSomebody);
      while (now < 4 * BUSY_TIME && !events.isEmpty()) {
        Event event = events.remove();
        now = Math.max(now, event.at);
        long stopped = event.ofOwner ? ownerStoppedUntil : senderStoppedUntil;
        if (now < stopped) {
          // In its old place among the others: a connection keeps its order.
          events.add(new Event(stopped, event.order, event.ofOwner, event.action));
        } else {
          event.action.run();
        }
      }
      assertEquals(forwarded, answers.size(), "seed " + seed);
      assertEquals(0, room.commands(), "seed " + seed);
    }

    private void sweep() {
      outstanding.sweep(senderNanos());
      at(now + 20 * MS, false, this::sweep);
    }

    private void stopSomebody() {
      if (now < BUSY_TIME) {
        if (random.nextInt(3) > 0) {
          ownerStoppedUntil = Math.max(ownerStoppedUntil, soon(6_000));
        } else {
          senderStoppedUntil = Math.max(senderStoppedUntil, soon(6_000));
        }
        at(soon(6_000), false, this::stopSomebody);
      }
    }

    private void cut() {
      if (now < BUSY_TIME) {
        if (link != null) {
          link.breakAtSender();
        }
        at(soon(2_000), false, this::cut);
      }
    }

    private void forward() {
      int name = forwarded++;
      long deadline = senderNanos() + (long) (random.nextDouble() * 3_000 * MS);
      boolean taken =
          outstanding.offer(
              "u",
              1,
              OutstandingTest.command(name, deadline),
              senderNanos(),
              response -> answer(name, response));
      if (!taken) {
        answer(name, Response.status(Status.BUSY));
      } else if (link != null) {
        link.sendAll();
      }
      if (now < BUSY_TIME) {
        at(soon(100), false, this::forward);
      }
    }

    private void answer(int name, Response response) {
      Status before = answers.put(name, response.status());
      assertEquals(null, before, "answered twice: seed " + seed);
      if (response.status() == Status.GOOD) {
        assertTrue(begun.contains(name), "seed " + seed);
      } else {
        totals[1]++;
        if (begun.contains(name)) {
          totals[3]++;
        }
      }
    }

    private void connect() {
      link = new Link(++connections);
    }

    /** One connection; each direction keeps its order. */
    private final class Link implements Peer.Connection {
      private final long number;
      private final OwnerClock clock =
          new OwnerClock(settings.clockDrift(), settings.clockMargin().toNanos());
      private long lastToOwner;
      private long lastToSender;
      private boolean upAtSender = true;
      private boolean welcome;
      private boolean upAtOwner = true;

      Link(long number) {
        this.number = number;
        toOwner(this::greet);
      }

      private void toOwner(Runnable arrival) {
        lastToOwner = Math.max(lastToOwner, soon(random.nextInt(20) == 0 ? 3_000 : 5));
        // What was sent arrives also after the sender has given the connection up.
        at(
            lastToOwner,
            true,
            () -> {
              if (upAtOwner) {
                arrival.run();
              }
            });
      }

      private void toSender(Runnable arrival) {
        lastToSender = Math.max(lastToSender, soon(random.nextInt(20) == 0 ? 3_000 : 5));
        at(
            lastToSender,
            false,
            () -> {
              if (upAtSender) {
                arrival.run();
              }
            });
      }

      private void greet() {
        long reached = peer.attach(number, this);
        if (reached == Peer.SUPERSEDED) {
          upAtOwner = false;
          return;
        }
        toSender(
            () -> {
              int before = answers.size();
              outstanding.connected(number, reached);
              totals[2] += answers.size() - before;
              welcome = true;
            });
        tick();
      }

      private void tick() {
        if (upAtOwner) {
          long nanos = ownerNanos();
          toSender(
              () -> {
                clock.tick(nanos, senderNanos());
                sendAll();
              });
          at(now + 100 * MS, true, this::tick);
        }
      }

      void sendAll() {
        boolean fresh = clock.isFresh(senderNanos(), settings.tickBound().toNanos());
        if (welcome && clock.hasTicked() && !fresh) {
          outstanding.refuseWaiting();
        }
        while (welcome && fresh) {
          Relayed relayed = outstanding.take(number, senderNanos());
          if (relayed == null) {
            return;
          }
          long deadline = clock.translate(relayed.command.deadlineNanos());
          toOwner(() -> request(relayed.id(), relayed.command.tag(), deadline));
        }
      }

      private void request(long id, int name, long deadline) {
        if (ownerNanos() - deadline >= 0) {
          reply(id, Response.status(Status.BUSY));
        } else if (!peer.begin(this, id)) {
          upAtOwner = false;
        } else {
          // It waits in the unit for a while; the unit looks at its deadline again.
          at(soon(1_000), true, () -> execute(id, name, deadline));
        }
      }

      private void execute(long id, int name, long deadline) {
        if (ownerNanos() - deadline >= 0) {
          reply(id, Response.status(Status.BUSY));
          return;
        }
        assertTrue(
            !answers.containsKey(name),
            () -> "began after it was answered: seed " + seed + " at " + now + " name " + name);
        begun.add(name);
        totals[0]++;
        at(soon(1_000), true, () -> reply(id, Response.good(0)));
      }

      private void reply(long id, Response response) {
        if (upAtOwner) {
          toSender(() -> outstanding.replied(id, response));
        }
      }

      private void breakAtSender() {
        upAtSender = false;
        outstanding.disconnected(number);
        link = null;
        at(soon(500), false, World.this::connect);
        // The owner hears of it late, or only by the next connection.
        if (random.nextBoolean()) {
          at(
              Math.max(lastToOwner, soon(4_000)) + 1,
              true,
              () -> {
                upAtOwner = false;
                peer.detach(this);
              });
        }
      }

      /** Only a message to the connection's own thread: what has arrived may come before it. */
      @Override
      public void stop() {
        at(soon(1_000), true, () -> upAtOwner = false);
      }

      @Override
      public void wake() {}
    }
  }
}
