package io.moongate.volume.rbd;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Year;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** An owner that was succeeded is refused by Ceph itself, whatever it had under way. */
class RbdFenceIT extends PoolFixture {
  private static final int BLOCK = OldOwner.BLOCK;
  private static final int SIZE = 16 << 20;

  /** How often an owner is stopped in the middle of its writes. */
  private static final int STOPS = Integer.getInteger("moongate.rbd.stops", 3);

  private static final int RACES = Integer.getInteger("moongate.rbd.races", 10);

  private Volume opened(String id) {
    get(store.create(id, SIZE, BLOCK));
    return get(store.open(id));
  }

  @Test
  void whatWasUnderWayAndWhatComesLaterIsRefused() {
    Volume old = opened("unit");
    get(old.fence(1));
    Volume young = get(store.open("unit"));
    List<CompletionStage<Void>> underWay = new ArrayList<>();
    CompletionStage<Void> fenced = null;
    for (int i = 0; fenced == null || !fenced.toCompletableFuture().isDone(); i++) {
      underWay.add(old.write((long) (i % (SIZE / BLOCK)) * BLOCK, OldOwner.block("old"), false));
      if (i == 200) {
        fenced = young.fence(2);
      }
      if (i % 32 == 31) {
        underWay.get(i - 31).toCompletableFuture().handle((done, failure) -> null).join();
      }
    }
    get(fenced);
    fill(young, 1);
    for (int i = 0; i < 100; i++) {
      int at = i * BLOCK;
      assertReason(Reason.FENCED, old.write(at, OldOwner.block("old"), false));
    }
    underWay.forEach(RbdFenceIT::outcome);
    assertEquals(0, stale(young));
    get(old.close());
    get(young.close());
  }

  @Test
  void takingOneVolumeAwayLeavesTheOthersOfItsOwner() {
    Volume first = opened("first");
    Volume second = opened("second");
    get(first.fence(1));
    get(second.fence(1));
    try (RbdVolumeStore elsewhere = new RbdVolumeStore(pool.settings())) {
      Volume taken = get(elsewhere.open("first"));
      get(taken.fence(2));
      assertReason(Reason.FENCED, first.write(0, OldOwner.block("old"), true));
      get(second.write(0, OldOwner.block("old"), true));
      // Its old owner has another client for the next time.
      get(first.close());
      get(taken.close());
      Volume again = get(store.open("first"));
      get(again.fence(3));
      get(again.write(0, OldOwner.block("new"), true));
      get(again.close());
    }
    get(second.close());
  }

  @Test
  void whoGivesTheVolumeBackIsNotPutOnTheBlocklist() {
    String before = blocklist();
    Volume old = opened("unit");
    get(old.fence(1));
    get(old.write(0, OldOwner.block("old"), false));
    get(old.close());
    Volume young = get(store.open("unit"));
    get(young.fence(2));
    get(young.write(0, OldOwner.block("new"), false));
    assertEquals(before, blocklist());
    get(young.close());
  }

  @Test
  void whoWasFencedStaysSoForLongerThanTheMonitorsDefault() {
    String before = blocklist();
    Volume old = opened("unit");
    get(old.fence(1));
    Volume young = get(store.open("unit"));
    get(young.fence(2));
    String year = Integer.toString(Year.now(ZoneOffset.UTC).getValue() + 1);
    List<String> fenced = new ArrayList<>(blocklist().lines().toList());
    fenced.removeAll(before.lines().toList());
    assertEquals(1, fenced.size(), fenced::toString);
    assertTrue(fenced.get(0).contains(" " + year + "-"), fenced::toString);
    get(old.close());
    get(young.close());
  }

  /**
   * Another client of librbd may take the lock from an owner that is stopped, and its entry may be
   * over before that goes on: the next owner sees to the one on record, and not only to whose the
   * lock is.
   */
  @Test
  void anOwnerFromWhomSomebodyElseTookTheLockIsRefusedAllTheSame() {
    CephCluster ceph = CephCluster.shared();
    Volume old = opened("unit");
    get(old.fence(1));
    get(old.write(0, OldOwner.block("old"), false));
    ceph.ceph("config", "set", "mon", "mon_osd_blocklist_default_expire", "1");
    try {
      String image = pool.name() + "/test.unit";
      String lock = ceph.rbd("lock", "ls", image, "--format", "json");
      String address = lock.replaceAll("(?s).*\"address\":\"([^\"]*)\".*", "$1");
      String id = lock.replaceAll("(?s).*\"id\":\"([^\"]*)\".*", "$1");
      String locker = lock.replaceAll("(?s).*\"locker\":\"([^\"]*)\".*", "$1");
      ceph.rbd("lock", "rm", image, id, locker);
      for (int i = 0; blocklist().contains(address); i++) {
        assertTrue(i < 300, "the entry does not end");
        CephCluster.pause(100);
      }
      Volume young = get(store.open("unit"));
      get(young.fence(2));
      assertTrue(blocklist().contains(address), address);
      get(young.write(0, OldOwner.block("new"), false));
      assertReason(Reason.FENCED, old.read(0, ByteBuffer.allocate(BLOCK)));
      get(young.close());
      assertFalse(ceph.rbd("image-meta", "list", image).contains(Ownership.OWNER));
    } finally {
      ceph.ceph("config", "rm", "mon", "mon_osd_blocklist_default_expire");
    }
    get(old.close());
  }

