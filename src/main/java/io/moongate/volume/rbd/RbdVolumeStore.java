package io.moongate.volume.rbd;

import io.moongate.volume.Provisioning;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeId;
import io.moongate.volume.VolumeStore;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

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

  /** Without an object map: what is read is always asked of the servers. */
  private static final long CREATED_WITH = Librbd.FEATURE_LAYERING | Librbd.FEATURE_EXCLUSIVE_LOCK;

  private static final long UNDERSTOOD =
      CREATED_WITH
          | Librbd.FEATURE_DEEP_FLATTEN
          | Librbd.FEATURE_DATA_POOL
          | Librbd.FEATURE_OPERATIONS;

  /** Below this servers may keep the space of what is deallocated. */
  private static final int UNMAP_GRANULARITY = 64 << 10;

  private final RbdSettings settings;
  private final StoreThreads threads;

  /**
   * A store. It connects when it is asked for something.
   *
   * @throws IllegalStateException when librbd is not installed
   */
  public RbdVolumeStore(RbdSettings settings) {
    Librados.load();
    this.settings = settings;
    this.threads = new StoreThreads(settings.threads(), settings.inFlight());
  }

  @Override
  public String kind() {
    return "rbd";
  }

  @Override
  public CompletionStage<Void> create(
      String id, long size, int blockSize, Provisioning provisioning) {
    return threads.run(
        () -> {
          String name = settings.image(VolumeId.require(id));
          geometry(size, blockSize);
          if (provisioning != Provisioning.THIN) {
            throw new VolumeException(
                Reason.UNSUPPORTED, "RBD keeps no space ready: only thin provisioning is possible");
          }
          try (RadosClient client = RadosClient.connect(settings)) {
            int[] order = {Integer.numberOfTrailingZeros(settings.objectSize())};
            int made = Librbd.rbd_create2(client.pool(), name, size, CREATED_WITH, order);
            if (made != -Errno.EEXIST) {
              Errno.check(made, "creating image " + name);
            }
            complete(client, name, size, blockSize);
          }
          return null;
        });
  }

  /** The block size is recorded after the creation, which may have been interrupted before that. */
  private void complete(RadosClient client, String name, long size, int blockSize) {
    boolean recorded =
        with(
            RbdImage.openReadOnly(client, name),
            image -> {
              long present = image.number(BLOCK_SIZE).orElse(-1L);
              boolean unfinished = present < 0 && image.isEmpty();
              if (image.size() != size || present != blockSize && !unfinished) {
                throw new VolumeException(
                    Reason.EXISTS,
                    "image %s exists with %d bytes and blocks of %s bytes"
                        .formatted(name, image.size(), present < 0 ? "unknown" : present));
              }
              return !unfinished;
            });
    if (!recorded) {
      with(
          RbdImage.open(client, name),
          image -> {
            image.record(BLOCK_SIZE, blockSize);
            return null;
          });
    }
  }

  @Override
  public CompletionStage<Void> grow(String id, long size) {
    return threads.run(
        () -> {
          String name = settings.image(VolumeId.require(id));
          try (RadosClient client = RadosClient.connect(settings)) {
            with(
                RbdImage.open(client, name),
                image -> {
                  image.grow(RbdVolume.grown(geometry(image), size).size());
                  return null;
                });
          }
          return null;
        });
  }

  @Override
  public CompletionStage<Volume> open(String id) {
    return threads.run(() -> openNow(settings.image(VolumeId.require(id))));
  }

  private Volume openNow(String name) {
    RadosClient client = RadosClient.connect(settings);
    try {
      RbdImage image = RbdImage.open(client, name);
      try {
        requireOurs(image.configured(client), name);
        return new RbdVolume(client, image, geometry(image), threads, settings.blocklistFor());
      } catch (RuntimeException | Error e) {
        image.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      client.close();
      throw e;
    }
  }

  private static void requireOurs(List<String> configured, String name) {
    for (String option : configured) {
      if (RadosClient.SAFETY.containsKey(option)) {
        throw new VolumeException(
            Reason.UNSUPPORTED,
            "%s is set on image %s or its pool; it must not be: see rbd config"
                .formatted(option, name));
      }
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
    long features = image.features();
    if ((features & Librbd.FEATURE_EXCLUSIVE_LOCK) == 0 || (features & ~UNDERSTOOD) != 0) {
      throw new VolumeException(
          Reason.UNSUPPORTED,
          "image %s has features %#x: exclusive-lock must be among them, none but %#x may be"
              .formatted(image.name(), features, UNDERSTOOD));
    }
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
  public CompletionStage<Void> delete(String id) {
    return threads.run(
        () -> {
          String name = settings.image(VolumeId.require(id));
          try (RadosClient client = RadosClient.connect(settings)) {
            remove(client, name);
          }
          return null;
        });
  }

  private void remove(RadosClient client, String name) {
    String imageId;
    try {
      imageId = with(RbdImage.openReadOnly(client, name), RbdImage::id);
    } catch (VolumeException e) {
      if (e.reason() == Reason.NOT_FOUND) {
        return;
      }
      throw e;
    }
    int removed = Librbd.rbd_remove(client.pool(), name);
    if (removed == -Errno.EBUSY) {
      throw new VolumeException(
          Reason.UNAVAILABLE,
          "image %s is open somewhere, or was by a client that died within the last 30 s"
              .formatted(name));
    }
    if (removed == -Errno.ENOTEMPTY) {
      throw new VolumeException(
          Reason.UNAVAILABLE, "image %s has snapshots; remove them first".formatted(name));
    }
    if (removed != -Errno.ENOENT) {
      Errno.check(removed, "deleting image " + name);
    }
    AtomicWrites.discard(client, imageId);
  }

  private static <T> T with(RbdImage image, Function<RbdImage, T> task) {
    T result;
    try {
      result = task.apply(image);
    } catch (RuntimeException | Error e) {
      try {
        image.close();
      } catch (VolumeException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
    image.close();
    return result;
  }

  /** Ends the threads, after what is under way or the timeout. Close the volumes first. */
  @Override
  public void close() {
    if (!threads.close(settings.closeTimeout())) {
      throw new VolumeException(
          Reason.IO, "operations are still under way after " + settings.closeTimeout());
    }
  }
}
