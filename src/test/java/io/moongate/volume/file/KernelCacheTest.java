package io.moongate.volume.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.Provisioning;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the page cache is read at once, and nothing else is. */
class KernelCacheTest {
  /** Whether what is in memory is known by a mapping, as it is on older kernels. */
  boolean mapped() {
    return false;
  }

  private static final int SIZE = 1 << 20;

  @TempDir Path directory;

  private final AtomicInteger tasks = new AtomicInteger();
  private AtomicReference<Runnable> holds;
  private final Executor threads =
      task -> {
        tasks.incrementAndGet();
        if (holds == null) {
          task.run();
        } else {
          holds.set(task);
        }
      };
  private final byte[] data = new byte[SIZE];
  private VolumeDirectory files;
  private Volume volume;
  private boolean possible;

  @BeforeEach
  void open() throws IOException {
    VolumeDirectory.create(
        directory, "unit", new VolumeDirectory.Layout(SIZE, 512, Provisioning.THIN));
    files = VolumeDirectory.open(directory, "unit");
    volume = newVolume();
    new Random(7).nextBytes(data);
    get(volume.fence(1));
    get(volume.write(0, ByteBuffer.wrap(data), true));
    String type = Files.getFileStore(directory).type();
    try (ImageFile image = ImageFile.open(files.image(), mapped())) {
      image.cover(SIZE);
      // Where it says no, all of this holds by way of the threads.
      possible = KernelCache.possibleOn(type) && image.readCached(0, ByteBuffer.allocate(512));
    }
    System.out.println("reads of the page cache without waiting on " + type + ": " + possible);
  }

  private Volume newVolume() throws IOException {
    ImageFile image = ImageFile.open(files.image(), mapped());
    VolumeGeometry geometry = new VolumeGeometry(SIZE, 512, true, 4096, 0, true);
    return new FileVolume(
        files,
        files.path().getFileName().toString(),
        image,
        geometry,
        new GroupCommit(image::force),
        threads,
        threads,
        Files.getFileStore(files.path()),
        () -> true,
        () -> {});
  }

  @AfterEach
  void close() {
    get(volume.close());
  }

  private static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private byte[] read(int offset, int length) {
    ByteBuffer target = ByteBuffer.allocate(length + 8).position(3).limit(3 + length);
    get(volume.read(offset, target));
    assertFalse(target.hasRemaining());
    byte[] read = new byte[length];
    target.position(3).get(read);
    return read;
  }

  private byte[] expected(int offset, int length) {
    return Arrays.copyOfRange(data, offset, offset + length);
  }

  @Test
  void readsWhatIsCachedWithoutAThread() {
    tasks.set(0);
    for (int length : new int[] {512, 4096, KernelCache.LONGEST}) {
      assertArrayEquals(expected(1536, length), read(1536, length));
    }
    assertEquals(possible ? 0 : 3, tasks.get());
    assertEquals(0, volume.health().underWay());
    assertArrayEquals(expected(0, SIZE), read(0, SIZE));
    assertEquals(possible ? 1 : 4, tasks.get(), "what is long has a thread");
  }

  @Test
  void whatIsNotCachedIsLeftToTheThreads() throws IOException, InterruptedException {
    Process drop =
        new ProcessBuilder("dd", "if=" + files.image(), "iflag=nocache", "count=0", "status=none")
            .inheritIO()
            .start();
    assertEquals(0, drop.waitFor());
    tasks.set(0);
    assertArrayEquals(expected(8192, 4096), read(8192, 4096));
    assertTrue(tasks.get() == 1 || !isOnADisk(), "it had a thread");
  }

  private boolean isOnADisk() throws IOException {
    return !Files.getFileStore(directory).type().equals("tmpfs");
  }

  @Test
  void nothingIsReadOnceAnotherHasFenced() throws IOException {
    assertArrayEquals(expected(0, 512), read(0, 512));
    Volume successor = newVolume();
    get(successor.fence(2));
    CompletionException refused = assertThrows(CompletionException.class, () -> read(0, 512));
    assertEquals(Reason.FENCED, ((VolumeException) refused.getCause()).reason());
    get(successor.close());
  }

