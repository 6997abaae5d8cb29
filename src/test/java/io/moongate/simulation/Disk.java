package io.moongate.simulation;

import io.moongate.volume.Provisioning;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeStore;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The blocks of one unit: a register each. What is asked of it takes effect some time after it was
 * asked, block by block, and is answered later still; whether or not the process that asked is
 * stopped, or lives.
 */
final class Disk {
  static final String NODE = "store";
  static final int BLOCK = 512;
  static final int BLOCKS = 4;
  private static final int USUAL = 2_000_000;
  private static final int SLOW = 300_000_000;
  private static final long HANGS = 7 * Scheduler.SECOND;

  /** What a store can promise. */
  enum Kind {
    /** Looks at the epoch at the moment at which an operation takes effect. */
    FENCES,
    /**
     * Looks at it only when an operation begins, as the {@code file} store does. What has begun
     * takes effect; within the time that a lease is waited for, or else nothing is promised.
     */
    PLAIN_FILE,
    /** The same, and an operation may hang in it for longer than that. */
    PLAIN_FILE_THAT_HANGS
  }

  private final World world;
  private final String unit;
  private final Kind kind;
  private final Random random;
  private final long[] values = new long[BLOCKS];
  private long fence;
  private boolean slow;

  Disk(World world, String unit, Kind kind) {
    this.world = world;
    this.unit = unit;
    this.kind = kind;
    this.random = world.random();
  }

  /** Whether operations may take long from now on. */
  void slow(boolean may) {
    slow = may;
  }

  private long duration() {
    if (slow && random.nextInt(12) == 0) {
      long most = kind == Kind.PLAIN_FILE ? SLOW : HANGS;
      return (long) (random.nextDouble() * most);
    }
    return (long) (random.nextDouble() * random.nextDouble() * USUAL);
  }

  /** As the processes of a gateway reach it. */
  VolumeStore store(GatewayLife life) {
    return new VolumeStore() {
      @Override
      public String kind() {
        return "simulated";
      }

      @Override
      public CompletionStage<Void> create(
          String id, long size, int blockSize, Provisioning provisioning) {
        throw new UnsupportedOperationException();
      }

      @Override
      public CompletionStage<Void> grow(String id, long size) {
        throw new UnsupportedOperationException();
      }

      @Override
      public CompletionStage<Volume> open(String id) {
        CompletableFuture<Volume> opened = new CompletableFuture<>();
        life.process()
            .after(
                duration(),
                () -> {
                  if (world.network().isCut(life.name(), NODE) || slow && random.nextInt(20) == 0) {
                    opened.completeExceptionally(new VolumeException(Reason.UNAVAILABLE, "cut"));
                  } else {
                    opened.complete(new Opened(life, world.disk(id)));
                  }
                });
        return opened;
      }

      @Override
      public CompletionStage<Void> delete(String id) {
        throw new UnsupportedOperationException();
      }
    };
  }

  /** The disk as one process has opened it. */
  private static final class Opened implements Volume {
    private static final VolumeGeometry GEOMETRY =
        new VolumeGeometry((long) BLOCKS * BLOCK, BLOCK, false, BLOCK, 0, true);

    private final GatewayLife life;
    private final Disk disk;
    private long epoch;
    private int underWay;
    private CompletableFuture<Void> closing;

    Opened(GatewayLife life, Disk disk) {
      this.life = life;
      this.disk = disk;
    }

    @Override
    public VolumeGeometry geometry() {
      return GEOMETRY;
    }

    /** What one block goes through, and what it finds. */
    private interface Effect {
      void on(int block);
    }

