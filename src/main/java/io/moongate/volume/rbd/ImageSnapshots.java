package io.moongate.volume.rbd;

import io.moongate.volume.SnapshotName;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeSnapshot;
import io.moongate.volume.rbd.SnapshotRecords.Snapshot;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What the owner of an image does with its snapshots (docs/decisions/0020-snapshots.md), one thing
 * at a time. Each call waits for the cluster.
 *
 * <p>They are recorded by RBD's own methods on the header object: the server that has it refuses an
 * owner that was succeeded as it does with an epoch. librbd is told that the header has changed,
 * and no write begins before it has seen that: it would write over what the snapshot has.
 */
final class ImageSnapshots {
  /**
   * A snapshot that is being removed, whose space is still to be released, and the image's id:
   * metadata. A copy of the image has it too, and there it means nothing.
   */
  static final String RELEASING = "moongate.releasing";

  /** The snapshot to which the image is being rolled back: metadata. */
  static final String ROLLING_BACK = "moongate.rolling-back";

  /** Names the last rollback that was done: metadata. */
  static final String ROLLED_BACK = "moongate.rolled-back";

  /** Hosts wait for writes that wait for this. */
  private static final Duration QUIET = Duration.ofSeconds(2);

  private static final Duration SEEN = Duration.ofSeconds(10);
  private static final int ATTEMPTS = 16;

  private final RbdImage image;
  private final ImageHeader header;
  private final SnapshotRecords records;
  private final FenceLatch latch;
  private final WriteBarrier barrier;
  private final SeenSnapshots seen;
  private volatile boolean rollingBack;

  ImageSnapshots(RadosClient client, RbdImage image, FenceLatch latch, WriteBarrier barrier) {
    this.image = image;
    this.header = new ImageHeader(client, image);
    this.records = new SnapshotRecords(client, image.id());
    this.seen = new SeenSnapshots(client, image, latch);
    this.latch = latch;
    this.barrier = barrier;
  }

  /**
   * Once this is the owner, and before it writes anything: librbd has read the header when the
   * image was opened, and a former owner may have recorded snapshots since.
   */
  void catchUp() {
    seen.requireAll();
  }

  /** Once this is the owner: whether a former one was interrupted in the middle of a rollback. */
  void look() {
    rollingBack = image.metadata(ROLLING_BACK).isPresent();
  }

  /**
   * Refuses an image that is rolled back, wholly or in part nobody knows.
   *
   * @throws VolumeException with UNAVAILABLE
   */
  void requireWhole() {
    if (rollingBack) {
      throw new VolumeException(
          Reason.UNAVAILABLE, "image %s is being rolled back".formatted(image.name()));
    }
  }

