package io.moongate.scsi.medium;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.MediumState;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * START STOP UNIT (SBC-3 section 5.25), executed by the owner. A unit is always active: to start it
 * is to do nothing.
 *
 * <p>One that is not removable refuses to be stopped, loaded, ejected or put into a power
 * condition, for nothing would happen. A removable one loads and ejects its medium. To stop it
 * writes back its cache and nothing else, and it is as ready for commands in every power condition.
 * IMMED makes no difference: the answer comes when it is done.
 */
public final class StartStopUnit implements CommandHandler.Medium {
  private static final int START = 0x01;
  private static final int LOEJ = 0x02;
  private static final int NO_FLUSH = 0x04;
  private static final int POWER_CONDITION = 0xF0;

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    if (cdb.u8(3) != 0) {
      throw new CheckCondition(Sense.invalidCdb(3, 3));
    }
    if (server.identity().removable()) {
      boolean flush = !cdb.has(4, NO_FLUSH);
      if (cdb.has(4, POWER_CONDITION)) {
        return new Stay(server, false, false); // START and LOEJ are to be ignored then.
      }
      if (cdb.has(4, LOEJ)) {
        return cdb.has(4, START)
            ? new Load(server, command.nexus())
            : new Eject(server, command.nexus(), flush);
      }
      return new Stay(server, cdb.has(4, START), flush);
    }
    if (cdb.has(4, POWER_CONDITION)) {
      throw new CheckCondition(Sense.invalidCdb(4, 7));
    }
    if (cdb.has(4, LOEJ)) {
      throw new CheckCondition(Sense.invalidCdb(4, 1));
    }
    if (!cdb.has(4, START)) {
      throw new CheckCondition(Sense.invalidCdb(4, 0));
    }
    return new Stay(server, false, false);
  }

  private static CompletionStage<Void> flush(Execution execution) {
    return execution.volume().flush();
  }

  private static void requireAllowed(MediumState medium) {
    if (!medium.preventing().isEmpty()) {
      throw new CheckCondition(Sense.MEDIUM_REMOVAL_PREVENTED);
    }
  }

  /** The medium stays where it is. */
  private static final class Stay extends MediumOperation {
    private final DeviceServer server;
    private final boolean needsMedium;
    private final boolean flush;

    Stay(DeviceServer server, boolean needsMedium, boolean flush) {
      super(0, 0, false, 0);
      this.server = server;
      this.needsMedium = needsMedium;
      this.flush = flush;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      boolean ejected = server.shared().medium().ejected();
      if (ejected && needsMedium) {
        throw new CheckCondition(Sense.MEDIUM_NOT_PRESENT);
      }
      return flush && !ejected && !needsMedium
          ? StartStopUnit.flush(execution).thenApply(flushed -> Response.good(0))
          : CompletableFuture.completedFuture(Response.good(0));
    }
  }

  /** Takes the medium out, once everything that came before has ended. */
  private static final class Eject extends MediumOperation {
    private final DeviceServer server;
    private final Nexus by;
    private final boolean flush;

    Eject(DeviceServer server, Nexus by, boolean flush) {
      super(0, Long.MAX_VALUE, true, 0);
      this.server = server;
      this.by = by;
      this.flush = flush;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      MediumState now = server.shared().medium();
      CompletionStage<Void> flushed =
          flush && !now.ejected() && now.preventing().isEmpty()
              ? StartStopUnit.flush(execution)
              : CompletableFuture.completedFuture(null);
      return flushed.thenCompose(
          done -> server.change(execution, "START STOP UNIT, eject by " + by, Eject::change));
    }

    private static Change change(SharedState present) {
      if (!present.medium().ejected()) {
        requireAllowed(present.medium());
      }
      return new Change(present.with(present.medium().with(true)), List.of(), Response.good(0));
    }
  }

  /** Puts the medium in. */
  private static final class Load extends MediumOperation {
    private final DeviceServer server;
    private final Nexus by;

    Load(DeviceServer server, Nexus by) {
      super(0, 0, false, 0);
      this.server = server;
      this.by = by;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      return server.change(execution, "START STOP UNIT, load by " + by, this::change);
    }

    private Change change(SharedState present) {
      if (!present.medium().ejected()) {
        return Change.none(present, Response.good(0));
      }
      requireAllowed(present.medium());
      return new Change(
          present.with(present.medium().with(false)),
          List.of(Notice.attentionForOthers(UnitAttention.MEDIUM_MAY_HAVE_CHANGED, by)),
          Response.good(0));
    }
  }
}
