package io.moongate.scsi.sanitize;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.Sanitizing;
import io.moongate.scsi.task.DeadlineTimer;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import io.moongate.scsi.task.TaskSet;
import io.moongate.volume.VolumeException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Carries out the sanitize operation of a unit, on the gateway that owns it: in pieces, each a
 * command of the unit's own in its task set, so that epoch, lease and deadline are looked at before
 * each, and a release waits for one piece at most. A reset or an abort ends a piece, not the
 * operation. How far it is gets recorded from time to time, and a new owner goes on from there.
 *
 * <p>What is overwritten is written, not deallocated, even where it is zeros; whether the blocks
 * that held the data before are the same ones is for the store's medium to say.
 */
public final class SanitizeWork {
  private static final Logger LOG = System.getLogger(SanitizeWork.class.getName());

  private static final int OVERWRITE_PIECE = 1 << 20;
  private static final long ERASE_PIECE = 256L << 20;
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long PIECE_BOUND_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long RECORD_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final byte[] CDB = {0x48, 0, 0, 0, 0, 0, 0, 0, 0, 0};

  private final DeviceServer server;
  private final TaskSet tasks;
  private final DeadlineTimer timer;
  private boolean active;
  private long workEpoch;
  private long recordedNanos;

  /** Where the work stands here; null while there is none. Written by one piece after the other. */
  private volatile Sanitizing reached;

  public SanitizeWork(DeviceServer server, TaskSet tasks, DeadlineTimer timer) {
    this.server = server;
    this.tasks = tasks;
    this.timer = timer;
  }

  /** How much of the operation is done, as far as this gateway knows, from 0 to 1. */
  public double progress() {
    Sanitizing now = reached;
    return now == null ? 0 : now.progress();
  }

  /** Whether an operation is a piece of the work. */
  public static boolean isPiece(MediumOperation operation) {
    return operation instanceof Piece;
  }

  /** The shared state or the ownership has changed: begins the work if it is to be done here. */
  public void look() {
    Sanitizing recorded = server.shared().sanitizing();
    OptionalLong epoch = tasks.ownership().servedHere();
    if (!Sanitizing.running(recorded) || epoch.isEmpty()) {
      return;
    }
    synchronized (this) {
      if (active) {
        return;
      }
      active = true;
      workEpoch = epoch.getAsLong();
      recordedNanos = timer.nanoTime();
      reached = recorded;
    }
    next();
  }

  private void next() {
    OptionalLong epoch = tasks.ownership().servedHere();
    Sanitizing from = reached;
    if (from == null || epoch.isEmpty() || epoch.getAsLong() != workEpoch) {
      // It is over, or another owner may have gone on with it: what is recorded counts.
      synchronized (this) {
        active = false;
        reached = null;
      }
      look();
      return;
    }
    Piece piece = new Piece(from);
    long begun = timer.nanoTime();
    Command command =
        new Command(
            from.by(),
            0,
            TaskAttribute.SIMPLE,
            CDB.clone(),
            ByteBuffer.allocate(0),
            0,
            begun + PIECE_BOUND_NANOS);
    tasks.submitOwn(epoch.getAsLong(), command, piece, response -> ended(piece, begun, response));
  }

  private void ended(Piece piece, long begun, Response response) {
    long wait = RETRY_NANOS;
    if (response.status() == Status.GOOD) {
      wait = 0;
      if (piece.from.method() == Sanitizing.Method.OVERWRITE) {
        long second = TimeUnit.SECONDS.toNanos(1);
        wait = (long) ((double) piece.length() / server.settings().sanitizeRate() * second);
      }
    }
    timer.at(begun + wait, this::next);
  }

  private final class Piece extends MediumOperation {
    private final Sanitizing from;

    Piece(Sanitizing from) {
      super(
          from.offset(),
          from.offset() + lengthAt(from),
          true,
          from.method() == Sanitizing.Method.OVERWRITE ? lengthAt(from) : 0);
      this.from = from;
    }

    long length() {
      return lengthAt(from);
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      return touch(execution)
          .handle((touched, failure) -> after(execution, failure))
          .thenCompose(stage -> stage);
    }

    private CompletionStage<Void> touch(Execution execution) {
      boolean last = from.offset() + length() == from.size();
      CompletionStage<Void> touched =
          from.method() == Sanitizing.Method.OVERWRITE
              ? execution.volume().write(from.offset(), filled(from, (int) length()), false)
              : execution.volume().unmap(from.offset(), length());
      return last ? touched.thenCompose(all -> execution.volume().flush()) : touched;
    }

    private CompletionStage<Response> after(Execution execution, Throwable failure) {
      if (failure != null) {
        if (!isFinal(failure)) {
          return CompletableFuture.failedFuture(failure);
        }
        LOG.log(Level.ERROR, "unit " + server.identity().id() + ": SANITIZE failed", failure);
        return record(execution, "SANITIZE failed", from.asFailed(), null);
      }
      long offset = from.offset() + length();
      boolean passed = offset == from.size();
      Sanitizing now = passed ? from.at(from.pass() + 1, 0) : from.at(from.pass(), offset);
      if (now.pass() == now.passes()) {
        return record(execution, "SANITIZE is complete", null, null);
      }
      long time = timer.nanoTime();
      if (time - recordedNanos < RECORD_NANOS) {
        reached = now;
        return CompletableFuture.completedFuture(Response.good(0));
      }
      recordedNanos = time;
      return execution
          .volume()
          .flush()
          .thenCompose(flushed -> record(execution, "SANITIZE goes on", now, now));
    }

    private CompletionStage<Response> record(
        Execution execution, String cause, Sanitizing outcome, Sanitizing next) {
      return server
          .change(
              execution,
              cause,
              present -> new Change(present.withSanitizing(outcome), List.of(), Response.good(0)))
          .thenApply(
              response -> {
                reached = next;
                return response;
              });
    }
  }

  private static long lengthAt(Sanitizing from) {
    long most = from.method() == Sanitizing.Method.OVERWRITE ? OVERWRITE_PIECE : ERASE_PIECE;
    return Math.min(most, from.size() - from.offset());
  }

  /** Blocks that hold the pattern over and over, each from its beginning. */
  private ByteBuffer filled(Sanitizing from, int length) {
    byte[] pattern = HexFormat.of().parseHex(from.pattern());
    boolean inverted = from.inverted() && from.pass() % 2 == 1;
    int block = server.geometry().blockSize();
    byte[] data = new byte[length];
    for (int at = 0; at < block; at++) {
      byte value = pattern[at % pattern.length];
      data[at] = inverted ? (byte) ~value : value;
    }
    for (int at = block; at < length; at += block) {
      System.arraycopy(data, 0, data, at, block);
    }
    return ByteBuffer.wrap(data);
  }

  /** Whether the store has failed for good; anything else is tried again. */
  private static boolean isFinal(Throwable failure) {
    return VolumeException.in(failure)
        .filter(
            store ->
                switch (store.reason()) {
                  case IO, LOST, FULL, RANGE, UNSUPPORTED -> true;
                  case NOT_FOUND, EXISTS, IN_USE, FENCED, CLOSED, UNAVAILABLE, OVERLOADED -> false;
                })
        .isPresent();
  }
}
