package io.moongate.volume.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.moongate.volume.Provisioning;
import io.moongate.volume.StoreStatus;
import io.moongate.volume.StoredVolume;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeContract;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeStore;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileVolumeTest extends VolumeContract {
  @TempDir Path directory;
  private FileVolumeStore store;

  @BeforeEach
  void open() throws IOException {
    store = newStore();
  }

  @AfterEach
  void close() {
    store.close();
  }

  private FileVolumeStore newStore() throws IOException {
    return new FileVolumeStore(new FileStoreSettings(directory, 8, 4096, Duration.ofSeconds(30)));
  }

  private static void reject(Runnable task) {
    throw new RejectedExecutionException("the queue is full");
  }

  @Override
  protected VolumeStore store() {
    return store;
  }

  @Override
  protected List<Integer> allocatedOf(Volume volume) {
    // What an image takes, in sectors of 512 bytes, is an attribute of every file on Unix.
    try {
      Path image = directory.resolve("full").resolve("volume.img");
      Number kilobytes = kilobytesOf(image);
      long size = volume.geometry().size();
      return List.of((int) Math.min(size, kilobytes.longValue() * 1024));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Number kilobytesOf(Path file) throws IOException {
    Process process =
        new ProcessBuilder("du", "-k", file.toString()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    return Long.parseLong(output.split("\\s+")[0]);
  }

  @Test
  void whatIsFullyProvisionedIsRefusedWhereThereIsNoRoomAndLeavesNothing() throws IOException {
    long free = Files.getFileStore(directory).getUsableSpace();
    long tooMuch = Math.max(free, 1L << 40) / 512 * 512 * 2;
    assertReason(Reason.FULL, store.create("full", tooMuch, 512, Provisioning.FULL));
    assertReason(Reason.NOT_FOUND, store.open("full"));
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(List.of(), left.toList());
    }
    get(store.create("full", 1 << 20, 512, Provisioning.FULL));
    assertReason(Reason.FULL, store.grow("full", tooMuch));
    Volume volume = get(store.open("full"));
    assertEquals(1 << 20, volume.geometry().size());
    assertEquals(1 << 20, Files.size(directory.resolve("full").resolve("volume.img")));
    get(volume.close());
  }

  @Test
  void anotherProcessFindsTheDataAndTheEpoch() throws IOException {
    Volume volume = created("shared");
    get(volume.fence(3));
    byte[] data = random(8192, 1);
    get(volume.write(4096, ByteBuffer.wrap(data), true));
    try (FileVolumeStore other = newStore()) {
      Volume theirs = get(other.open("shared"));
      assertReason(Reason.FENCED, theirs.fence(2));
      get(theirs.fence(4));
      assertArrayEquals(data, read(theirs, 4096, 8192));
      assertReason(Reason.FENCED, volume.write(4096, ByteBuffer.wrap(data), true));
      assertReason(Reason.FENCED, volume.read(4096, ByteBuffer.allocate(512)));
      get(theirs.close());
    }
    assertReason(Reason.FENCED, volume.fence(5));
    get(volume.close());
  }

  @Test
  void oneEpochIsOnRecordHoweverManyThereWere() throws IOException {
    Volume volume = created("records");
    for (long epoch : new long[] {1, 2, 2, 9}) {
      get(volume.fence(epoch));
    }
    try (Stream<Path> files = Files.list(directory.resolve("records"))) {
      List<String> records =
          files.map(file -> file.getFileName().toString()).filter(n -> n.startsWith("e")).toList();
      assertEquals(1, records.size(), records::toString);
      assertTrue(records.get(0).startsWith("epoch-0000000000000000009-"), records::toString);
    }
  }

  @Test
  void aVolumeThatAnotherProcessDeletesIsRefused() throws IOException {
    Volume volume = created("deleted");
    try (FileVolumeStore other = newStore()) {
      get(other.delete("deleted"));
    }
    assertReason(Reason.FENCED, volume.write(0, ByteBuffer.allocate(512), false));
    get(store.create("deleted", 4 << 20, 512));
    assertReason(Reason.FENCED, volume.write(0, ByteBuffer.allocate(512), false));
  }

  @Test
  void leftoversOfAnInterruptedDeletionAreSwept() throws IOException {
    get(created("left").close());
    Path grave = directory.resolve(".deleted-left-x");
    Files.move(directory.resolve("left"), grave);
    newStore().close();
    assertFalse(Files.exists(grave));
  }

  @Test
  void aDamagedVolumeIsNotOpened() throws IOException {
    get(created("damaged").close());
    Path geometry = directory.resolve("damaged").resolve("geometry");
    String text = Files.readString(geometry);
    Files.writeString(geometry, text.replace("size=4194304", "size=4194816"));
    assertReason(Reason.IO, store.open("damaged"));
    Files.writeString(geometry, text);
    get(get(store.open("damaged")).close());
    try (var image =
        Files.newByteChannel(
            directory.resolve("damaged").resolve("volume.img"), StandardOpenOption.WRITE)) {
      image.truncate(512);
    }
    assertReason(Reason.IO, store.open("damaged"));
  }

  @Test
  void anInterruptedGrowthLeavesAUsableVolumeAndIsRepeated() throws IOException {
    Volume volume = created("growing");
    byte[] data = random(512, 7);
    get(volume.write((4 << 20) - 512, ByteBuffer.wrap(data), true));
    get(volume.close());
    // The image has grown, and the gateway died before that was recorded.
    Path image = directory.toRealPath().resolve("growing").resolve("volume.img");
    try (ImageFile file = ImageFile.open(image)) {
      file.extend(8 << 20);
    }
    Volume again = get(store.open("growing"));
    assertEquals(4 << 20, again.geometry().size());
    assertArrayEquals(data, read(again, (4 << 20) - 512, 512));
    assertReason(Reason.RANGE, again.read(4 << 20, ByteBuffer.allocate(512)));
    get(again.grow(6 << 20));
    assertEquals(8 << 20, Files.size(image), "nothing makes the image shorter");
    get(store.grow("growing", 8 << 20));
    get(again.grow(8 << 20));
    assertArrayEquals(new byte[4 << 20], read(again, 4 << 20, 4 << 20));
    get(again.close());
    try (FileVolumeStore other = newStore()) {
      assertEquals(8 << 20, get(other.open("growing")).geometry().size());
    }
  }

  @Test
  void anImageThatIsShorterThanWhatIsRecordedIsNotOpened() throws IOException {
    get(created("lost").close());
    get(store.grow("lost", 8 << 20));
    try (var image =
        Files.newByteChannel(
            directory.resolve("lost").resolve("volume.img"), StandardOpenOption.WRITE)) {
      image.truncate(4 << 20);
    }
    assertReason(Reason.IO, store.open("lost"));
  }

  @Test
  void foreignFilesAreNoRecordsOfASize() throws IOException {
    get(created("foreign").close());
    for (String name : List.of("size-9999999999999999999", "size-1", "size-x", "size-")) {
      Files.createFile(directory.resolve("foreign").resolve(name));
    }
    assertEquals(4 << 20, get(store.open("foreign")).geometry().size());
  }

  @Test
  void aSizeThatTheFileSystemCannotHoldIsRefusedAsSuch() throws IOException {
    Volume volume = created("limit");
    long most = Long.MAX_VALUE / 512 * 512;
    boolean holds;
    try (var probe = new java.io.RandomAccessFile(directory.resolve("probe").toFile(), "rw")) {
      probe.setLength(most);
      holds = true;
    } catch (IOException tooLarge) {
      holds = false;
    }
    Assumptions.assumeFalse(holds, "this file system holds 8 EiB");
    assertReason(Reason.UNSUPPORTED, store.create("huge", most, 512));
    assertReason(Reason.NOT_FOUND, store.open("huge"));
    assertReason(Reason.UNSUPPORTED, store.grow("limit", most));
    assertReason(Reason.UNSUPPORTED, volume.grow(most));
    assertEquals(4 << 20, volume.geometry().size());
    get(volume.write(0, ByteBuffer.allocate(512), true));
  }

  @Test
  void aLinkInPlaceOfTheImageIsNotFollowed() throws IOException {
    get(created("link").close());
    Path image = directory.resolve("link").resolve("volume.img");
    Path elsewhere = directory.resolve("elsewhere");
    Files.move(image, elsewhere);
    Files.createSymbolicLink(image, elsewhere);
    assertReason(Reason.IO, store.open("link"));
  }

  @Test
  void unmappingGivesSpaceBack() throws IOException {
    Assumptions.assumeTrue(Libc.AVAILABLE);
    Volume volume = created("space");
    get(volume.write(0, ByteBuffer.wrap(random(4 << 20, 2)), true));
    get(volume.unmap(0, 4 << 20));
    get(volume.flush());
    assertEquals(List.of(new Volume.Extent(0, 4 << 20, false)), get(volume.status(0, 4 << 20)));
  }

  @Test
  void noSpaceLeftIsToldApartFromAFailedMedium() throws IOException {
    Path full = Path.of("/dev/full");
    Assumptions.assumeTrue(Libc.AVAILABLE && Files.isWritable(full));
    try (ImageFile image = ImageFile.open(full)) {
      for (int length : new int[] {512, 3 << 20}) {
        ByteBuffer source = ByteBuffer.allocate(length);
        VolumeException failure = assertThrows(VolumeException.class, () -> image.write(0, source));
        assertEquals(Reason.FULL, failure.reason());
        assertEquals(length, source.limit());
      }
    }
  }

  @Test
  void withoutTheCLibraryUnmappedRangesReadAsZerosAllTheSame() throws IOException {
    get(store.create("plain", 4 << 20, 512));
    Path path = directory.resolve("plain").resolve("volume.img");
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try (ImageFile image = new ImageFile(channel, -1)) {
      byte[] model = random(4 << 20, 4);
      image.write(0, ByteBuffer.wrap(model));
      image.deallocate(512, 3 << 20);
      image.zero(3_500_032, 1024);
      Arrays.fill(model, 512, 512 + (3 << 20), (byte) 0);
      Arrays.fill(model, 3_500_032, 3_500_032 + 1024, (byte) 0);
      ByteBuffer all = ByteBuffer.allocate(4 << 20);
      image.read(0, all);
      assertArrayEquals(model, all.array());
      assertEquals(List.of(new Volume.Extent(0, 4 << 20, true)), image.extents(0, 4 << 20, 512));
    }
  }

  @Test
  void afterAFailedSyncEveryWriteFailsUntilTheVolumeIsOpenedAgain() throws IOException {
    get(store.create("failing", 1 << 20, 512));
    VolumeDirectory files = VolumeDirectory.open(directory.toRealPath(), "failing");
    ImageFile image = ImageFile.open(files.image());
    CountDownLatch released = new CountDownLatch(1);
    Volume volume =
        new FileVolume(
            files,
            "failing",
            image,
            new VolumeGeometry(1 << 20, 512, true, 4096, 0, true),
            new GroupCommit(
                () -> {
                  throw new IOException("the disk is gone");
                }),
            Runnable::run,
            Runnable::run,
            Files.getFileStore(files.path()),
            () -> false,
            released::countDown);
    byte[] data = random(512, 3);
    get(volume.write(0, ByteBuffer.wrap(data), false));
    assertReason(Reason.LOST, volume.write(512, ByteBuffer.wrap(data), true));
    assertReason(Reason.LOST, volume.write(1024, ByteBuffer.wrap(data), false));
    assertReason(Reason.LOST, volume.flush());
    assertTrue(volume.health().lost());
    assertReason(Reason.LOST, volume.unmap(0, 512));
    assertReason(Reason.LOST, volume.writeSame(0, 512, ByteBuffer.wrap(data), false));
    assertReason(
        Reason.LOST,
        volume.compareAndWrite(0, ByteBuffer.wrap(data), ByteBuffer.wrap(data), false));
    assertArrayEquals(data, read(volume, 0, 512));
    assertReason(Reason.LOST, volume.close());
    assertEquals(0, released.getCount());
    Volume again = get(store.open("failing"));
    get(again.write(0, ByteBuffer.wrap(data), true));
    get(again.close());
  }

  @Test
  void itCountsHowItsOperationsGo() throws IOException {
    get(store.create("counted", 1 << 20, 512));
    Volume volume = get(store.open("counted"));
    get(volume.write(0, ByteBuffer.wrap(random(512, 3)), false));
    assertReason(Reason.RANGE, volume.read(1 << 20, ByteBuffer.allocate(512)));
    Volume.Health well = settled(volume);
    assertEquals(
        "0 1 0", well.underWay() + " " + well.counted() + " " + well.failed(), "refused before");
    assertTrue(well.nanos() > 0);
    try (FileChannel image =
        FileChannel.open(
            directory.resolve("counted").resolve("volume.img"), StandardOpenOption.WRITE)) {
      image.truncate(0);
    }
    assertReason(Reason.IO, volume.read(0, ByteBuffer.allocate(512)));
    assertReason(Reason.IO, volume.read(0, ByteBuffer.allocate(512)));
    get(volume.flush());
    Volume.Health badly = settled(volume);
    assertEquals(
        "0 4 2 1",
        "%d %d %d %d".formatted(badly.underWay(), badly.ended(), badly.counted(), badly.failed()),
        "the same place once, and a flush is not counted");
    assertFalse(badly.lost());
    get(volume.close());
  }

  /** An operation is answered a moment before it is counted. */
  private static Volume.Health settled(Volume volume) {
    Volume.Health health = volume.health();
    while (health.underWay() > 0) {
      Thread.onSpinWait();
      health = volume.health();
    }
    return health;
  }

  @Test
  void withTooMuchToDoItIsOverloaded() throws IOException {
    get(store.create("queue", 1 << 20, 512));
    VolumeDirectory files = VolumeDirectory.open(directory.toRealPath(), "queue");
    Volume volume =
        new FileVolume(
            files,
            "queue",
            ImageFile.open(files.image()),
            new VolumeGeometry(1 << 20, 512, true, 4096, 0, true),
            new GroupCommit(() -> {}),
            FileVolumeTest::reject,
            FileVolumeTest::reject,
            Files.getFileStore(files.path()),
            () -> false,
            () -> {});
    assertReason(Reason.OVERLOADED, volume.read(0, ByteBuffer.allocate(512)));
    assertReason(Reason.OVERLOADED, volume.flush());
    assertEquals(0, volume.health().failed(), "that is nothing against the store");
    get(volume.close());
  }

  /** Two clusters that were restored from one export count epochs alike, and so do two replays. */
  @Test
  void whoeverRecordsTheSameEpochLaterTakesOver() throws IOException {
    get(store.create("twice", 1 << 20, 512));
    byte[] data = random(512, 8);
    Volume first = get(store.open("twice"));
    get(first.fence(3));
    get(first.write(0, ByteBuffer.wrap(data), true));
    try (FileVolumeStore elsewhere = newStore()) {
      for (int i = 0; i < 3; i++) {
        Volume second = get(elsewhere.open("twice"));
        get(second.fence(3));
        assertReason(Reason.FENCED, first.write(0, ByteBuffer.wrap(data), true));
        assertReason(Reason.FENCED, first.read(0, ByteBuffer.allocate(512)));
        assertReason(Reason.FENCED, first.fence(3));
        assertArrayEquals(data, read(second, 0, 512));
        get(first.close());
        first = second;
      }
      get(first.close());
    }
  }

  @Test
  void ofThoseThatRecordTheSameEpochAtTheSameTimeOneServes() throws Exception {
    get(store.create("contended", 1 << 20, 512));
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int epoch = 1; epoch <= 50; epoch++) {
        List<Volume> volumes = new ArrayList<>();
        List<Future<Boolean>> fenced = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          Volume volume = get(store.open("contended"));
          volumes.add(volume);
          long same = epoch;
          fenced.add(threads.submit(() -> isFenced(volume, same)));
        }
        for (Future<Boolean> each : fenced) {
          each.get();
        }
        int serving = 0;
        for (Volume each : volumes) {
          serving += writes(each) ? 1 : 0;
        }
        assertTrue(serving <= 1, serving + " serve at epoch " + epoch);
        for (Volume each : volumes) {
          get(each.close());
        }
        // Whatever has happened, there is a record, and the next one takes over.
        Volume next = get(store.open("contended"));
        get(next.fence(epoch));
        assertTrue(writes(next));
        get(next.close());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static boolean isFenced(Volume volume, long epoch) {
    try {
      get(volume.fence(epoch));
      return true;
    } catch (VolumeException e) {
      assertEquals(Reason.FENCED, e.reason());
      return false;
    }
  }

  /** Without an epoch of its own a volume is served by whoever has it open. */
  private static boolean writes(Volume volume) {
    try {
      get(volume.write(0, ByteBuffer.allocate(512), false));
      return true;
    } catch (VolumeException e) {
      assertEquals(Reason.FENCED, e.reason());
      return false;
    }
  }

  @Test
  void aClosedStoreIsUnavailable() throws IOException {
    Volume volume = created("late");
    store.close();
    assertReason(Reason.OVERLOADED, volume.read(0, ByteBuffer.allocate(512)));
    assertReason(Reason.UNAVAILABLE, store.open("late"));
    get(volume.close());
  }

  @Test
  void theDefaultsAreValid() {
    FileStoreSettings settings =
        FileStoreSettings.from(ConfigFactory.parseFile(new File("conf/volume.conf")).resolve());
    assertEquals(16, settings.threads());
  }

  @Test
  void volumesAreListedInPages() throws IOException {
    for (String id : List.of("c", "a", "b")) {
      get(store.create(id, 1 << 20, 512));
    }
    get(store.grow("b", 2 << 20));
    Files.createDirectory(directory.resolve("something-else"));
    Files.writeString(directory.resolve("a").resolve("geometry"), "nonsense");
    List<StoredVolume> first = get(store.list("", 2));
    assertEquals(List.of("a", "b"), first.stream().map(StoredVolume::name).toList());
    assertEquals(OptionalLong.empty(), first.get(0).size());
    assertTrue(first.get(0).obstacle().orElseThrow().contains("damaged"));
    assertEquals(OptionalLong.of(2 << 20), first.get(1).size());
    assertEquals(OptionalInt.of(512), first.get(1).blockSize());
    assertEquals(Optional.of("b"), first.get(1).unitId());
    assertEquals(Optional.empty(), first.get(1).obstacle());
    assertEquals(List.of("c"), get(store.list("b", 2)).stream().map(StoredVolume::name).toList());
    assertEquals(List.of(), get(store.list("c", 2)));
  }

  @Test
  void theStoreSaysWhatSpaceThereIs() {
    StoreStatus status = get(store.status());
    assertEquals(StoreStatus.State.WELL, status.state());
    assertTrue(status.available().getAsLong() > 0);
  }
}
