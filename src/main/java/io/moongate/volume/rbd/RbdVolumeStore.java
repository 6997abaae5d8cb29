package io.moongate.volume.rbd;

import io.moongate.volume.Provisioning;
import io.moongate.volume.StoreStatus;
import io.moongate.volume.StoredVolume;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeId;
import io.moongate.volume.VolumeSnapshot;
import io.moongate.volume.VolumeStore;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Volumes as images in a pool. RBD is thin: nothing can be fully provisioned.
 *
 * <p>Each open volume, and each creation, growth or deletion, has a client of its own, so that
 * fencing one disturbs no other. A volume may be open several times; each has its own life.
 *
 * <p>An image that any client has open, here or elsewhere, is not deleted (UNAVAILABLE). A client
 * that has died counts until its watch on the image is out, 30 s by default.
 */
public final class RbdVolumeStore implements VolumeStore, AutoCloseable {
  /** Bytes of a logical block: metadata of the image. */
  static final String BLOCK_SIZE = "moongate.block-size";

  /** Id of the unit whose it is: metadata of the image. */
  static final String UNIT = "moongate.unit";

  /** Without an object map: what is read is always asked of the servers. */
  private static final long CREATED_WITH = Librbd.FEATURE_LAYERING | Librbd.FEATURE_EXCLUSIVE_LOCK;

  private static final long UNDERSTOOD =
      CREATED_WITH
          | Librbd.FEATURE_DEEP_FLATTEN
          | Librbd.FEATURE_DATA_POOL
          | Librbd.FEATURE_OPERATIONS;

  /** What an image may have that becomes ours: the last two are turned off. */
  static final long ADOPTED_WITH =
      UNDERSTOOD | Librbd.FEATURE_OBJECT_MAP | Librbd.FEATURE_FAST_DIFF;

  /** Below this servers may keep the space of what is deallocated. */
  private static final int UNMAP_GRANULARITY = 64 << 10;

