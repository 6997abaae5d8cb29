package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.BLOCK;
import static io.moongate.scsi.UnitFixture.states;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.scsi.task.TaskLimits;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Many threads send commands that overlap while the ownership moves round and the store completes
 * late. Nothing may begin on a volume that has been drained, nothing may be executed under another
 * epoch than that of its arrival, overlapping operations may not run at a time if one of them
 * writes, what was aborted may not begin, and each command ends exactly once.
 */
@Timeout(120)
class OwnershipStressTest {
  private static final int SENDERS = 4;
  private static final int COMMANDS = 40_000;
  private static final VolumeGeometry GEOMETRY =
      new VolumeGeometry(256 * BLOCK, BLOCK, true, BLOCK, 0, true);
  private static final ScsiSettings SETTINGS =
      new ScsiSettings(
          new TaskLimits(1024, 512, 512, 1 << 24), 256 * BLOCK, 8, 1 << 20, 4, 1 << 20, false);

  private final long seed = new Random().nextLong();
  private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(2);
  private final LateMedium medium = new LateMedium(GEOMETRY, executor, seed, COMMANDS);
  private final BlockUnit unit =
      new BlockUnit(
          UnitFixture.IDENTITY,
          GEOMETRY,
          CompletableFuture::new,
          now -> true,
          UnitPeers.ALONE,
          SETTINGS);

  private final AtomicInteger numbers = new AtomicInteger();
  private final AtomicIntegerArray replies = new AtomicIntegerArray(COMMANDS);
  private final AtomicIntegerArray returned = new AtomicIntegerArray(COMMANDS);

  /** The epoch that a command's arrival stamps it with; 0 when that can't be told. */
  private final long[] stamps = new long[COMMANDS];

  private final Semaphore sent = new Semaphore(0);
  private final Semaphore outstanding = new Semaphore(256);

  /** Even while nothing is being published; {@code epochs.get(phase / 2)} is the stamp then. */
  private volatile int phase = 1;

  private final List<Long> epochs = new ArrayList<>();
  private long version;

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  /** Does something that changes the ownership; afterwards commands are stamped with the epoch. */
  private void change(long stamp, Runnable action) {
    phase = epochs.size() * 2 - 1;
    action.run();
    synchronized (epochs) {
      epochs.add(stamp);
    }
    phase = epochs.size() * 2 - 2;
  }

  private long stampOf(int stablePhase) {
    synchronized (epochs) {
      return epochs.get(stablePhase / 2);
    }
  }

  private void publish(long epoch, boolean serving, Route route) {
    change(epoch, () -> unit.publish(states(++version, epoch, serving), route));
  }

  private Route.Remote remote(Random random) {
    return new Route.Remote(
        (id, epoch, command, reply) -> {
          if (command.dataOut().hasRemaining()) {
            medium.begins(command.dataOut().getInt(0), epoch);
          }
          int micros = random.nextInt(200);
          if (micros < 50) {
            reply.accept(Response.good(command.dataOut().remaining()));
          } else {
            var unused =
                executor.schedule(
                    () -> reply.accept(Response.good(command.dataOut().remaining())),
                    micros,
                    TimeUnit.MICROSECONDS);
          }
        });
  }

  private void send(Random random) {
    int number = numbers.getAndIncrement();
    if (number >= COMMANDS) {
      return;
    }
    outstanding.acquireUninterruptibly();
    int lba = random.nextInt(252);
    int count = 1 + random.nextInt(4);
    boolean write = random.nextInt(3) > 0;
    String cdb =
        random.nextInt(40) == 0
            ? "35 00 00000000 00 0000 00"
            : (write ? "2a" : "28") + " 00 %08x 00 %04x 00".formatted(lba, count);
    ByteBuffer data = ByteBuffer.allocate(cdb.startsWith("2a") ? count * BLOCK : 0);
    if (data.hasRemaining()) {
      data.putInt(0, number);
    }
    long left = random.nextInt(10) == 0 ? random.nextInt(1_000_000) : 60_000_000_000L;
    Command command =
        new Command(
            random.nextBoolean() ? UnitFixture.NEXUS : UnitFixture.OTHER,
            number,
            random.nextInt(50) == 0 ? TaskAttribute.ORDERED : TaskAttribute.SIMPLE,
            UnitFixture.hex(cdb),
            data,
            0,
            System.nanoTime() + left);
    int before = phase;
    if (random.nextInt(5) == 0 && before % 2 == 0) {
      long epoch = stampOf(before) + random.nextInt(3) - 1;
      stamps[number] = epoch;
      unit.executeRelayed(epoch, command, reply(number));
    } else {
      unit.execute(command, reply(number));
      stamps[number] = before % 2 == 0 && before == phase ? stampOf(before) : 0;
    }
    returned.set(number, 1);
    sent.release();
  }

