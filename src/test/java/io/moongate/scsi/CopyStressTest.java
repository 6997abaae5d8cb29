package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.states;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.CopyFixture.ListOf;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.copy.CopySettings;
import io.moongate.scsi.copy.ThirdPartyCopy;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.scsi.task.TaskLimits;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.memory.MemoryVolumeStore;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Copies between units on real threads, each client within a part of its own, while the ownership
 * moves and some copies are aborted. What ended well must be there, and what was aborted must stand
 * still from then on.
 */
@Timeout(120)
class CopyStressTest {
  private static final int BLOCK = 512;
  private static final int CLIENTS = 3;
  private static final int STEPS = 150;
  private static final int PART = 2048;
  private static final VolumeGeometry GEOMETRY =
      new VolumeGeometry((long) CLIENTS * PART * BLOCK, BLOCK, true, 4096, 0, true);
  private static final ScsiSettings SCSI =
      new ScsiSettings(
          new TaskLimits(1024, 512, 512, 1 << 24), 256 * BLOCK, 8, 1 << 20, 4, 1 << 20, false);
  private static final CopySettings COPIES =
      new CopySettings(4, 1 << 20, 8192, 3, 8, 16, 64, Duration.ofMillis(1), 2);

  private final long seed = new Random().nextLong();
  private final MemoryVolumeStore store = new MemoryVolumeStore(64L << 20);
  private final List<Volume> volumes = new ArrayList<>();
  private final List<BlockUnit> units = new ArrayList<>();
  private final ThirdPartyCopy copies =
      ThirdPartyCopy.of(
          COPIES,
          (nexus, naa) ->
              units.stream()
                  .filter(unit -> unit.identity().naa().equals(naa))
                  .findFirst()
                  .flatMap(BlockUnit::copyParty));
  private final ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
  private final AtomicInteger tags = new AtomicInteger();
  private final AtomicInteger copied = new AtomicInteger();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @Test
  void copiesAreRightOrStopped() throws Exception {
    System.out.println("CopyStressTest seed " + seed);
    for (int i = 0; i < 2; i++) {
      String id = "0b9e3d0e-32f1-4d6e-8f65-3f9de2c2a11" + i;
      store.create(id, GEOMETRY.size(), BLOCK).toCompletableFuture().get();
      Volume volume = store.open(id).toCompletableFuture().get();
      volumes.add(volume);
      UnitIdentity identity =
          new UnitIdentity(id, Naa.of(0x3123_4567_89AB_CD00L + i), "SN000" + i, "VOLUME");
      BlockUnit unit =
          new BlockUnit(
              identity,
              GEOMETRY,
              CompletableFuture::new,
              now -> true,
              UnitPeers.ALONE,
              SCSI,
              copies);
      unit.publish(states(1, 1, true), new Route.Local(volume));
      units.add(unit);
    }
    AtomicBoolean ending = new AtomicBoolean();
    Thread mover = new Thread(() -> move(new Random(seed ^ 99), ending));
    mover.start();
    List<Future<?>> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      int client = i;
      clients.add(
          threads.submit(
              () -> {
                client(client, new Random(seed + client));
                return null;
              }));
    }
    for (Future<?> client : clients) {
      client.get();
    }
    ending.set(true);
    mover.join();
    assertTrue(copied.get() > CLIENTS * STEPS / 4, () -> "seed " + seed + ": " + copied);
  }

  private void move(Random random, AtomicBoolean ending) {
    long version = 1;
    for (long epoch = 2; !ending.get(); epoch++) {
      int number = random.nextInt(2);
      BlockUnit unit = units.get(number);
      unit.publish(
          states(++version, epoch, false, AccessState.TRANSITIONING), new Route.Transition());
      for (int i = random.nextInt(2_000_000); i > 0; i--) {
        Thread.onSpinWait();
      }
      unit.publish(states(++version, epoch, true), new Route.Local(volumes.get(number)));
      for (int i = random.nextInt(4_000_000); i > 0; i--) {
        Thread.onSpinWait();
      }
    }
  }

  private byte[] part(int unit, int client) throws Exception {
    ByteBuffer all = ByteBuffer.allocate(PART * BLOCK);
    volumes.get(unit).read((long) client * PART * BLOCK, all).toCompletableFuture().get();
    return all.array();
  }

  private void client(int client, Random random) throws Exception {
    Nexus nexus = new Nexus("iqn.2026-01.io.host:" + client, client, UnitFixture.TARGET, 1);
    for (int i = 0; i < 2; i++) {
      byte[] content = new byte[PART * BLOCK];
      random.nextBytes(content);
      volumes
          .get(i)
          .write((long) client * PART * BLOCK, ByteBuffer.wrap(content), false)
          .toCompletableFuture()
          .get();
    }
    for (int step = 0; step < STEPS; step++) {
      int source = random.nextInt(2);
      int destination = random.nextInt(2);
      int count = 1 + random.nextInt(600);
      int from = random.nextInt(PART - count);
      int to = random.nextInt(PART - count);
      byte[] expected = part(destination, client);
      System.arraycopy(part(source, client), from * BLOCK, expected, to * BLOCK, count * BLOCK);
      byte[] list = list(source, destination, count, client * PART + from, client * PART + to);
      Command command =
          new Command(
              nexus,
              tags.incrementAndGet(),
              TaskAttribute.SIMPLE,
              UnitFixture.hex("8300 0000000000000000 %08x 0000".formatted(list.length)),
              ByteBuffer.wrap(list),
              0,
              System.nanoTime() + TimeUnit.SECONDS.toNanos(20));
      BlockUnit asked = units.get(random.nextInt(2));
      BlockingQueue<Optional<Response>> ends = new ArrayBlockingQueue<>(2);
      asked.execute(command, response -> ends.add(Optional.of(response)));
      if (random.nextInt(3) == 0) {
        asked.manage(
            TaskManagement.ABORT_TASK, nexus, command.tag(), done -> ends.add(Optional.empty()));
      }
      Optional<Response> end = ends.take();
      String where = "seed %d client %d step %d".formatted(seed, client, step);
      if (end.isPresent()) {
        assertEquals(Status.GOOD, end.orElseThrow().status(), where);
        assertArrayEquals(expected, part(destination, client), where);
        copied.incrementAndGet();
      } else {
        byte[] then = part(destination, client);
        for (int i = random.nextInt(200_000); i > 0; i--) {
          Thread.onSpinWait();
        }
        assertArrayEquals(then, part(destination, client), where + ": written after its abort");
      }
    }
  }

  private byte[] list(int source, int destination, int count, long from, long to) {
    String cscd = "e4000000 01030008 %s 000000000000000000000000 00 000200";
    return new ListOf()
        .id(0, 3)
        .cscd(cscd.formatted(units.get(source).identity().naa()))
        .cscd(cscd.formatted(units.get(destination).identity().naa()))
        .blocks(0, 1, count, from, to)
        .list();
  }
}
