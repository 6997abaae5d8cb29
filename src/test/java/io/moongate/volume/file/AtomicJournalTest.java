package io.moongate.volume.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the directory when the power fails, and what a successor makes of it. */
class AtomicJournalTest {
  private static final int SIZE = 1 << 20;
  private static final String RECORD =
      "epoch-0000000000000000007-00000000-0000-0000-0000-000000000001";

  @TempDir Path scratch;

  private Path directory;
  private ImageFile image;
  private AtomicJournal journal;
  private int crashes;
  private VolumeException broken;

  /** What is done, with the directory as it is, between the journal and the image. */
  private Runnable between = () -> {};

  private boolean imageClosed;

  private final AtomicJournal.Target target =
      new AtomicJournal.Target() {
        @Override
        public Path epochRecord() {
          return directory.resolve(RECORD);
        }

        @Override
        public void requireWritable() {
          between.run();
        }

        @Override
        public void broken(VolumeException cause) {
          broken = cause;
        }
      };

  @BeforeEach
  void open() throws IOException {
    directory = Files.createDirectory(scratch.resolve("volume"));
    Files.write(directory.resolve("volume.img"), new byte[SIZE]);
    Files.createFile(directory.resolve(RECORD));
    image = ImageFile.open(directory.resolve("volume.img"));
    journal = new AtomicJournal(directory, image, new GroupCommit(image::force), target);
  }

  @AfterEach
  void close() throws IOException {
    journal.close();
    if (!imageClosed) {
      image.close();
    }
  }

