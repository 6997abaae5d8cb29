package io.moongate.scsi;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A medium whose operations complete late, on other threads, and which one epoch after the other
 * opens. It notes whatever ought not to happen. The first bytes that a write carries are the number
 * of its command.
 */
final class LateMedium {
  private static final int LATEST_MICROS = 200;

  /** Not a record: two reads of the same range are two operations. */
  private static final class Operation {
    private final long from;
    private final long to;
    private final boolean writes;

    Operation(long from, long to, boolean writes) {
      this.from = from;
      this.to = to;
      this.writes = writes;
    }

    boolean conflicts(Operation other) {
      return from < other.to && other.from < to && (writes || other.writes);
    }

    @Override
    public String toString() {
      return (writes ? "write " : "read ") + from + "-" + to;
    }
  }

  private final VolumeGeometry geometry;
  private final ScheduledExecutorService executor;
  private final Random random;
  private final List<Operation> active = new ArrayList<>();
  private final BitSet drainedEpochs = new BitSet();
  private final BitSet aborted = new BitSet();
  private final long[] executedUnder;
  private long operations;

  final Queue<String> violations = new ConcurrentLinkedQueue<>();

  LateMedium(VolumeGeometry geometry, ScheduledExecutorService executor, long seed, int commands) {
    this.geometry = geometry;
    this.executor = executor;
    this.random = new Random(seed);
    this.executedUnder = new long[commands];
  }

  /** Nothing may begin under the epoch any more, and nothing may run. */
  synchronized void drained(long epoch) {
    drainedEpochs.set((int) epoch);
    if (!active.isEmpty()) {
      violations.add("drained epoch " + epoch + " while there is " + active);
    }
  }

  /** The abort of these commands is complete: none of them may begin any more. */
  synchronized void aborted(BitSet commands) {
    aborted.or(commands);
  }

  /** The epoch under which a write was executed; 0 when it was not. */
  synchronized long executedUnder(int command) {
    return executedUnder[command];
  }

  synchronized long operations() {
    return operations;
  }

  /** A write begins, here or at another owner. */
  synchronized void begins(int command, long epoch) {
    if (aborted.get(command)) {
      violations.add("command " + command + " began after its abort was complete");
    }
    if (executedUnder[command] != 0) {
      violations.add("command " + command + " was executed twice");
    }
    executedUnder[command] = epoch;
  }

  private synchronized CompletionStage<Void> operate(
      long epoch, long from, long length, boolean writes) {
    operations++;
    Operation operation = new Operation(from, from + length, writes);
    if (drainedEpochs.get((int) epoch)) {
      violations.add(operation + " began under drained epoch " + epoch);
    }
    for (Operation other : active) {
      if (operation.conflicts(other)) {
        violations.add(operation + " began beside " + other);
      }
    }
    CompletableFuture<Void> result = new CompletableFuture<>();
    int micros = random.nextInt(LATEST_MICROS);
    if (micros < LATEST_MICROS / 4) {
      result.complete(null);
      return result;
    }
    active.add(operation);
    var unused =
        executor.schedule(
            () -> {
              synchronized (this) {
                active.remove(operation);
              }
              result.complete(null);
            },
            micros,
            TimeUnit.MICROSECONDS);
    return result;
  }

  /** The medium as one epoch opens it. */
  Volume open(long epoch) {
    return new View(epoch);
  }

  private final class View implements Volume {
    private final long epoch;

    View(long epoch) {
      this.epoch = epoch;
    }

    @Override
    public VolumeGeometry geometry() {
      return geometry;
    }

    @Override
    public CompletionStage<Void> read(long offset, ByteBuffer target) {
      return operate(epoch, offset, target.remaining(), false);
    }

    @Override
    public CompletionStage<Void> write(long offset, ByteBuffer source, boolean stable) {
      synchronized (LateMedium.this) {
        begins(source.getInt(source.position()), epoch);
        return operate(epoch, offset, source.remaining(), true);
      }
    }

    @Override
    public CompletionStage<Void> flush() {
      return operate(epoch, 0, 0, false);
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

    @Override
    public CompletionStage<Void> grow(long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> fence(long newEpoch) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> close() {
      throw new UnsupportedOperationException();
    }
  }
}