    private CompletionStage<Void> operate(long offset, int bytes, Effect effect) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      if (closing != null) {
        done.completeExceptionally(new VolumeException(Reason.CLOSED, "closed"));
        return done;
      }
      if (disk.kind != Kind.FENCES && disk.fence > epoch) {
        done.completeExceptionally(fenced());
        return done;
      }
      Scheduler scheduler = disk.world.scheduler();
      int first = (int) (offset / BLOCK);
      int count = bytes / BLOCK;
      int[] left = {count};
      boolean[] refused = {false};
      underWay++;
      for (int block = first; block < first + count; block++) {
        int each = block;
        scheduler.at(
            disk.effect(life),
            null,
            () -> {
              if (disk.kind == Kind.FENCES && disk.fence > epoch) {
                refused[0] = true;
              } else if (disk.kind == Kind.FENCES || !life.process().hasEnded()) {
                // A process is not gone while it is in a system call: what it had begun in a file
                // is done or never will be.
                effect.on(each);
              }
              left[0]--;
              if (left[0] == 0) {
                scheduler.at(
                    scheduler.now() + disk.duration(), life.process(), () -> end(done, refused[0]));
              }
            });
      }
      return done;
    }

    private void end(CompletableFuture<Void> done, boolean refused) {
      underWay--;
      if (refused) {
        done.completeExceptionally(fenced());
      } else {
        done.complete(null);
      }
      if (closing != null && underWay == 0) {
        closing.complete(null);
      }
    }

    private VolumeException fenced() {
      return new VolumeException(Reason.FENCED, "epoch " + epoch + " after " + disk.fence);
    }

    @Override
    public CompletionStage<Void> read(long offset, ByteBuffer target) {
      disk.world.invariants().begins(life, disk.unit, epoch, 0);
      int start = target.position();
      return operate(
          offset,
          target.remaining(),
          block ->
              target.putLong(start + (int) (block - offset / BLOCK) * BLOCK, disk.values[block]));
    }

    @Override
    public CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable) {
      long value = source.getLong(source.position());
      disk.world.invariants().begins(life, disk.unit, epoch, value);
      return operate(
          offset,
          source.remaining(),
          block -> {
            disk.world.trace(() -> "%s block %d is %d".formatted(disk.unit, block, value));
            disk.world.invariants().lands(disk.unit, value);
            if (disk.fence > epoch) {
              disk.world.violation(
                  "write %d of epoch %d lands on %s after epoch %d"
                      .formatted(value, epoch, disk.unit, disk.fence));
            }
            disk.values[block] = value;
          });
    }

    @Override
    public CompletionStage<Void> flush() {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Void> fence(long newEpoch) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      Scheduler scheduler = disk.world.scheduler();
      scheduler.at(
          disk.effect(life),
          null,
          () -> {
            boolean late = disk.fence > newEpoch;
            if (!late && !disk.world.lacks(Mutation.NO_FENCE)) {
              disk.fence = newEpoch;
            }
            scheduler.at(
                scheduler.now() + disk.duration(),
                life.process(),
                () -> {
                  epoch = newEpoch;
                  if (late) {
                    done.completeExceptionally(fenced());
                  } else {
                    done.complete(null);
                  }
                });
          });
      return done;
    }

    @Override
    public CompletionStage<Void> close() {
      if (closing == null) {
        closing = new CompletableFuture<>();
        if (underWay == 0 || disk.world.lacks(Mutation.RELEASED_BEFORE_DRAINED)) {
          closing.complete(null);
        }
      }
      return closing;
    }

    @Override
    public CompletionStage<Void> grow(long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> unmap(long offset, long length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> writeSame(
        long offset, long length, ByteBuffer block, boolean stable) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Long> compareAndWrite(
        long offset, ByteBuffer expected, ByteBuffer replacement, boolean stable) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<List<Extent>> status(long offset, long length) {
      throw new UnsupportedOperationException();
    }
  }

  /**
   * When something that is asked now takes effect. A way to a plain file that is cut is none: it is
   * on the gateway's own machine.
   */
  private long effect(GatewayLife life) {
    long soonest = world.scheduler().now();
    if (kind == Kind.FENCES) {
      soonest = Math.max(soonest, world.network().cutUntil(life.name(), NODE));
    }
    return soonest + duration();
  }
}
