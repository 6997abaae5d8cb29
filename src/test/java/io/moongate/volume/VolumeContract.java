package io.moongate.volume;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Volume.Extent;
import io.moongate.volume.VolumeException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every store and its volumes must do. A subclass per store provides the store. */
public abstract class VolumeContract {
  private static final int SIZE = 4 << 20;
  private static final int BLOCK = 512;

  /** An empty store with room for a few of these volumes; the same one for the whole test. */
  protected abstract VolumeStore store();

  @Test
  void aNewVolumeHasItsGeometryAndReadsAsZeros() {
    Volume volume = created("fresh");
    assertEquals(SIZE, volume.geometry().size());
    assertEquals(BLOCK, volume.geometry().blockSize());
    assertArrayEquals(new byte[SIZE], read(volume, 0, SIZE));
  }

  /** A buffer may hold what was another volume's: none of that may be left. */
  @Test
  void aReadLeavesNothingOfWhatWasInTheBuffer() {
    Volume volume = created("whole");
    byte[] data = random(SIZE / 8, 3);
    get(volume.write(SIZE / 4, ByteBuffer.wrap(data), false));
    byte[] all = new byte[SIZE];
    System.arraycopy(data, 0, all, SIZE / 4, data.length);
    for (int offset : new int[] {0, SIZE / 4 - BLOCK, SIZE / 4, SIZE * 3 / 8 - BLOCK, SIZE / 2}) {
      for (int length : new int[] {BLOCK, 4096, 65_536, 131_072, SIZE / 2}) {
        for (ByteBuffer target :
            List.of(ByteBuffer.allocate(length), ByteBuffer.allocateDirect(length))) {
          while (target.hasRemaining()) {
            target.put((byte) 0x5A);
          }
          get(volume.read(offset, target.clear().duplicate()));
          assertEquals(
              -1,
              target.mismatch(ByteBuffer.wrap(all, offset, length)),
              () -> offset + ", " + target);
        }
      }
    }
  }

  @Test
  void creationCanBeRepeatedAndKeepsTheData() {
    Volume volume = created("twice");
    byte[] data = random(BLOCK, 1);
    get(volume.write(BLOCK, ByteBuffer.wrap(data), true));
    get(store().create("twice", SIZE, BLOCK));
    assertArrayEquals(data, read(volume, BLOCK, BLOCK));
  }

  @Test
  void anotherGeometryIsRefused() {
    created("taken");
    assertReason(Reason.EXISTS, store().create("taken", SIZE * 2L, BLOCK));
    assertReason(Reason.EXISTS, store().create("taken", SIZE, 4096));
  }

  @Test
  void anImpossibleGeometryIsRefused() {
    assertReason(Reason.RANGE, store().create("odd", SIZE + 1, BLOCK));
    assertReason(Reason.RANGE, store().create("odd", 0, BLOCK));
    assertReason(Reason.RANGE, store().create("odd", SIZE, 1000));
    assertReason(Reason.NOT_FOUND, store().open("odd"));
  }