  @Test
  void nothingIsReadOnceTheVolumeHasLostItsName() throws IOException {
    assertArrayEquals(expected(0, 512), read(0, 512));
    Path link = directory.resolve("another-name");
    Path record = files.newest();
    Files.createLink(link, record);
    Path grave = directory.resolve("grave");
    Files.move(directory.resolve("unit"), grave);
    CompletionException refused = assertThrows(CompletionException.class, () -> read(0, 512));
    assertEquals(Reason.FENCED, ((VolumeException) refused.getCause()).reason());
    Files.move(grave, directory.resolve("unit"));
    assertArrayEquals(expected(0, 512), read(0, 512));
    Files.delete(record);
    refused = assertThrows(CompletionException.class, () -> read(0, 512));
    assertEquals(Reason.FENCED, ((VolumeException) refused.getCause()).reason());
  }

  @Test
  void whatIsCachedIsNoOperationOfTheStore() {
    read(0, 512);
    Volume.Health before = volume.health();
    read(0, 512);
    assertEquals(before.ended() + (possible ? 0 : 1), volume.health().ended());
    assertEquals(0, volume.health().underWay());
  }

  @Test
  void withAReadOnAThreadNoneIsTriedAtOnce() {
    AtomicReference<Runnable> held = new AtomicReference<>();
    holds = held;
    ByteBuffer all = ByteBuffer.allocate(SIZE);
    CompletionStage<Void> waiting = volume.read(0, all);
    holds = null;
    tasks.set(0);
    assertArrayEquals(expected(0, 512), read(0, 512));
    assertEquals(1, tasks.get());
    held.get().run();
    get(waiting);
    assertArrayEquals(data, all.array());
    tasks.set(0);
    assertArrayEquals(expected(0, 512), read(0, 512));
    assertEquals(possible ? 0 : 1, tasks.get());
  }

  @Test
  void aPathOfAnyCharactersIsFound() throws IOException {
    Path odd = Files.createFile(directory.resolve("odd \u00e4\u00f6 name"));
    assertEquals(possible, KernelCache.has(new KernelCache.Name(odd)));
    assertFalse(KernelCache.has(new KernelCache.Name(directory.resolve("none"))));
  }

  @Test
  void anEpochOfItsOwnTakesTheOldOnesPlace() {
    get(volume.fence(5));
    tasks.set(0);
    assertArrayEquals(expected(512, 512), read(512, 512));
    assertEquals(possible ? 0 : 1, tasks.get());
  }

  @Test
  void whatItHasGrownIsReadAtOnceToo() {
    get(volume.grow(2 * SIZE));
    get(volume.write(SIZE, ByteBuffer.wrap(data, 0, 8192), false));
    tasks.set(0);
    assertArrayEquals(expected(0, 8192), read(SIZE, 8192));
    assertEquals(possible ? 0 : 1, tasks.get());
  }

  /** From the last bytes of one page to the first of another, and by every path to the memory. */
  @Test
  void whereverItBeginsItIsRead() {
    for (int offset : new int[] {0, 512, 3584, 4096, 65_024, SIZE - 512}) {
      for (int length : new int[] {512, 1024, 8192, 65_536}) {
        if (offset + length <= SIZE) {
          assertArrayEquals(expected(offset, length), read(offset, length));
          ByteBuffer direct = ByteBuffer.allocateDirect(length + 8).position(5).limit(5 + length);
          get(volume.read(offset, direct));
          assertFalse(direct.hasRemaining());
          assertEquals(-1, direct.position(5).mismatch(ByteBuffer.wrap(expected(offset, length))));
        }
      }
    }
  }

  @Test
  void beyondTheEndIsRefused() {
    CompletionException refused =
        assertThrows(
            CompletionException.class, () -> get(volume.read(SIZE, ByteBuffer.allocate(512))));
    assertEquals(Reason.RANGE, ((VolumeException) refused.getCause()).reason());
  }
}