  private CompletableFuture<Void> write(long offset, byte[] data) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    journal.write(offset, ByteBuffer.wrap(data), done);
    return done;
  }

  private static byte[] bytes(int length, int value) {
    byte[] data = new byte[length];
    Arrays.fill(data, (byte) value);
    return data;
  }

  /** The directory as the power failure leaves it. */
  private Path crash() {
    Path copy = scratch.resolve("crash-" + ++crashes);
    try (Stream<Path> files = Files.list(directory)) {
      Files.createDirectory(copy);
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return copy;
  }

  /** What the image has after a successor has fenced it. */
  private byte[] recovered(Path copy) throws IOException {
    AtomicJournal.adopt(copy);
    Files.deleteIfExists(copy.resolve(RECORD));
    try (ImageFile successor = ImageFile.open(copy.resolve("volume.img"))) {
      AtomicJournal.redo(copy, successor, () -> {}, target);
    }
    try (Stream<Path> left = Files.list(copy)) {
      assertEquals(List.of("volume.img"), left.map(f -> f.getFileName().toString()).toList());
    }
    return Files.readAllBytes(copy.resolve("volume.img"));
  }

  /** The state once the journal is durable and before the image is touched. */
  private Path crashBetween(long offset, byte[] data) {
    Path[] copy = new Path[1];
    int[] calls = new int[1];
    between =
        () -> {
          // The third look of the first write: before it, after the file was made, and then.
          if (++calls[0] == 3) {
            copy[0] = crash();
          }
        };
    write(offset, data).join();
    between = () -> {};
    return copy[0];
  }

  @Test
  void aWriteIsInTheImageWhenItCompletes() throws IOException {
    write(4096, bytes(8192, 5)).join();
    byte[] now = Files.readAllBytes(directory.resolve("volume.img"));
    assertArrayEquals(bytes(8192, 5), Arrays.copyOfRange(now, 4096, 12_288));
    assertEquals(0, now[4095] | now[12_288]);
  }

  @Test
  void whatTheJournalHasIsWrittenInWholeByTheSuccessor() throws IOException {
    Path copy = crashBetween(512, bytes(100 * 512, 6));
    byte[] before = Files.readAllBytes(copy.resolve("volume.img"));
    assertArrayEquals(new byte[SIZE], before);
    // A part of it had come to the image.
    System.arraycopy(bytes(7 * 512, 6), 0, before, 10 * 512, 7 * 512);
    Files.write(copy.resolve("volume.img"), before);
    byte[] after = recovered(copy);
    assertArrayEquals(bytes(100 * 512, 6), Arrays.copyOfRange(after, 512, 101 * 512));
    assertEquals(0, after[511] | after[101 * 512]);
  }

  @Test
  void aJournalThatIsNotWholeIsNothing() throws IOException {
    Path copy = crashBetween(0, bytes(4096, 6));
    try (Stream<Path> files = Files.list(copy)) {
      Path file =
          files.filter(f -> f.getFileName().toString().startsWith("atomic-")).findFirst().get();
      byte[] whole = Files.readAllBytes(file);
      assertTrue(whole.length > 4096);
      for (int damage : new int[] {0, 8, 12, 35, 4096, whole.length - 1}) {
        Path again = scratch.resolve("damaged-" + damage);
        Files.createDirectory(again);
        Files.write(again.resolve("volume.img"), new byte[SIZE]);
        Files.createFile(again.resolve(RECORD));
        byte[] bytes = whole.clone();
        bytes[damage] ^= 1;
        Files.write(again.resolve(file.getFileName()), bytes);
        assertArrayEquals(new byte[SIZE], recovered(again), "byte " + damage);
      }
      Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    }
    assertArrayEquals(new byte[SIZE], recovered(copy));
  }

  @Test
  void aJournalOfSomeoneWhoWasSucceededBeforeIsThrownAway() throws IOException {
    Path copy = crashBetween(0, bytes(4096, 6));
    Files.delete(copy.resolve(RECORD));
    assertArrayEquals(new byte[SIZE], recovered(copy));
  }

  @Test
  void anInterruptedSuccessorIsFollowedByAnother() throws IOException {
    Path copy = crashBetween(0, bytes(4096, 6));
    AtomicJournal.adopt(copy);
    Files.delete(copy.resolve(RECORD));
    // It died here, and the next one begins anew.
    byte[] after = recovered(copy);
    assertArrayEquals(bytes(4096, 6), Arrays.copyOf(after, 4096));
  }

  @Test
  void whatWasWrittenLaterIsNotTakenBack() throws IOException {
    write(0, bytes(4096, 6)).join();
    image.write(0, ByteBuffer.wrap(bytes(512, 9)));
    byte[] after = recovered(crash());
    assertArrayEquals(bytes(512, 9), Arrays.copyOf(after, 512));
    assertArrayEquals(bytes(3584, 6), Arrays.copyOfRange(after, 512, 4096));
  }

  @Test
  void aWriteThatIsRefusedAfterItsJournalLeavesNothing() throws IOException {
    write(SIZE - 512, bytes(512, 1)).join();
    int[] calls = new int[1];
    between =
        () -> {
          if (++calls[0] == 2) {
            throw new VolumeException(Reason.FENCED, "for the test");
          }
        };
    CompletionException refused =
        assertThrows(CompletionException.class, write(0, bytes(512, 6))::join);
    assertEquals(Reason.FENCED, ((VolumeException) refused.getCause()).reason());
    between = () -> {};
    assertEquals(0, recovered(crash())[0]);
    assertEquals(null, broken);
  }

  /** A redo over what was written since would take it back. */
  @Test
  void noFailureAfterItsJournalLeavesOneThatCounts() throws IOException {
    write(SIZE - 512, bytes(512, 1)).join();
    int[] calls = new int[1];
    between =
        () -> {
          if (++calls[0] == 2) {
            throw new IllegalStateException("for the test");
          }
        };
    assertThrows(CompletionException.class, write(0, bytes(512, 6))::join);
    between = () -> {};
    image.write(0, ByteBuffer.wrap(bytes(512, 9)));
    assertEquals(9, recovered(crash())[0]);
  }

  @Test
  void afterAFailureInTheImageNothingIsWrittenAndTheSuccessorFinishesIt() throws IOException {
    CompletableFuture<Void> first = write(SIZE - 512, bytes(512, 1));
    first.join();
    int[] calls = new int[1];
    between =
        () -> {
          if (++calls[0] == 2) {
            imageClosed = true;
            try {
              image.close();
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          }
        };
    CompletionException failed =
        assertThrows(CompletionException.class, write(0, bytes(4096, 6))::join);
    assertEquals(Reason.LOST, ((VolumeException) failed.getCause()).reason());
    assertFalse(broken == null);
    between = () -> {};
    byte[] after = recovered(crash());
    assertArrayEquals(bytes(4096, 6), Arrays.copyOf(after, 4096));
  }
}
