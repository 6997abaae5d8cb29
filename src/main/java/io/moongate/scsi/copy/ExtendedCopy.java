package io.moongate.scsi.copy;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import io.moongate.scsi.task.NotExecuted;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * EXTENDED COPY (LID1) (SPC-4 sections 6.4 and 6.5). The structure of the parameter list is checked
 * before anything is copied; then segments are copied one after the other, in order, and each is
 * checked when it is its turn, so that what an error says about its segment is true of those before
 * it.
 *
 * <p>A whole copy has the deadline of a command: what is not copied by then ends with COPY ABORTED,
 * and a host does the rest itself. It is not atomic.
 */
public final class ExtendedCopy implements CommandHandler.ThirdPartyCopy {
  private static final int LENGTH_FIELD = 10;

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    long length = cdb.u32(LENGTH_FIELD);
    return length <= longest(server) ? length : 0;
  }

  private static int longest(DeviceServer server) {
    CopySettings settings = server.copies().shared().settings();
    return ParameterList.HEADER + ParameterList.maxDescriptors(settings);
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    long length = new Cdb(command.cdb()).u32(LENGTH_FIELD);
    if (length == 0) {
      return new Nothing(0);
    }
    if (length < ParameterList.HEADER
        || length > longest(server)
        || length > command.dataOut().remaining()) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, length);
    }
    byte[] data = new byte[(int) length];
    command.dataOut().duplicate().get(data);
    CopyManager manager = server.copies();
    ParameterList list = ParameterList.of(data, manager.shared().settings());
    return list.segments().isEmpty()
        ? new Nothing(list.length())
        : new Operation(manager, command, list, server.settings().maxTransfer());
  }

  /** There is nothing to copy; that is not an error. */
  private static final class Nothing extends MediumOperation {
    private final int length;

    Nothing(int length) {
      super(0, 0, false, 0);
      this.length = length;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      return CompletableFuture.completedFuture(Response.good(length));
    }
  }

  private static final class Operation extends MediumOperation {
    private final CopyManager manager;
    private final Command command;
    private final ParameterList list;
    private final int maxTransfer;

    Operation(CopyManager manager, Command command, ParameterList list, int maxTransfer) {
      super(0, 0, false, list.length());
      this.manager = manager;
      this.command = command;
      this.list = list;
      this.maxTransfer = maxTransfer;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      CopyState state = manager.begin(command.nexus(), list);
      return new CopyRun(manager, command, list, maxTransfer, execution, state)
          .start()
          .whenComplete(
              (response, failure) ->
                  manager.end(command.nexus(), list, state, end(execution, failure)));
    }

    private static CopyState.End end(Execution execution, Throwable failure) {
      Throwable cause =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      if (cause == null) {
        return new CopyState.End(Status.GOOD, Optional.empty());
      }
      if (execution.aborted()) {
        return new CopyState.End(Status.TASK_ABORTED, Optional.empty());
      }
      if (cause instanceof CheckCondition condition) {
        return new CopyState.End(Status.CHECK_CONDITION, Optional.of(condition.sense()));
      }
      if (cause instanceof NotExecuted) {
        return new CopyState.End(Status.BUSY, Optional.empty());
      }
      return new CopyState.End(Status.CHECK_CONDITION, Optional.of(Sense.INTERNAL_TARGET_FAILURE));
    }
  }
}
