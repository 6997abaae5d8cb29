package io.moongate.scsi.mode;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.TaskAttribute;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.task.DeadlineTimer;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import io.moongate.scsi.task.TaskSet;
import io.moongate.volume.Volume;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * Looks from time to time, on the gateway that owns a thin unit, how much its store has left, and
 * has every nexus of every gateway told by 38/07 when that falls to the threshold. It tells once,
 * and again when there was more in between; a new owner may tell it again.
 */
public final class ThresholdWatch {
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final Nexus NOBODY = new Nexus("", 0, "", 0);

  private final DeviceServer server;
  private final TaskSet tasks;
  private final DeadlineTimer timer;
  private boolean active;

  /** Whether hosts were told. Read and written by one look after the other. */
  private volatile boolean told;

  public ThresholdWatch(DeviceServer server, TaskSet tasks, DeadlineTimer timer) {
    this.server = server;
    this.tasks = tasks;
    this.timer = timer;
  }

  /** The ownership may have changed. */
  public void look() {
    if (!Threshold.isThere(server.geometry(), server.settings())
        || tasks.ownership().servedHere().isEmpty()) {
      return;
    }
    synchronized (this) {
      if (active) {
        return;
      }
      active = true;
    }
    next();
  }

  private void next() {
    OptionalLong epoch = tasks.ownership().servedHere();
    if (epoch.isEmpty()) {
      synchronized (this) {
        active = false;
      }
      told = false;
      look(); // It may have become ours again in between.
      return;
    }
    Command command =
        new Command(
            NOBODY,
            0,
            TaskAttribute.SIMPLE,
            new byte[6],
            ByteBuffer.allocate(0),
            0,
            timer.nanoTime() + BOUND_NANOS);
    tasks.submitOwn(
        epoch.getAsLong(),
        command,
        new Look(),
        response ->
            timer.at(timer.nanoTime() + server.settings().thinInterval().toNanos(), this::next));
  }

  /** One look. */
  private final class Look extends MediumOperation {
    Look() {
      super(0, 0, false, 0);
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      return execution.volume().space().thenCompose(space -> judge(execution, space));
    }

    private CompletionStage<Response> judge(Execution execution, Volume.Space space) {
      Response good = Response.good(0);
      boolean low =
          space.available().isPresent()
              && space.available().getAsLong() <= server.settings().thinThreshold();
      if (!low || told) {
        told = low;
        return CompletableFuture.completedFuture(good);
      }
      Notice warning = Notice.attentionForOthers(UnitAttention.THIN_PROVISIONING_THRESHOLD, null);
      return server
          .change(
              execution,
              "the store has %d bytes left".formatted(space.available().getAsLong()),
              present -> new Change(present, List.of(warning), good))
          .whenComplete((response, failure) -> told = failure == null);
    }
  }
}