  private java.util.function.Consumer<Response> reply(int number) {
    return response -> {
      if (replies.incrementAndGet(number) == 1) {
        outstanding.release();
      }
      if (response.status() == Status.CHECK_CONDITION) {
        medium.violations.add("command " + number + ": " + UnitFixture.sense(response));
      }
    };
  }

  private void run(boolean resets) throws InterruptedException {
    Random random = new Random(seed);
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < SENDERS; i++) {
      Random own = new Random(seed + 1 + i);
      Thread sender =
          new Thread(
              () -> {
                while (numbers.get() < COMMANDS) {
                  send(own);
                }
                sent.release(1 << 20);
              });
      senders.add(sender);
      sender.start();
    }
    long epoch = 1;
    boolean local = false;
    int rounds = 0;
    while (numbers.get() < COMMANDS) {
      rounds++;
      long served = epoch;
      if (local) {
        CompletableFuture<Void> drained = new CompletableFuture<>();
        change(
            epoch + 1,
            () -> {
              var unused = unit.drain().whenComplete((none, failure) -> drained.complete(null));
            });
        drained.thenRun(() -> medium.drained(served)).join();
      }
      epoch++;
      if (random.nextBoolean()) {
        publish(epoch, false, new Route.Transition());
        pause(random, 30);
        if (random.nextBoolean()) {
          publish(++epoch, false, new Route.Transition());
          pause(random, 30);
        }
      }
      local = random.nextInt(3) > 0;
      publish(epoch, true, local ? new Route.Local(medium.open(epoch)) : remote(random));
      pause(random, 1000);
      if (resets && random.nextInt(3) == 0) {
        reset();
      }
    }
    for (Thread sender : senders) {
      sender.join();
    }
    publish(++epoch, true, new Route.Local(medium.open(epoch)));
    unit.drain().toCompletableFuture().join();
    medium.drained(epoch);
    publish(++epoch, true, new Route.Local(medium.open(epoch)));
    unit.drain().toCompletableFuture().join();
    System.out.println(
        "seed " + seed + ": " + rounds + " rounds, " + medium.operations() + " operations");
  }

  /** Lets some commands be sent before it goes on; fewer when their senders wait for replies. */
  private void pause(Random random, int most) throws InterruptedException {
    var unused = sent.tryAcquire(1 + random.nextInt(most), 10, TimeUnit.MILLISECONDS);
  }

  private void reset() {
    BitSet covered = new BitSet();
    for (int i = 0; i < COMMANDS; i++) {
      if (returned.get(i) == 1) {
        covered.set(i);
      }
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    unit.manage(
        TaskManagement.CLEAR_TASK_SET,
        UnitFixture.NEXUS,
        0,
        success -> {
          medium.aborted(covered);
          done.complete(null);
        });
    done.join();
    for (int i = covered.nextSetBit(0); i >= 0; i = covered.nextSetBit(i + 1)) {
      // Whoever was aborted makes room, for no reply will.
      if (replies.compareAndSet(i, 0, 1)) {
        outstanding.release();
      }
    }
  }

  private void verify(boolean resets) {
    String where = "seed " + seed;
    assertEquals(List.of(), List.copyOf(medium.violations), where);
    int executed = 0;
    for (int i = 0; i < COMMANDS; i++) {
      long under = medium.executedUnder(i);
      if (under != 0) {
        executed++;
        if (stamps[i] != 0) {
          assertEquals(stamps[i], under, where + ", epoch of command " + i);
        }
      }
      if (!resets) {
        assertEquals(1, replies.get(i), where + ", replies of command " + i);
      }
    }
    assertTrue(executed > COMMANDS / 100, where + ": only " + executed + " writes were executed");
  }

  @Test
  void theOwnershipMovesRound() throws InterruptedException {
    run(false);
    verify(false);
  }

  @Test
  void theOwnershipMovesRoundAndCommandsAreAborted() throws InterruptedException {
    run(true);
    verify(true);
  }
}