  /** As {@link io.moongate.volume.Volume#makeSnapshot}. */
  synchronized VolumeSnapshot make(String name) {
    SnapshotName.require(name);
    requireWhole();
    finishRelease();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<Snapshot> there = records.find(name);
      if (there.isPresent()) {
        seen.require(name, there.get().id());
        return records.describe(there.get());
      }
      // Never released here: one that is not recorded costs nothing, and one that is can look so.
      long id = image.newSnapshotId();
      add(name, id);
    }
    throw new VolumeException(
        Reason.UNAVAILABLE, "others make snapshots of image %s just now".formatted(image.name()));
  }

  /**
   * Records it, unless somebody else was faster. What is written is held back until librbd has seen
   * it; for good, when that or whether it was recorded can't be told.
   */
  private void add(String name, long id) {
    barrier.raise(QUIET);
    boolean open = false;
    try {
      latch.requireNotFenced();
      open = true;
      int result = records.add(name, id);
      if (result < 0 && records.get(id).isEmpty()) {
        open = false;
        if (result != -Errno.EEXIST && result != -Errno.ESTALE) {
          throw Errno.failure(result, "recording snapshot " + name);
        }
        return;
      }
      seen.require(name, id);
      open = false;
    } finally {
      if (open) {
        latch.note(new VolumeException(Reason.FENCED, "librbd may not have seen snapshot " + name));
      }
      barrier.lower();
    }
  }

  /** As {@link io.moongate.volume.Volume#deleteSnapshot}. */
  synchronized void delete(String name) {
    requireWhole();
    finishRelease();
    Optional<Snapshot> there = records.find(name);
    if (there.isEmpty()) {
      return;
    }
    Snapshot snapshot = there.get();
    requireUnused(snapshot);
    if (records.overlap(snapshot.id()).isPresent() && records.overlap().isEmpty()) {
      throw new VolumeException(
          Reason.UNSUPPORTED,
          "image %s was flattened after snapshot %s was made: delete that with rbd snap rm"
              .formatted(image.name(), name));
    }
    latch.requireNotFenced();
    header.record(Map.of(RELEASING, releasing(snapshot.id(), image.id())));
    int result = records.remove(snapshot.id());
    if (result == -Errno.EBUSY) { // Cloned or protected just now.
      finishRelease();
      requireUnused(snapshot);
    }
    if (result != -Errno.ENOENT) {
      Errno.check(result, "removing snapshot " + name);
    }
    finishRelease();
    seen.tell();
  }

  private void requireUnused(Snapshot snapshot) {
    int clones = records.get(snapshot.id()).map(Snapshot::clones).orElse(0);
    if (clones > 0) {
      throw new VolumeException(
          Reason.IN_USE,
          "snapshot %s has %d clones: delete them first".formatted(snapshot.name(), clones));
    }
    if (records.isProtected(snapshot.id())) {
      throw new VolumeException(
          Reason.IN_USE,
          "snapshot %s is protected: see rbd snap unprotect".formatted(snapshot.name()));
    }
  }

  /**
   * The record of a snapshot goes first, and then its space. So what was interrupted in between is
   * completed here; what was interrupted before has not been done.
   */
  private void finishRelease() {
    Optional<String> noted = image.metadata(RELEASING);
    if (noted.isEmpty()) {
      return;
    }
    latch.requireNotFenced();
    String[] parts = noted.get().split(" ", -1);
    if (parts.length == 2 && parts[1].equals(image.id())) {
      long id = Long.parseUnsignedLong(parts[0]);
      if (records.get(id).isEmpty()) {
        image.releaseSnapshotId(id);
      }
    }
    header.forget(RELEASING);
  }

  /** What is recorded before one is removed. */
  static String releasing(long id, String imageId) {
    return id + " " + imageId;
  }

  /**
   * As {@link io.moongate.volume.Volume#rollBack}.
   *
   * @param size bytes that the image has at least; it may have fewer after an interruption
   */
  synchronized void rollBack(String name, String id, long size) {
    Optional<String> begun = image.metadata(ROLLING_BACK);
    if (image.metadata(ROLLED_BACK).equals(Optional.of(id))) {
      if (begun.isPresent()) {
        header.forget(ROLLING_BACK);
      }
      rollingBack = false;
      return;
    }
    Snapshot snapshot;
    try {
      snapshot = target(name);
    } catch (VolumeException e) {
      if (begun.isPresent() && e.reason() != Reason.FENCED) {
        throw new VolumeException(
            Reason.IO, "image %s is rolled back by half".formatted(image.name()), e);
      }
      throw e;
    }
    String number = Long.toString(snapshot.id());
    if (begun.isPresent() && !begun.get().equals(number)) {
      throw new VolumeException(
          Reason.IO,
          "image %s is rolled back by half, to snapshot number %s"
              .formatted(image.name(), begun.get()));
    }
    boolean before = rollingBack;
    rollingBack = true;
    boolean raised = false;
    long grown;
    try {
      barrier.raise(SEEN);
      raised = true;
      latch.requireNotFenced();
      seen.require(name, snapshot.id()); // librbd goes by the name.
      grown = Math.max(size, header.size());
    } catch (RuntimeException | Error e) {
      rollingBack = before;
      if (raised) {
        barrier.lower();
      }
      throw e;
    }
    try {
      rollBackFor(id, name, number, grown);
    } finally {
      barrier.lower();
    }
  }

  /** From here on it may be rolled back in part, and nothing may say that it is as it was. */
  private void rollBackFor(String id, String name, String number, long grown) {
    try {
      header.record(Map.of(ROLLING_BACK, number));
      image.rollBack(name);
      // librbd has made it as large as the snapshot.
      header.grow(grown);
      image.awaitSize(grown);
      header.record(Map.of(ROLLED_BACK, id));
      header.forget(ROLLING_BACK);
      rollingBack = false;
    } catch (VolumeException e) {
      if (e.reason() == Reason.FENCED || e.reason() == Reason.UNAVAILABLE) {
        throw e;
      }
      throw new VolumeException(
          Reason.IO,
          "image %s may be rolled back in part: %s".formatted(image.name(), e.getMessage()),
          e);
    }
  }

  /** The snapshot, if the image can be rolled back to it. */
  private Snapshot target(String name) {
    Snapshot snapshot =
        records
            .find(name)
            .orElseThrow(
                () ->
                    new VolumeException(
                        Reason.NOT_FOUND,
                        "image %s has no snapshot %s".formatted(image.name(), name)));
    if (!records.overlap(snapshot.id()).equals(records.overlap())) {
      throw new VolumeException(
          Reason.UNSUPPORTED,
          "image %s was flattened or made smaller after snapshot %s was made"
              .formatted(image.name(), name));
    }
    return snapshot;
  }
}