  private static String blocklist() {
    return CephCluster.shared().ceph("osd", "blocklist", "ls");
  }

  /** Several come at the same time, each with its epoch. Whoever has the highest serves at last. */
  @Test
  void ofThoseThatFenceAtTheSameTimeTheNewestServes() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("RbdFenceIT seed " + seed);
    Random random = new Random(seed);
    get(store.create("unit", SIZE, BLOCK));
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      long epoch = 0;
      for (int race = 0; race < RACES; race++) {
        int fencers = 2 + random.nextInt(3);
        long newest = epoch + fencers;
        AtomicLong highest = new AtomicLong(epoch);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 1; i <= fencers; i++) {
          long mine = epoch + i;
          int delay = random.nextInt(60);
          all.add(threads.submit(() -> contend(mine, newest, delay, highest)));
        }
        for (Future<?> each : all) {
          each.get(120, SECONDS);
        }
        assertEquals(newest, highest.get(), "seed " + seed + " race " + race);
        Volume next = get(store.open("unit"));
        assertReason(Reason.FENCED, next.fence(newest - 1));
        ByteBuffer first = ByteBuffer.allocate(BLOCK);
        get(next.read(0, first));
        assertEquals(newest, first.getLong(0), "seed " + seed + " race " + race);
        get(next.close());
        epoch = newest;
      }
    } finally {
      threads.shutdown();
    }
  }

  /** Fences, and then writes its epoch to one block until it is refused or the newest. */
  private void contend(long mine, long newest, int delay, AtomicLong highest) {
    CephCluster.pause(delay);
    for (int attempt = 0; attempt < 20; attempt++) {
      Volume volume = get(store.open("unit"));
      try {
        get(volume.fence(mine));
        highest.accumulateAndGet(mine, Math::max);
        for (int i = 0; i < (mine == newest ? 300 : 100_000); i++) {
          long seen = highest.get();
          get(volume.write(0, ByteBuffer.allocate(BLOCK).putLong(0, mine), false));
          assertTrue(seen <= mine, "epoch %d wrote after %d".formatted(mine, seen));
        }
        return;
      } catch (VolumeException e) {
        assertTrue(EnumSet.of(Reason.FENCED, Reason.UNAVAILABLE).contains(e.reason()), e::toString);
        if (highest.get() > mine) {
          return;
        }
      } finally {
        get(volume.close());
      }
    }
    assertTrue(highest.get() > mine, "epoch %d never served".formatted(mine));
  }

  /**
   * A process is stopped in mid-write. The new owner writes every other block and reads the others;
   * what it has seen then is what there is after the old one has gone on.
   */
  @Test
  void whatAStoppedOwnerWritesWhenItGoesOnIsNowhere() throws Exception {
    List<Long> firstWrites = new ArrayList<>();
    for (int run = 0; run < STOPS; run++) {
      String id = "stopped" + run;
      get(store.create(id, SIZE, BLOCK));
      try (OtherProcess old = owner(id, 1, "blocks")) {
        old.awaitLine("writing");
        old.stop();
        Volume young = get(store.open(id));
        long began = System.nanoTime();
        get(young.fence(2));
        get(young.write(0, OldOwner.block("new"), false));
        firstWrites.add((System.nanoTime() - began) / 1_000_000);
        fill(young, 2);
        byte[] all = all(young);
        old.goOn();
        String ended = old.awaitLine("ended");
        assertArrayEquals(all, all(young), "run " + run);
        assertEquals("ended FENCED 0", ended, "run " + run);
        get(young.close());
      }
    }
    Collections.sort(firstWrites);
    System.out.printf(
        "%d stopped owners, 0 stale blocks; ms from the fence to the first write: %s%n",
        STOPS, firstWrites);
  }

  /**
   * A fencer is stopped wherever it is, another comes with a newer epoch, and the first goes on.
   */
  @Test
  void whoIsStoppedWhileItFencesDoesNotServeAfterwards() throws Exception {
    long seed = new Random().nextLong();
    System.out.println("RbdFenceIT seed " + seed);
    Random random = new Random(seed);
    Map<String, Integer> ends = new TreeMap<>();
    List<Long> fences = new ArrayList<>();
    for (int run = 0; run < STOPS; run++) {
      String id = "fencer" + run;
      Volume first = opened(id);
      get(first.fence(1));
      try (OtherProcess old = owner(id, 2, "fencing")) {
        old.awaitLine("fencing");
        CephCluster.pause(random.nextInt(60));
        old.stop();
        Volume young = get(store.open(id));
        long began = System.nanoTime();
        get(young.fence(3));
        fences.add((System.nanoTime() - began) / 1_000_000);
        fill(young, 2);
        byte[] all = all(young);
        old.goOn();
        ends.merge(old.awaitLine("ended"), 1, Integer::sum);
        assertArrayEquals(all, all(young), "seed " + seed + " run " + run);
        get(young.write(0, OldOwner.block("new"), false));
        get(young.close());
      }
      get(first.close());
    }
    Collections.sort(fences);
    System.out.println("fencers that were stopped: " + ends + "; ms to fence: " + fences);
    assertTrue(
        ends.keySet().stream().allMatch(Set.of("ended FENCED 0", "ended UNAVAILABLE 0")::contains),
        ends::toString);
  }

  /** What the test before would see if the lock alone were the fence. */
  @Test
  void withoutTheBlocklistStaleBlocksLand() throws Exception {
    get(store.create("advisory", SIZE, BLOCK));
    try (OtherProcess old = owner("advisory", 1, "blocks")) {
      old.awaitLine("writing");
      old.stop();
      breakOnlyTheLock("test.advisory");
      Volume young = get(store.open("advisory"));
      get(young.fence(2));
      fill(young, 1);
      old.goOn();
      for (int i = 0; stale(young) == 0; i++) {
        assertTrue(i < 100, "no stale block: the other test would not see one either");
        CephCluster.pause(50);
      }
      get(young.close());
    }
  }

  /** Without librbd, which would blocklist: that is set on the image. */
  private void breakOnlyTheLock(String name) {
    try (RadosClient client = RadosClient.connect(pool.settings())) {
      RbdImage.with(
          RbdImage.openReadOnly(client, name),
          image -> {
            ImageHeader header = new ImageHeader(client, image);
            header.takeFrom(header.holder().orElseThrow());
            header.forget(Ownership.OWNER);
            return null;
          });
    }
  }

  /** A write that lies in two objects is done or not, though its owner is killed in the middle. */
  @Test
  void anAtomicWriteOfAnOwnerThatIsKilledIsAllOrNothing() throws Exception {
    Random random = new Random();
    for (int run = 0; run < STOPS; run++) {
      String id = "killed" + run;
      get(store.create(id, SIZE, BLOCK));
      try (OtherProcess old = owner(id, 1, "atomic")) {
        old.awaitLine("writing");
        CephCluster.pause(random.nextInt(50));
        old.close();
        Volume young = get(store.open(id));
        get(young.fence(2));
        ByteBuffer found = ByteBuffer.allocate(OldOwner.ATOMIC);
        get(young.read((1 << 20) - OldOwner.ATOMIC / 2, found));
        byte[] all = new byte[OldOwner.ATOMIC];
        Arrays.fill(all, found.get(0));
        assertArrayEquals(all, found.array());
        get(young.close());
      }
    }
  }

  private OtherProcess owner(String id, long epoch, String kind) throws IOException {
    return OtherProcess.java(OldOwner.class, OldOwner.command(pool.settings(), id, epoch, kind));
  }

  /** Writes every so many-th block. */
  private static void fill(Volume volume, int every) {
    List<CompletionStage<Void>> writes = new ArrayList<>();
    for (int at = 0; at < SIZE; at += every * BLOCK) {
      writes.add(volume.write(at, OldOwner.block("new"), false));
    }
    writes.forEach(RbdFenceIT::get);
  }

  private static byte[] all(Volume volume) {
    ByteBuffer all = ByteBuffer.allocate(SIZE);
    get(volume.read(0, all));
    return all.array();
  }

  /** Blocks that aren't the new owner's. */
  private static int stale(Volume volume) {
    ByteBuffer all = ByteBuffer.wrap(all(volume));
    int stale = 0;
    for (int at = 0; at < SIZE; at += BLOCK) {
      stale += all.slice(at, BLOCK).equals(OldOwner.block("new")) ? 0 : 1;
    }
    return stale;
  }

  /** Either is fine for what was under way when it was fenced. */
  private static void outcome(CompletionStage<Void> stage) {
    try {
      get(stage);
    } catch (VolumeException e) {
      assertEquals(Reason.FENCED, e.reason(), e::toString);
    }
  }
}
