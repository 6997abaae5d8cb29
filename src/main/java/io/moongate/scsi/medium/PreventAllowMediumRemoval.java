package io.moongate.scsi.medium;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.MediumState;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * PREVENT ALLOW MEDIUM REMOVAL (SBC-3 section 5.15), executed by the owner: for the nexus that
 * sends it, until that allows it again, ends, is preempted with PREEMPT AND ABORT, or the unit is
 * reset. A medium that is not removable can't be removed, so that to prevent it is what is the
 * case.
 */
public final class PreventAllowMediumRemoval implements CommandHandler.Medium {
  private static final int PREVENT = 0x01;
  private static final int OBSOLETE = 0x02;

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    if (cdb.has(4, OBSOLETE)) {
      throw new CheckCondition(Sense.invalidCdb(4, 1));
    }
    return new Operation(server, command.nexus(), cdb.has(4, PREVENT));
  }

  private static final class Operation extends MediumOperation {
    private final DeviceServer server;
    private final Nexus nexus;
    private final boolean prevent;

    Operation(DeviceServer server, Nexus nexus, boolean prevent) {
      super(0, 0, false, 0);
      this.server = server;
      this.nexus = nexus;
      this.prevent = prevent;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      if (!server.identity().removable()) {
        return CompletableFuture.completedFuture(Response.good(0));
      }
      MediumState now = server.shared().medium();
      // What was written is on stable storage before the medium may be taken out.
      CompletionStage<Void> flushed =
          !prevent && !now.ejected() && now.preventing().contains(nexus)
              ? execution.volume().flush()
              : CompletableFuture.completedFuture(null);
      String cause =
          "PREVENT ALLOW MEDIUM REMOVAL, %s by %s".formatted(prevent ? "prevent" : "allow", nexus);
      return flushed.thenCompose(done -> server.change(execution, cause, this::change));
    }

    private Change change(SharedState present) {
      MediumState medium = present.medium();
      MediumState next = prevent ? medium.preventedBy(nexus) : medium.allowedBy(List.of(nexus));
      if (next.preventing().size() > MediumState.MOST_PREVENTING) {
        throw new CheckCondition(Sense.INSUFFICIENT_RESOURCES);
      }
      return new Change(present.with(next), List.of(), Response.good(0));
    }
  }
}
