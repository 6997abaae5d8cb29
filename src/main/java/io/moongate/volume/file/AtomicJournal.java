package io.moongate.volume.file;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The redo journal of one open volume, for writes that are all or nothing (docs/decisions/0011).
 *
 * <p>What is to be written goes into a file of its own first, with a checksum, and is synced; then
 * into the image, which is synced; then the journal is made invalid, and that is synced. Only then
 * is the write complete. So a valid journal is one whose writes may be in the image in part, and
 * over which nothing has been written since: writing them again is right, and leaves all of them.
 * Several writes that come at the same time share the three syncs.
 *
 * <p>A file carries the name of the epoch's record that its owner has. {@link #adopt} takes over
 * those whose record is still there, and throws the others away: their owner was succeeded before,
 * by someone who has seen to what was valid then, and what it may have written later was never
 * answered. It is called between recording a new epoch and removing the records of older ones, and
 * {@link #redo} after that.
 *
 * <p>After a failure in between the volume is not written any more until it is opened again: the
 * journal may be valid still.
 */
final class AtomicJournal {
  /** Bytes of the longest write. */
  static final int LONGEST = 1 << 20;

  private static final int BATCH_BYTES = 4 << 20;
  private static final int BATCH_WRITES = 64;

  /** Bytes before the data. */
  private static final int HEADER = 4096;

  private static final long MAGIC = 0x4D47_4154_4F4D_4331L;
  private static final int CRC_AT = 8;
  private static final int COUNT_AT = 12;
  private static final int LENGTH_AT = 16;
  private static final int ENTRIES_AT = 32;
  private static final int ENTRY = 16;

  private static final Pattern JOURNAL =
      Pattern.compile("atomic-(epoch-[0-9]{19}-[0-9a-f-]{36})-[0-9a-f-]{36}");
  private static final String REDO = "redo-";

  /** The volume that it belongs to. */
  interface Target {
    /** The record of the epoch under which the volume is open. */
    Path epochRecord();

    /** Throws unless the volume may be written, and the record is still there. */
    void requireWritable();

    /** After this the volume is not written any more, and not read either. */
    void broken(VolumeException cause);
  }

  private record Write(long offset, ByteBuffer data, CompletableFuture<Void> done) {}

  private final Path directory;
  private final ImageFile image;
  private final GroupCommit commits;
  private final Target target;
  private final List<Write> waiting = new ArrayList<>();
  private boolean running;

  /** Held while a batch is written, and while a new epoch is taken. */
  private final Object batch = new Object();

  private Path path;
  private ImageFile file;

  AtomicJournal(Path directory, ImageFile image, GroupCommit commits, Target target) {
    this.directory = directory;
    this.image = image;
    this.commits = commits;
    this.target = target;
  }

  /**
   * Writes all or nothing, durably. The calling thread does it, and goes on for those who come
   * meanwhile, or leaves it to another one that is at it.
   */
  void write(long offset, ByteBuffer data, CompletableFuture<Void> done) {
    synchronized (waiting) {
      waiting.add(new Write(offset, data, done));
      if (running) {
        return;
      }
      running = true;
    }
    for (List<Write> next = next(); !next.isEmpty(); next = next()) {
      Throwable failure = null;
      try {
        synchronized (batch) {
          perform(next);
        }
      } catch (Throwable failed) {
        // Also an Error: whoever waits must hear of it.
        failure = failed;
      }
      for (Write each : next) {
        FileVolume.finish(each.done(), null, failure);
      }
    }
  }

  private List<Write> next() {
    synchronized (waiting) {
      List<Write> next = new ArrayList<>();
      int bytes = 0;
      while (!waiting.isEmpty()
          && next.size() < BATCH_WRITES
          && bytes + waiting.get(0).data().remaining() <= BATCH_BYTES) {
        Write first = waiting.remove(0);
        bytes += first.data().remaining();
        next.add(first);
      }
      running = !next.isEmpty();
      return next;
    }
  }

  private void perform(List<Write> writes) throws IOException {
    target.requireWritable();
    for (Write each : writes) {
      // Space must be there before the first of them is in the journal for good.
      image.allocate(each.offset(), each.data().remaining());
    }
    open();
    ByteBuffer record = encode(writes);
    try {
      file.write(0, record);
      file.force();
    } catch (IOException | RuntimeException | Error failure) {
      forget();
      throw failure;
    }
    try {
      target.requireWritable();
    } catch (RuntimeException | Error refused) {
      forget(); // Whatever it is: a journal over which is written on must not count.
      throw refused;
    }
    try {
      for (Write each : writes) {
        image.write(each.offset(), each.data().duplicate());
      }
      sync();
      invalidate();
    } catch (IOException | RuntimeException | Error failure) {
      VolumeException cause = broken(failure);
      target.broken(cause);
      throw cause;
    }
  }

  private static VolumeException broken(Throwable failure) {
    return new VolumeException(
        Reason.LOST, "an atomic write broke off; open the volume again", failure);
  }

  private void sync() {
    CompletableFuture<Void> synced = new CompletableFuture<>();
    commits.commit(synced);
    try {
      synced.join();
    } catch (CompletionException failure) {
      throw failure.getCause() instanceof VolumeException known ? known : failure;
    }
  }

  private void invalidate() throws IOException {
    file.write(0, ByteBuffer.allocate(HEADER));
    file.force();
  }

  /** Nothing of it is in the image: nothing of it may ever get there. */
  private void forget() {
    try {
      invalidate();
    } catch (IOException | RuntimeException | Error failure) {
      VolumeException cause = broken(failure);
      target.broken(cause);
      throw cause;
    }
  }

  private void open() throws IOException {
    if (file != null) {
      return;
    }
    String name = "atomic-%s-%s".formatted(target.epochRecord().getFileName(), UUID.randomUUID());
    Path fresh = directory.resolve(name);
    Files.createFile(fresh);
    ImageFile opened = ImageFile.open(fresh);
    try {
      VolumeDirectory.sync(directory);
    } catch (IOException | RuntimeException | Error failure) {
      opened.close(); // Its name may be lost, so it is no journal.
      throw failure;
    }
    file = opened;
    path = fresh;
    // Whoever records a newer epoch from now on finds the file.
    target.requireWritable();
  }

  /**
   * Takes a new epoch while no batch is under way, and does what is left of other owners' writes.
   *
   * @param record records it; {@link Target#epochRecord} is the new one afterwards
   * @param retire removes the records of older ones
   */
  void renew(Step record, Step retire) throws IOException {
    synchronized (batch) {
      close();
      record.run();
      adopt(directory);
      retire.run();
      redo(directory, image, this::sync, target);
    }
  }

  /** A step of taking an epoch. */
  @FunctionalInterface
  interface Step {
    void run() throws IOException;
  }

  /** Removes the file: nothing is under way. */
  void close() throws IOException {
    synchronized (batch) {
      if (file != null) {
        file.close();
        file = null;
        Files.deleteIfExists(path);
      }
    }
  }

  /** Renames the journals that count, durably, and removes those that do not. */
  static void adopt(Path directory) throws IOException {
    boolean changed = false;
    for (Path journal : VolumeDirectory.named(directory, "atomic-")) {
      Matcher name = JOURNAL.matcher(journal.getFileName().toString());
      if (name.matches() && !VolumeDirectory.isGone(directory.resolve(name.group(1)))) {
        Files.move(
            journal,
            directory.resolve(REDO + journal.getFileName()),
            StandardCopyOption.ATOMIC_MOVE);
      } else {
        Files.deleteIfExists(journal);
      }
      changed = true;
    }
    if (changed) {
      VolumeDirectory.sync(directory);
    }
  }

  /** Writes again what adopted journals have, and removes them. */
  static void redo(Path directory, ImageFile image, Runnable sync, Target target)
      throws IOException {
    List<Path> adopted = VolumeDirectory.named(directory, REDO);
    boolean wrote = false;
    for (Path journal : adopted) {
      ByteBuffer record = ByteBuffer.wrap(Files.readAllBytes(journal));
      if (isValid(record)) {
        long at = HEADER;
        for (int i = 0; i < record.getInt(COUNT_AT); i++) {
          int entry = ENTRIES_AT + i * ENTRY;
          int length = record.getInt(entry + 8);
          target.requireWritable();
          image.write(record.getLong(entry), record.slice((int) at, length));
          at += length;
        }
        wrote = true;
      }
    }
    if (wrote) {
      sync.run();
    }
    for (Path journal : adopted) {
      Files.deleteIfExists(journal);
    }
    if (!adopted.isEmpty()) {
      VolumeDirectory.sync(directory);
    }
  }

  private static ByteBuffer encode(List<Write> writes) {
    int length = HEADER;
    for (Write each : writes) {
      length += each.data().remaining();
    }
    ByteBuffer record = ByteBuffer.allocate(length);
    record.putLong(0, MAGIC).putInt(COUNT_AT, writes.size()).putInt(LENGTH_AT, length);
    int entry = ENTRIES_AT;
    int at = HEADER;
    for (Write each : writes) {
      int size = each.data().remaining();
      record.putLong(entry, each.offset()).putInt(entry + 8, size);
      record.put(at, each.data(), each.data().position(), size);
      entry += ENTRY;
      at += size;
    }
    return record.putInt(CRC_AT, checksum(record));
  }

  /** Whether all of a record is there, as it was written. */
  private static boolean isValid(ByteBuffer record) {
    if (record.capacity() < HEADER
        || record.getLong(0) != MAGIC
        || record.getInt(LENGTH_AT) < HEADER
        || record.getInt(LENGTH_AT) > record.capacity()) {
      return false;
    }
    ByteBuffer exact = record.duplicate().limit(record.getInt(LENGTH_AT)).slice();
    return exact.getInt(CRC_AT) == checksum(exact);
  }

  private static int checksum(ByteBuffer record) {
    CRC32C crc = new CRC32C();
    crc.update(record.slice(0, CRC_AT));
    crc.update(record.slice(CRC_AT + 4, record.limit() - CRC_AT - 4));
    return (int) crc.getValue();
  }
}
