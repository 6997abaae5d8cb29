package io.moongate.volume.file;

import io.moongate.volume.Provisioning;
import io.moongate.volume.StoreStatus;
import io.moongate.volume.StoreStatus.State;
import io.moongate.volume.StoredVolume;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeId;
import io.moongate.volume.VolumeStore;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Volumes as sparse files in a directory, with a bounded pool of threads for their I/O. See the
 * package's documentation for what {@link Volume#fence} is worth here.
 *
 * <p>A volume may be open several times; each has its own life and its own epoch. A volume that is
 * open in this store is not deleted (UNAVAILABLE). One that another process deletes is refused with
 * FENCED here from then on.
 */
public final class FileVolumeStore implements VolumeStore, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileVolumeStore.class);
  private static final int DELETING = -1;

  private final Path directory;

  /** To ask for it is to read the list of all mounts. */
  private final FileStore fileStore;

  private final FileThreads threads;

  /** That of which {@link #cachedReads} was decided. */
  private final Object device;

  private volatile boolean cachedReads;
  private final Duration closeTimeout;

  /** How often each volume is open here, or that it is being deleted. */
  private final ConcurrentHashMap<String, Integer> open = new ConcurrentHashMap<>();

  /** What a store does with its directory, on one of its threads. */
  private interface Task<T> {
    T run() throws IOException;
  }

  /**
   * Makes the directory when it isn't there.
   *
   * @throws IOException when it can't be made or read
   */
  public FileVolumeStore(FileStoreSettings settings) throws IOException {
    this.directory = Files.createDirectories(settings.directory()).toRealPath();
    this.closeTimeout = settings.closeTimeout();
    this.fileStore = Files.getFileStore(directory);
    VolumeDirectory.sweep(directory, Instant.now().minus(Duration.ofDays(1)));
    this.device = deviceOf(directory);
    this.cachedReads = KernelCache.possibleOn(fileStore.type());
    this.threads = new FileThreads("volume-file", settings.threads(), settings.queue());
    Thread rehearsal = new Thread(this::rehearse, "volume-file-rehearsal");
    rehearsal.setDaemon(true);
    rehearsal.start();
  }

  /**
   * Opens and fences a volume of its own elsewhere, once. The C library, random numbers and much
   * else are loaded by that, which takes some tenths of a second: hosts would wait for it in the
   * first failover.
   */
  private void rehearse() {
    String id = "rehearsal";
    try {
      Path scratch = Files.createTempDirectory("moongate-");
      try {
        VolumeDirectory.create(
            scratch, id, new VolumeDirectory.Layout(1 << 20, 512, Provisioning.THIN));
        Volume volume = open(scratch, id, id, Runnable::run, Runnable::run, () -> {});
        volume.fence(1).toCompletableFuture().join();
        volume.close().toCompletableFuture().join();
      } finally {
        VolumeDirectory.delete(scratch, id, id);
        Files.deleteIfExists(scratch);
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("event=opening-not-rehearsed reason=\"{}\"", e.toString());
    }
  }

  @Override
  public String kind() {
    return "file";
  }

  @Override
  public CompletionStage<List<StoredVolume>> list(String after, int most) {
    return perform(
        () -> {
          List<StoredVolume> page = new ArrayList<>();
          for (String id : VolumeDirectory.ids(directory)) {
            if (id.compareTo(after) > 0 && page.size() < most) {
              page.add(listed(id));
            }
          }
          return page;
        });
  }

  private StoredVolume listed(String id) throws IOException {
    OptionalLong size = OptionalLong.empty();
    OptionalInt blockSize = OptionalInt.empty();
    String unit = id;
    String obstacle = null;
    try {
      VolumeDirectory volume = VolumeDirectory.open(directory, id);
      unit = Adoption.unitOf(volume.path());
      VolumeDirectory.Layout layout = volume.layout();
      size = OptionalLong.of(layout.size());
      blockSize = OptionalInt.of(layout.blockSize());
    } catch (VolumeException e) {
      obstacle = e.getMessage();
    }
    return new StoredVolume(id, size, blockSize, Optional.of(unit), Optional.ofNullable(obstacle));
  }

  @Override
  public CompletionStage<StoreStatus> status() {
    return perform(
        () -> {
          long usable = fileStore.getUsableSpace();
          return new StoreStatus(
              usable == 0 ? State.FULL : State.WELL, OptionalLong.of(usable), List.of());
        });
  }

  @Override
  public CompletionStage<Void> create(
      String id, long size, int blockSize, Provisioning provisioning) {
    return perform(
        () -> {
          VolumeId.require(id);
          VolumeDirectory.Layout layout = new VolumeDirectory.Layout(size, blockSize, provisioning);
          geometry(layout);
          if (open.getOrDefault(id, 0) == DELETING) {
            throw new VolumeException(
                Reason.UNAVAILABLE, "volume " + id + " is just being deleted");
          }
          VolumeDirectory.create(directory, id, layout);
          return null;
        });
  }

  /**
   * {@inheritDoc}
   *
   * <p>A volume is always some unit's here, that of its name at first: that one must be named as
   * the former. Nothing tells whether a process of another cluster still has it open; one that does
   * is fenced by the new unit's first owner.
   */
  @Override
  public CompletionStage<Long> adopt(
      String id, String unitId, Optional<String> former, int blockSize) {
    return perform(
        () -> {
          VolumeId.require(id);
          VolumeDirectory volume = VolumeDirectory.open(directory, id);
          VolumeDirectory.Layout layout = volume.layout();
          if (layout.blockSize() != blockSize) {
            throw new VolumeException(
                Reason.RANGE,
                "volume %s has blocks of %d bytes, not %d"
                    .formatted(id, layout.blockSize(), blockSize));
          }
          Adoption.record(volume, unitId, former);
          return layout.size();
        });
  }

  @Override
  public CompletionStage<Void> grow(String id, long size) {
    return perform(
        () -> {
          VolumeId.require(id);
          VolumeDirectory volume = VolumeDirectory.open(directory, id);
          volume.grow(geometry(volume.layout()), size);
          return null;
        });
  }

  @Override
  public CompletionStage<Volume> open(String id) {
    return open(id, id);
  }

  @Override
  public CompletionStage<Volume> open(String id, String unitId) {
    return perform(
        () -> {
          VolumeId.require(id);
          open.compute(
              id,
              (same, times) -> {
                if (times != null && times == DELETING) {
                  throw new VolumeException(Reason.NOT_FOUND, "volume " + id + " is being deleted");
                }
                return times == null ? 1 : times + 1;
              });
          try {
            return open(
                directory, id, unitId, threads::execute, threads::executeShort, () -> release(id));
          } catch (IOException | RuntimeException e) {
            release(id);
            throw e;
          }
        });
  }

  private Volume open(
      Path parent,
      String id,
      String unitId,
      Executor executor,
      Executor shortTasks,
      Runnable released)
      throws IOException {
    VolumeDirectory volume = VolumeDirectory.open(parent, id);
    volume.above(unitId);
    VolumeGeometry geometry = geometry(volume.layout());
    if (!Files.isRegularFile(volume.image(), LinkOption.NOFOLLOW_LINKS)) {
      throw new VolumeException(Reason.IO, "volume " + id + " has lost its image");
    }
    ImageFile image = ImageFile.open(volume.image());
    try {
      // It may have more: the image grows before that is recorded.
      if (image.size() < geometry.size()) {
        throw new VolumeException(
            Reason.IO,
            "the image of volume %s has %d bytes, not %d"
                .formatted(id, image.size(), geometry.size()));
      }
      GroupCommit commits = new GroupCommit(image::force);
      // What is mounted or linked there is of another file system, of which nothing is known.
      boolean same = deviceOf(volume.image()).equals(device);
      return new FileVolume(
          volume,
          unitId,
          image,
          geometry,
          commits,
          executor,
          shortTasks,
          same ? fileStore : Files.getFileStore(volume.path()),
          () -> cachedReads && same,
          released);
    } catch (IOException | RuntimeException e) {
      image.close();
      throw e;
    }
  }

  private static Object deviceOf(Path path) throws IOException {
    return Files.getAttribute(path, "unix:dev");
  }

  private VolumeGeometry geometry(VolumeDirectory.Layout layout) throws IOException {
    try {
      int fileBlock = (int) Math.min(1 << 20, fileStore.getBlockSize());
      return new VolumeGeometry(
          layout.size(),
          layout.blockSize(),
          Libc.AVAILABLE && layout.provisioning() == Provisioning.THIN,
          Math.max(layout.blockSize(), fileBlock),
          0,
          true,
          AtomicJournal.LONGEST);
    } catch (IllegalArgumentException e) {
      throw new VolumeException(Reason.RANGE, e.getMessage(), e);
    }
  }

  private void release(String id) {
    open.computeIfPresent(id, (same, times) -> times == 1 ? null : times - 1);
  }

  @Override
  public CompletionStage<Void> delete(String id) {
    return delete(id, id);
  }

  @Override
  public CompletionStage<Void> delete(String id, String unitId) {
    return perform(
        () -> {
          VolumeId.require(id);
          if (open.putIfAbsent(id, DELETING) != null) {
            throw new VolumeException(
                Reason.UNAVAILABLE, "volume " + id + " is open, or just being deleted");
          }
          try {
            VolumeDirectory.delete(directory, id, unitId);
          } finally {
            open.remove(id);
          }
          return null;
        });
  }

  private <T> CompletionStage<T> perform(Task<T> task) {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      threads.execute(
          () -> {
            try {
              done.complete(task.run());
            } catch (Throwable e) {
              // Also an Error: whoever waits must hear of it.
              FileVolume.finish(done, null, e);
            }
          });
    } catch (RejectedExecutionException e) {
      done.completeExceptionally(
          new VolumeException(Reason.UNAVAILABLE, "the store has too much to do", e));
    }
    return done;
  }

  /**
   * Ends the threads, after what is under way or the timeout. Volumes that are still open answer
   * UNAVAILABLE afterwards; close them first.
   */
  @Override
  public void close() {
    cachedReads = false;
    // Never shutdownNow: an interrupt closes the channel that its thread is using.
    threads.shutdown();
    try {
      if (!threads.awaitTermination(closeTimeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new VolumeException(
            Reason.IO, "operations are still under way after " + closeTimeout);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