  @Test
  void anAtomicWriteIsThereWhenItCompletes() {
    Volume volume = created("atomic");
    get(volume.fence(1));
    int longest = volume.geometry().atomicWrite();
    assertTrue(longest >= 256 * 4096, "at least what the conformance suite asks for");
    byte[] data = random(longest, 1);
    get(volume.writeAtomic(BLOCK, ByteBuffer.wrap(data)));
    assertArrayEquals(data, read(volume, BLOCK, longest));
    List<CompletionStage<Void>> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      many.add(volume.writeAtomic((long) i * BLOCK, ByteBuffer.wrap(random(BLOCK, i))));
    }
    many.forEach(VolumeContract::get);
    for (int i = 0; i < 100; i++) {
      assertArrayEquals(random(BLOCK, i), read(volume, (long) i * BLOCK, BLOCK));
    }
    get(volume.fence(2));
    assertArrayEquals(random(BLOCK, 7), read(volume, 7L * BLOCK, BLOCK));
    get(volume.writeAtomic(0, ByteBuffer.wrap(random(BLOCK, 5))));
    get(volume.close());
    Volume again = get(store().open("atomic"));
    get(again.fence(3));
    assertArrayEquals(random(BLOCK, 5), read(again, 0, BLOCK));
    assertReason(Reason.RANGE, again.writeAtomic(SIZE, ByteBuffer.allocate(BLOCK)));
    get(again.close());
  }

  @Test
  void whatTheStoreSaysOfItsSpaceIsNotNegative() {
    Volume volume = created("space");
    get(volume.write(0, ByteBuffer.wrap(random(1 << 20, 1)), true));
    Volume.Space space = get(volume.space());
    assertTrue(space.available().orElse(0) >= 0);
    assertTrue(space.used().orElse(1 << 20) >= 1 << 20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "../x", "a/b", ".hidden", "UPPER", "a b", "a\0", "ä"})
  void anIdThatCouldBeAPathIsRefused(String id) {
    assertReason(Reason.NOT_FOUND, store().create(id, SIZE, BLOCK));
    assertReason(Reason.NOT_FOUND, store().open(id));
    assertReason(Reason.NOT_FOUND, store().delete(id));
  }

  @Test
  void aTooLongIdIsRefused() {
    assertReason(Reason.NOT_FOUND, store().create("a".repeat(65), SIZE, BLOCK));
    get(store().create("a".repeat(64), SIZE, BLOCK));
  }

  @Test
  void deletingTakesTheDataAway() {
    Volume volume = created("gone");
    get(volume.write(0, ByteBuffer.wrap(random(BLOCK, 2)), true));
    assertReason(Reason.UNAVAILABLE, store().delete("gone"));
    get(volume.close());
    get(store().delete("gone"));
    get(store().delete("gone"));
    assertReason(Reason.NOT_FOUND, store().open("gone"));
    assertArrayEquals(new byte[BLOCK], read(created("gone"), 0, BLOCK));
  }

  @Test
  void dataIsThereAfterClosingAndOpening() {
    Volume volume = created("kept");
    byte[] data = random(64 * BLOCK, 3);
    get(volume.write(7 * BLOCK, ByteBuffer.wrap(data), false));
    get(volume.close());
    assertArrayEquals(data, read(get(store().open("kept")), 7 * BLOCK, data.length));
  }

  @Test
  void everyOperationRefusesWhatIsOutsideOrNotWholeBlocks() {
    Volume volume = created("bounds");
    List<long[]> wrong =
        List.of(
            new long[] {-BLOCK, BLOCK},
            new long[] {SIZE, BLOCK},
            new long[] {SIZE - BLOCK, 2 * BLOCK},
            new long[] {Long.MAX_VALUE - BLOCK + 1, BLOCK},
            new long[] {1, BLOCK},
            new long[] {0, BLOCK - 1});
    for (long[] range : wrong) {
      long offset = range[0];
      int length = (int) range[1];
      assertReason(Reason.RANGE, volume.read(offset, ByteBuffer.allocate(length)));
      assertReason(Reason.RANGE, volume.write(offset, ByteBuffer.allocate(length), false));
      assertReason(Reason.RANGE, volume.unmap(offset, length));
      assertReason(Reason.RANGE, volume.status(offset, length));
      assertReason(
          Reason.RANGE, volume.writeSame(offset, length, ByteBuffer.allocate(BLOCK), false));
      assertReason(
          Reason.RANGE,
          volume.compareAndWrite(
              offset, ByteBuffer.allocate(length), ByteBuffer.allocate(length), false));
    }
    assertReason(Reason.RANGE, volume.unmap(BLOCK, Long.MAX_VALUE / BLOCK * BLOCK));
    assertReason(Reason.RANGE, volume.unmap(0, -BLOCK));
    assertReason(Reason.RANGE, volume.writeSame(0, BLOCK, ByteBuffer.allocate(2 * BLOCK), false));
    assertReason(
        Reason.RANGE,
        volume.compareAndWrite(
            0, ByteBuffer.allocate(BLOCK), ByteBuffer.allocate(2 * BLOCK), false));
    assertReason(Reason.RANGE, volume.fence(-1));
  }

  @Test
  void aVolumeGrowsWhileItIsOpen() {
    Volume volume = created("grows");
    byte[] data = random(BLOCK, 5);
    get(volume.write(SIZE - BLOCK, ByteBuffer.wrap(data), true));
    long larger = 3L * SIZE + BLOCK;
    get(store().grow("grows", larger));
    get(volume.grow(larger));
    assertEquals(larger, volume.geometry().size());
    assertArrayEquals(data, read(volume, SIZE - BLOCK, BLOCK));
    assertArrayEquals(new byte[2 * SIZE + BLOCK], read(volume, SIZE, 2 * SIZE + BLOCK));
    get(volume.write(larger - BLOCK, ByteBuffer.wrap(data), true));
    assertReason(Reason.RANGE, volume.write(larger, ByteBuffer.wrap(data), true));
    get(volume.close());
    Volume again = get(store().open("grows"));
    assertEquals(larger, again.geometry().size());
    assertArrayEquals(data, read(again, larger - BLOCK, BLOCK));
  }

  /** Whether the store can provision fully. */
  protected boolean keepsSpaceReady() {
    return true;
  }

  @Test
  void aFullyProvisionedVolumeHasItsSpaceAndKeepsIt() {
    if (!keepsSpaceReady()) {
      assertReason(Reason.UNSUPPORTED, store().create("full", SIZE, BLOCK, Provisioning.FULL));
      assertReason(Reason.NOT_FOUND, store().open("full"));
      return;
    }
    get(store().create("full", SIZE, BLOCK, Provisioning.FULL));
    get(store().create("full", SIZE, BLOCK, Provisioning.FULL));
    assertReason(Reason.EXISTS, store().create("full", SIZE, BLOCK));
    created("thin");
    assertReason(Reason.EXISTS, store().create("thin", SIZE, BLOCK, Provisioning.FULL));
    Volume volume = get(store().open("full"));
    assertFalse(volume.geometry().unmap());
    assertArrayEquals(new byte[SIZE], read(volume, 0, SIZE));
    byte[] data = random(SIZE, 11);
    get(volume.write(0, ByteBuffer.wrap(data), true));
    get(volume.unmap(0, SIZE));
    assertArrayEquals(new byte[SIZE], read(volume, 0, SIZE));
    get(volume.writeSame(0, SIZE, ByteBuffer.allocate(BLOCK), false));
    assertEquals(allocatedOf(volume), List.of(SIZE));
    get(store().grow("full", 2L * SIZE));
    get(volume.grow(2L * SIZE));
    assertArrayEquals(new byte[SIZE], read(volume, SIZE, SIZE));
    assertEquals(allocatedOf(volume), List.of(2 * SIZE));
    get(volume.close());
    Volume again = get(store().open("full"));
    assertFalse(again.geometry().unmap());
    get(again.close());
    get(store().delete("full"));
    assertReason(Reason.NOT_FOUND, store().open("full"));
  }

  /**
   * How many bytes of a fully provisioned volume have space, as the store itself can tell; at least
   * as many as it has.
   */
  protected abstract List<Integer> allocatedOf(Volume volume);

  @Test
  void growingMayBeRepeatedAndNeverTakesAnythingAway() {
    Volume volume = created("steps");
    byte[] data = random(BLOCK, 6);
    get(volume.grow(2L * SIZE));
    get(volume.write(2L * SIZE - BLOCK, ByteBuffer.wrap(data), true));
    get(store().grow("steps", SIZE + BLOCK));
    get(volume.grow(SIZE));
    get(store().grow("steps", 2L * SIZE));
    assertEquals(2L * SIZE, volume.geometry().size());
    assertArrayEquals(data, read(volume, 2L * SIZE - BLOCK, BLOCK));
    get(volume.close());
    assertEquals(2L * SIZE, get(store().open("steps")).geometry().size());
  }

  @Test
  void anImpossibleGrowthIsRefused() {
    Volume volume = created("refused");
    assertReason(Reason.NOT_FOUND, store().grow("nobody", 2L * SIZE));
    assertReason(Reason.NOT_FOUND, store().grow("../x", 2L * SIZE));
    assertReason(Reason.RANGE, store().grow("refused", SIZE + 1));
    assertReason(Reason.RANGE, volume.grow(SIZE + 1));
    assertEquals(SIZE, volume.geometry().size());
    get(volume.close());
    assertReason(Reason.CLOSED, volume.grow(2L * SIZE));
  }

  @Test
  void afterANewerFenceAnOlderOwnerDoesNotGrowIt() {
    Volume volume = created("fenced");
    get(volume.fence(1));
    Volume newer = get(store().open("fenced"));
    get(newer.fence(2));
    assertReason(Reason.FENCED, volume.grow(2L * SIZE));
    get(newer.grow(2L * SIZE));
    assertEquals(2L * SIZE, newer.geometry().size());
  }

  @Test
  void manyThatGrowItAtTheSameTimeLeaveTheGreatestSize() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Volume volume = created("race");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      long greatest = SIZE;
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        long size = SIZE + (1 + random.nextInt(10_000)) * (long) BLOCK;
        greatest = Math.max(greatest, size);
        boolean byStore = random.nextBoolean();
        all.add(
            threads.submit(
                () -> {
                  get(byStore ? store().grow("race", size) : volume.grow(size));
                  byte[] last = random(BLOCK, size);
                  Volume own = get(store().open("race"));
                  assertTrue(own.geometry().size() >= size);
                  get(own.write(size - BLOCK, ByteBuffer.wrap(last), false));
                  assertArrayEquals(last, read(own, size - BLOCK, BLOCK));
                  get(own.close());
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
      Volume after = get(store().open("race"));
      assertEquals(greatest, after.geometry().size(), "seed " + seed);
      assertArrayEquals(
          random(BLOCK, greatest), read(after, greatest - BLOCK, BLOCK), "seed " + seed);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void nothingIsTransferredForAnEmptyRange() {
    Volume volume = created("empty");
    get(volume.read(SIZE, ByteBuffer.allocate(0)));
    get(volume.write(SIZE, ByteBuffer.allocate(0), true));
    get(volume.unmap(0, 0));
    get(volume.writeSame(0, 0, ByteBuffer.wrap(random(BLOCK, 4)), true));
    assertEquals(
        -1L, get(volume.compareAndWrite(0, ByteBuffer.allocate(0), ByteBuffer.allocate(0), true)));
    assertEquals(List.of(), get(volume.status(0, 0)));
  }

  @Test
  void everyKindOfBufferIsTransferredBetweenPositionAndLimit() {
    Volume volume = created("buffers");
    byte[] data = random(3 * BLOCK, 5);
    ByteBuffer direct = ByteBuffer.allocateDirect(3 * BLOCK).put(data).flip();
    get(volume.write(0, direct.position(BLOCK).limit(2 * BLOCK), false));
    assertArrayEquals(Arrays.copyOfRange(data, BLOCK, 2 * BLOCK), read(volume, 0, BLOCK));
    ByteBuffer readOnly = ByteBuffer.wrap(data, BLOCK, 2 * BLOCK).slice().asReadOnlyBuffer();
    get(volume.write(0, readOnly, false));
    ByteBuffer target = ByteBuffer.allocateDirect(4 * BLOCK);
    get(volume.read(0, target.position(BLOCK).limit(3 * BLOCK)));
    byte[] all = new byte[4 * BLOCK];
    target.clear().get(all);
    byte[] expected = new byte[4 * BLOCK];
    System.arraycopy(data, BLOCK, expected, BLOCK, 2 * BLOCK);
    assertArrayEquals(expected, all);
  }

  @Test
  void aTransferOfTheWholeVolumeIsWhole() {
    Volume volume = created("large");
    byte[] data = random(SIZE, 6);
    get(volume.write(0, ByteBuffer.wrap(data), true));
    assertArrayEquals(data, read(volume, 0, SIZE));
  }

  @Test
  void unmappedRangesReadAsZerosAndTheirNeighboursStay() {
    Volume volume = created("holes");
    byte[] data = random(SIZE, 7);
    get(volume.write(0, ByteBuffer.wrap(data), false));
    int[][] ranges = {{BLOCK, BLOCK}, {1 << 20, 1 << 20}, {SIZE - BLOCK, BLOCK}, {65_024, 1024}};
    for (int[] range : ranges) {
      get(volume.unmap(range[0], range[1]));
      Arrays.fill(data, range[0], range[0] + range[1], (byte) 0);
    }
    get(volume.flush());
    assertArrayEquals(data, read(volume, 0, SIZE));
  }

  @Test
  void writeSameRepeatsTheBlock() {
    Volume volume = created("same");
    byte[] model = random(SIZE, 8);
    get(volume.write(0, ByteBuffer.wrap(model), false));
    byte[] block = random(BLOCK, 9);
    get(volume.writeSame(3 * BLOCK, 2 << 20, ByteBuffer.wrap(block), true));
    for (int at = 3 * BLOCK; at < 3 * BLOCK + (2 << 20); at += BLOCK) {
      System.arraycopy(block, 0, model, at, BLOCK);
    }
    assertArrayEquals(model, read(volume, 0, SIZE));
    get(volume.writeSame(BLOCK, 1 << 20, ByteBuffer.allocate(BLOCK), true));
    Arrays.fill(model, BLOCK, BLOCK + (1 << 20), (byte) 0);
    assertArrayEquals(model, read(volume, 0, SIZE));
  }

  @Test
  void compareAndWriteWritesOnlyWhenEqual() {
    Volume volume = created("compare");
    byte[] before = random(4 * BLOCK, 10);
    byte[] after = random(4 * BLOCK, 11);
    get(volume.write(BLOCK, ByteBuffer.wrap(before), false));
    byte[] wrong = before.clone();
    wrong[3 * BLOCK + 17] ^= 1;
    long difference =
        get(volume.compareAndWrite(BLOCK, ByteBuffer.wrap(wrong), ByteBuffer.wrap(after), true));
    assertEquals(3 * BLOCK + 17, difference);
    assertArrayEquals(before, read(volume, BLOCK, 4 * BLOCK));
    difference =
        get(volume.compareAndWrite(BLOCK, ByteBuffer.wrap(before), ByteBuffer.wrap(after), true));
    assertEquals(-1, difference);
    assertArrayEquals(after, read(volume, BLOCK, 4 * BLOCK));
  }

  @Test
  void statusCoversTheRangeAndCallsNothingDeallocatedThatHoldsData() {
    Volume volume = created("status");
    get(volume.write(1 << 20, ByteBuffer.wrap(random(BLOCK, 12)), true));
    get(volume.write(2 << 20, ByteBuffer.wrap(random(1 << 20, 13)), true));
    List<Extent> extents = get(volume.status(BLOCK, SIZE - 2 * BLOCK));
    assertCovers(extents, BLOCK, SIZE - 2 * BLOCK);
    assertTrue(mappedAt(extents, 1 << 20));
    assertTrue(mappedAt(extents, (2 << 20) + 12_345));
    if (volume.geometry().unmap()) {
      assertFalse(mappedAt(extents, BLOCK), "never written");
      get(volume.unmap(2 << 20, 1 << 20));
      assertFalse(mappedAt(get(volume.status(0, SIZE)), 2 << 20), "unmapped");
    }
  }

  @Test
  void anOlderEpochIsRefusedAndANewerTakesOver() {
    Volume old = created("fenced");
    get(old.fence(5));
    get(old.fence(5));
    byte[] data = random(BLOCK, 14);
    get(old.write(0, ByteBuffer.wrap(data), true));
    Volume young = get(store().open("fenced"));
    assertReason(Reason.FENCED, young.fence(4));
    assertArrayEquals(data, read(old, 0, BLOCK));
    get(young.fence(6));
    assertArrayEquals(data, read(young, 0, BLOCK));
    for (CompletionStage<?> refused : everyOperation(old)) {
      assertReason(Reason.FENCED, refused);
    }
    // It never lifts its own fence: opened again it may.
    assertReason(Reason.FENCED, old.fence(7));
    get(old.close());
    Volume again = get(store().open("fenced"));
    get(again.fence(7));
    get(again.write(0, ByteBuffer.wrap(data), true));
    assertReason(Reason.FENCED, young.write(0, ByteBuffer.wrap(data), true));
  }

  @Test
  void theEpochIsRememberedAfterEverybodyClosed() {
    Volume volume = created("remember");
    get(volume.fence(Long.MAX_VALUE - 1));
    get(volume.close());
    Volume again = get(store().open("remember"));
    assertReason(Reason.FENCED, again.fence(Long.MAX_VALUE - 2));
    get(again.fence(Long.MAX_VALUE - 1));
    get(again.fence(Long.MAX_VALUE));
  }

  @Test
  void aClosedVolumeRefusesEverything() {
    Volume volume = created("closed");
    get(volume.close());
    for (CompletionStage<?> refused : everyOperation(volume)) {
      assertReason(Reason.CLOSED, refused);
    }
    assertReason(Reason.CLOSED, volume.fence(1));
    get(volume.close());
  }

  @Test
  void closingWaitsForWhatIsUnderWay() {
    Volume volume = created("closing");
    byte[] data = random(SIZE, 15);
    List<CompletionStage<Void>> writes = new ArrayList<>();
    for (int at = 0; at < SIZE; at += SIZE / 64) {
      writes.add(volume.write(at, ByteBuffer.wrap(data, at, SIZE / 64).slice(), at % 3 == 0));
    }
    get(volume.close());
    writes.forEach(write -> assertTrue(write.toCompletableFuture().isDone()));
    writes.forEach(VolumeContract::get);
    assertArrayEquals(data, read(get(store().open("closing")), 0, SIZE));
  }

  @Test
  void itDoesWhatAnArrayOfBytesDoes() {
    long seed = new Random().nextLong();
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    Random random = new Random(seed);
    Volume volume = created("model");
    byte[] model = new byte[SIZE];
    for (int step = 0; step < 1_000; step++) {
      int length = (1 + random.nextInt(random.nextInt(10) == 0 ? 2_000 : 40)) * BLOCK;
      int offset = random.nextInt((SIZE - length) / BLOCK + 1) * BLOCK;
      step(volume, model, random, offset, length, "seed " + seed + " step " + step);
      if (random.nextInt(100) == 0) {
        get(volume.close());
        volume = get(store().open("model"));
      }
    }
    assertArrayEquals(model, read(volume, 0, SIZE), "seed " + seed);
  }

  private static void step(
      Volume volume, byte[] model, Random random, int offset, int length, String where) {
    byte[] data = random(length, random.nextLong());
    boolean stable = random.nextInt(10) == 0;
    byte[] expected = Arrays.copyOfRange(model, offset, offset + length);
    switch (random.nextInt(7)) {
      case 0, 1 -> {
        get(volume.write(offset, ByteBuffer.wrap(data.clone()), stable));
        System.arraycopy(data, 0, model, offset, length);
      }
      case 2 -> assertArrayEquals(expected, read(volume, offset, length), where);
      case 3 -> {
        get(volume.unmap(offset, length));
        Arrays.fill(model, offset, offset + length, (byte) 0);
      }
      case 4 -> {
        byte[] block = random.nextBoolean() ? new byte[BLOCK] : Arrays.copyOf(data, BLOCK);
        get(volume.writeSame(offset, length, ByteBuffer.wrap(block), stable));
        for (int at = offset; at < offset + length; at += BLOCK) {
          System.arraycopy(block, 0, model, at, BLOCK);
        }
      }
      case 5 -> {
        int difference = random.nextBoolean() ? -1 : random.nextInt(length);
        if (difference >= 0) {
          expected[difference] ^= (byte) (1 + random.nextInt(255));
        }
        long found =
            get(
                volume.compareAndWrite(
                    offset, ByteBuffer.wrap(expected), ByteBuffer.wrap(data.clone()), stable));
        assertEquals(difference, found, where);
        if (difference < 0) {
          System.arraycopy(data, 0, model, offset, length);
        }
      }
      default -> {
        List<Extent> extents = get(volume.status(offset, length));
        assertCovers(extents, offset, length);
        for (Extent extent : extents) {
          for (long at = extent.offset(); at < extent.offset() + extent.length(); at++) {
            assertTrue(extent.mapped() || model[(int) at] == 0, where + " data in a hole at " + at);
          }
        }
      }
    }
  }

  @Test
  void threadsThatKeepToTheirOwnBlocksDoNotDisturbOneAnother() throws Exception {
    long seed = new Random().nextLong();
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    Volume volume = created("threads");
    int threads = 8;
    byte[] model = new byte[SIZE];
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int mine = thread;
        all.add(pool.submit(() -> interleaved(volume, model, seed + mine, mine, threads)));
      }
      for (Future<?> each : all) {
        each.get(60, SECONDS);
      }
    } finally {
      pool.shutdown();
    }
    get(volume.flush());
    assertArrayEquals(model, read(volume, 0, SIZE), "seed " + seed);
  }

  /** Writes and unmaps every n-th run of three blocks, so that all share every page with all. */
  private static void interleaved(Volume volume, byte[] model, long seed, int mine, int threads) {
    Random random = new Random(seed);
    int run = 3 * BLOCK;
    for (int step = 0; step < 400; step++) {
      int offset = (random.nextInt(SIZE / run / threads) * threads + mine) * run;
      byte[] data = random(run, random.nextLong());
      if (random.nextInt(4) == 0) {
        Arrays.fill(data, (byte) 0);
        get(volume.unmap(offset, run));
      } else {
        get(volume.write(offset, ByteBuffer.wrap(data), random.nextInt(8) == 0));
      }
      System.arraycopy(data, 0, model, offset, run);
      assertArrayEquals(data, read(volume, offset, run));
    }
  }

  protected final Volume created(String id) {
    get(store().create(id, SIZE, BLOCK));
    return get(store().open(id));
  }

  private static List<CompletionStage<?>> everyOperation(Volume volume) {
    List<Function<Volume, CompletionStage<?>>> operations =
        List.of(
            v -> v.read(0, ByteBuffer.allocate(BLOCK)),
            v -> v.write(0, ByteBuffer.allocate(BLOCK), false),
            v -> v.write(0, ByteBuffer.allocate(BLOCK), true),
            Volume::flush,
            v -> v.unmap(0, BLOCK),
            v -> v.writeSame(0, BLOCK, ByteBuffer.allocate(BLOCK), false),
            v ->
                v.compareAndWrite(0, ByteBuffer.allocate(BLOCK), ByteBuffer.allocate(BLOCK), false),
            v -> v.status(0, BLOCK));
    List<CompletionStage<?>> stages = new ArrayList<>();
    operations.forEach(operation -> stages.add(operation.apply(volume)));
    return stages;
  }

  private static void assertCovers(List<Extent> extents, long offset, long length) {
    long at = offset;
    boolean before = false;
    for (int i = 0; i < extents.size(); i++) {
      Extent extent = extents.get(i);
      assertEquals(at, extent.offset());
      assertTrue(extent.length() > 0 && extent.length() % BLOCK == 0);
      assertTrue(i == 0 || extent.mapped() != before, "neighbours of one kind are one extent");
      before = extent.mapped();
      at += extent.length();
    }
    assertEquals(offset + length, at);
  }

  private static boolean mappedAt(List<Extent> extents, long offset) {
    return extents.stream()
        .filter(e -> e.offset() <= offset && offset < e.offset() + e.length())
        .findFirst()
        .orElseThrow()
        .mapped();
  }

  protected static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  protected static byte[] read(Volume volume, long offset, int length) {
    ByteBuffer target = ByteBuffer.allocate(length);
    get(volume.read(offset, target));
    return target.array();
  }

  protected static void assertReason(Reason reason, CompletionStage<?> stage) {
    VolumeException failure = assertThrows(VolumeException.class, () -> get(stage));
    assertEquals(reason, failure.reason(), failure::toString);
  }

  protected static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().orTimeout(60, SECONDS).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof VolumeException known) {
        throw known;
      }
      throw e;
    }
  }
}