  private static final String NAME_FORM =
      "the name of an image here is 1 to 96 letters, digits and ._-";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,96}");

  private final RbdSettings settings;
  private final StoreThreads threads;
  private final AtomicLong recordsHangUntil = new AtomicLong(System.nanoTime());
  private final PoolWatch watch;

  /**
   * A store. It connects when it is asked for something.
   *
   * @throws IllegalStateException when librbd is not installed
   */
  public RbdVolumeStore(RbdSettings settings) {
    Librados.load();
    this.settings = settings;
    this.threads = new StoreThreads(settings.threads(), settings.inFlight());
    this.watch = new PoolWatch(settings);
  }

  /**
   * Begins what a gateway does for the pool as a whole: warnings, and removing entries of the
   * blocklist that fence nobody any more.
   */
  public void startWatch() {
    watch.start();
  }

  @Override
  public String kind() {
    return "rbd";
  }

  /** Connects with the user's key and looks for the pool. */
  @Override
  public CompletionStage<Void> reach() {
    return threads
        .checks()
        .run(
            () -> {
              RadosClient.connect(settings).close();
              return null;
            });
  }

  @Override
  public CompletionStage<StoreStatus> status() {
    return watch.status();
  }

  @Override
  public CompletionStage<Void> create(
      String id, long size, int blockSize, Provisioning provisioning) {
    return threads
        .changes()
        .run(
            () -> {
              String name = image(id);
              geometry(size, blockSize);
              if (provisioning != Provisioning.THIN) {
                throw new VolumeException(
                    Reason.UNSUPPORTED,
                    "RBD keeps no space ready: only thin provisioning is possible");
              }
              try (RadosClient client = RadosClient.connect(settings)) {
                new ImageCreation(client, name, id, size, blockSize)
                    .perform(settings.objectSize(), CREATED_WITH);
              }
              return null;
            });
  }

  @Override
  public CompletionStage<Long> adopt(
      String id, String unitId, Optional<String> former, int blockSize) {
    return threads
        .changes()
        .run(
            () -> {
              // One of our own making is known by its unit alone, and that must be gone.
              if (id.indexOf('/') < 0 && former.isEmpty()) {
                throw new VolumeException(Reason.NOT_FOUND, "name it with its pool, as POOL/IMAGE");
              }
              String name = image(id);
              try (RadosClient client = RadosClient.connect(settings)) {
                adopting(client, name, adoption -> adoption.prepare(unitId, former, blockSize));
                return adopting(
                    client, name, adoption -> adoption.perform(unitId, former, blockSize));
              }
            });
  }

  /** The image's size after that. */
  private long adopting(RadosClient client, String name, Consumer<ImageAdoption> step) {
    return RbdImage.with(
        RbdImage.open(client, name),
        image -> {
          SafeOptions.requireOf(image);
          step.accept(new ImageAdoption(client, image, blocklist(client)));
          return image.size();
        });
  }

  @Override
  public CompletionStage<List<StoredVolume>> list(String after, int most) {
    return threads
        .listings()
        .run(
            () -> {
              try (RadosClient client = RadosClient.connect(settings)) {
                return new ImageListing(
                        client, settings.pool(), blocklist(client), threads.headers())
                    .page(after, most);
              }
            });
  }

  /** Why an image of that name could not be named here. */
  static Optional<String> obstacleOfName(String name) {
    return NAME.matcher(name).matches() ? Optional.empty() : Optional.of(NAME_FORM);
  }

  /** Of a volume that we have made; or, with the pool before it, the name that others gave it. */
  private String image(String id) {
    int slash = id.indexOf('/');
    if (slash < 0) {
      return settings.image(VolumeId.require(id));
    }
    if (!NAME.matcher(id.substring(slash + 1)).matches()) {
      throw new VolumeException(Reason.NOT_FOUND, NAME_FORM);
    }
    if (!id.substring(0, slash).equals(settings.pool())) {
      throw new VolumeException(
          Reason.NOT_FOUND, "%s: the pool of this store is %s".formatted(id, settings.pool()));
    }
    return id.substring(slash + 1);
  }

  @Override
  public CompletionStage<Void> grow(String id, long size) {
    return threads
        .changes()
        .run(
            () -> {
              String name = image(id);
              try (RadosClient client = RadosClient.connect(settings)) {
                RbdImage.with(
                    RbdImage.openReadOnly(client, name),
                    image -> {
                      new ImageHeader(client, image)
                          .grow(RbdVolume.grown(geometry(image), size).size());
                      return null;
                    });
              }
              return null;
            });
  }

  @Override
  public CompletionStage<List<VolumeSnapshot>> snapshots(String id) {
    return threads
        .changes()
        .run(
            () -> {
              String name = image(id);
              try (RadosClient client = RadosClient.connect(settings)) {
                SnapshotRecords records =
                    ImageRemoval.id(client, name)
                        .map(imageId -> new SnapshotRecords(client, imageId))
                        .orElseThrow(
                            () ->
                                new VolumeException(Reason.NOT_FOUND, "there is no image " + name));
                return records.all().stream()
                    .filter(SnapshotRecords.Snapshot::isByUsers)
                    .map(records::describe)
                    .toList();
              }
            });
  }

  @Override
  public CompletionStage<Long> clone(String id, String source, String snapshot, int blockSize) {
    return threads
        .changes()
        .run(
            () -> {
              String name = image(VolumeId.require(id));
              String of = image(source);
              try (RadosClient client = RadosClient.connect(settings)) {
                return new ImageClone(client, name, id, blockSize)
                    .perform(of, snapshot, CREATED_WITH);
              }
            });
  }

  @Override
  public CompletionStage<Volume> open(String id) {
    return open(id, id);
  }

  @Override
  public CompletionStage<Volume> open(String id, String unitId) {
    return threads.takeOvers().run(() -> openNow(image(id), unitId));
  }

  private Volume openNow(String name, String unitId) {
    RadosClient client = RadosClient.connect(settings);
    try {
      return opened(client, RbdImage.open(client, name), unitId);
    } catch (RuntimeException | Error e) {
      closing(client::close, e);
      throw e;
    }
  }

  private Volume opened(RadosClient client, RbdImage image, String unitId) {
    try {
      SafeOptions.requireFor(client, image);
      return new RbdVolume(
          client,
          image,
          geometry(image),
          threads,
          new Ownership(client, image, unitId, blocklist(client)),
          () -> watch.status().thenApply(RbdVolumeStore::space));
    } catch (RuntimeException | Error e) {
      closing(image::close, e);
      throw e;
    }
  }

  /** What the volume itself takes is not asked for. */
  private static Volume.Space space(StoreStatus status) {
    return new Volume.Space(OptionalLong.empty(), status.available());
  }

  private Blocklist blocklist(RadosClient client) {
    return new Blocklist(client, settings.blocklistFor(), threads.records(), recordsHangUntil);
  }

  private static void closing(Runnable close, Throwable because) {
    try {
      close.run();
    } catch (RuntimeException | Error e) {
      because.addSuppressed(e);
    }
  }

  /** Refuses an image that lacks the lock, or has what the fence was not thought out for. */
  static void requireFeatures(long features, String name) {
    if ((features & Librbd.FEATURE_EXCLUSIVE_LOCK) == 0 || (features & ~UNDERSTOOD) != 0) {
      throw new VolumeException(
          Reason.UNSUPPORTED,
          "image %s has features %#x: exclusive-lock must be among them, none but %#x may be"
              .formatted(name, features, UNDERSTOOD));
    }
  }

  private static VolumeGeometry geometry(RbdImage image) {
    long blockSize =
        image
            .number(BLOCK_SIZE)
            .orElseThrow(
                () ->
                    new VolumeException(
                        Reason.NOT_FOUND,
                        "image %s has no %s: Moongate has not made it, or was interrupted"
                            .formatted(image.name(), BLOCK_SIZE)));
    requireFeatures(image.features(), image.name());
    return geometry(image.size(), (int) blockSize);
  }

  private static VolumeGeometry geometry(long size, int blockSize) {
    try {
      return new VolumeGeometry(
          size, blockSize, true, UNMAP_GRANULARITY, 0, false, AtomicWrites.LONGEST);
    } catch (IllegalArgumentException e) {
      throw new VolumeException(Reason.RANGE, e.getMessage(), e);
    }
  }

  @Override
  public CompletionStage<Void> requireDeletable(String id) {
    return removing(threads.changes(), id, ImageRemoval::requireNoSnapshots);
  }

  @Override
  public CompletionStage<Void> delete(String id) {
    return removing(threads.removals(), id, ImageRemoval::perform);
  }

  @Override
  public CompletionStage<Void> delete(String id, String unitId) {
    return removing(threads.removals(), id, removal -> removal.perform(unitId));
  }

  private CompletionStage<Void> removing(CallThreads on, String id, Consumer<ImageRemoval> step) {
    return on.run(
        () -> {
          String name = image(id);
          try (RadosClient client = RadosClient.connect(settings)) {
            step.accept(new ImageRemoval(client, name));
          }
          return null;
        });
  }

  /** Ends the threads, after what is under way or the timeout. Close the volumes first. */
  @Override
  public void close() {
    watch.close();
    if (!threads.close(settings.closeTimeout())) {
      throw new VolumeException(
          Reason.IO, "operations are still under way after " + settings.closeTimeout());
    }
  }
}
