package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether librbd has seen the snapshots that are on record: what it writes before that goes into
 * them. It looks at the header anew only when it is told that this has changed, also by its own
 * client; whether that has come is seen by what it has then.
 */
final class SeenSnapshots {
  private static final Logger LOG = LoggerFactory.getLogger(SeenSnapshots.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final RadosClient client;
  private final RbdImage image;
  private final ImageHeader header;
  private final SnapshotRecords records;
  private final FenceLatch latch;

  SeenSnapshots(RadosClient client, RbdImage image, FenceLatch latch) {
    this.client = client;
    this.image = image;
    this.header = new ImageHeader(client, image);
    this.records = new SnapshotRecords(client, image.id());
    this.latch = latch;
  }

  /**
   * Waits until librbd has every snapshot that is on record and no other, by their numbers: one of
   * the same name may be another one.
   *
   * @throws VolumeException with FENCED as {@link #require} has it
   */
  void requireAll() {
    await("the snapshots", () -> image.snapshotIds().equals(records.ids()));
  }

  /**
   * Waits until librbd has the snapshot of a number under its name.
   *
   * @throws VolumeException with FENCED, for good, when it has not after 10 s: only another client
   *     can be trusted to know of it
   */
  void require(String name, long id) {
    await("snapshot " + name, () -> image.snapshotId(name).equals(Optional.of(id)));
  }

  private void await(String what, BooleanSupplier seen) {
    if (seen.getAsBoolean()) {
      return;
    }
    // Others that don't answer are not waited for.
    client.runApart("volume-rbd-telling", this::tell);
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!seen.getAsBoolean()) {
      if (System.nanoTime() - until > 0) {
        latch.note(
            new VolumeException(
                Reason.FENCED, "librbd has not seen %s of image %s".formatted(what, image.name())));
        latch.requireNotFenced();
      }
      pause();
    }
  }

  /**
   * Tells those who have the image open that the header has changed; waits for each, for a time.
   */
  void tell() {
    try {
      header.tell();
    } catch (VolumeException e) {
      LOG.debug("event=snapshot-not-told image={}", image.name(), e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VolumeException(Reason.UNAVAILABLE, "interrupted", e);
    }
  }
}
