package io.moongate.scsi.sanitize;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.Sanitizing;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * SANITIZE (SBC-3 section 5). The command waits until everything that came before it has ended, and
 * records that the operation has begun; from then on other commands are refused, through every
 * path. There is no CRYPTOGRAPHIC ERASE: nothing is encrypted here.
 */
public final class Sanitize implements CommandHandler.Medium {
  private static final int IMMED = 0x80;
  private static final int AUSE = 0x20;
  private static final int HEADER = 4;
  private static final int INVERT = 0x80;
  private static final int TEST = 0x60;
  private static final int OVERWRITE_COUNT = 0x1F;

  /** The service action. */
  public enum Action {
    OVERWRITE,
    BLOCK_ERASE,
    EXIT_FAILURE_MODE
  }

  private final Action action;

  public Sanitize(Action action) {
    this.action = action;
  }

  /** Whether the command is answered when the operation is over, not when it has begun. */
  public boolean waits(Cdb cdb) {
    return action != Action.EXIT_FAILURE_MODE && !cdb.has(1, IMMED);
  }

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    int length = action == Action.OVERWRITE ? cdb.u16(7) : 0;
    return length > HEADER + server.geometry().blockSize() ? 0 : length;
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    boolean ause = cdb.has(1, AUSE);
    if (action == Action.EXIT_FAILURE_MODE) {
      return new Exit(server, command.nexus());
    }
    Sanitizing begun =
        action == Action.OVERWRITE
            ? overwrite(server, command, cdb, ause)
            : begun(server, command, Sanitizing.Method.BLOCK_ERASE, ause, "", 1, false);
    return new Begin(server, begun, cdb.u16(7));
  }

  private static Sanitizing overwrite(DeviceServer server, Command command, Cdb cdb, boolean ause) {
    int length = cdb.u16(7);
    int block = server.geometry().blockSize();
    if (length <= HEADER || length > HEADER + block) {
      throw new CheckCondition(Sense.invalidCdb(7));
    }
    if (command.dataOut().remaining() < length) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, length);
    }
    byte[] list = new byte[length];
    command.dataOut().duplicate().get(list);
    Cdb fields = new Cdb(list);
    int count = fields.u8(0) & OVERWRITE_COUNT;
    int pattern = fields.u16(2);
    if (fields.has(0, TEST) || count == 0) {
      throw new CheckCondition(Sense.invalidParameter(0), length);
    }
    if (fields.u8(1) != 0) {
      throw new CheckCondition(Sense.invalidParameter(1), length);
    }
    if (pattern == 0 || pattern > block || pattern > length - HEADER) {
      throw new CheckCondition(Sense.invalidParameter(2), length);
    }
    String digits = HexFormat.of().formatHex(Arrays.copyOfRange(list, HEADER, HEADER + pattern));
    return begun(
        server, command, Sanitizing.Method.OVERWRITE, ause, digits, count, fields.has(0, INVERT));
  }

  private static Sanitizing begun(
      DeviceServer server,
      Command command,
      Sanitizing.Method method,
      boolean ause,
      String pattern,
      int passes,
      boolean inverted) {
    long size = server.geometry().size();
    return new Sanitizing(
        method, false, ause, pattern, passes, inverted, size, 0, 0, command.nexus());
  }

  /** Records that it has begun. */
  private static final class Begin extends MediumOperation {
    private final DeviceServer server;
    private final Sanitizing begun;
    private final int wanted;

    /** Claims the whole medium: it begins when nothing runs any more. */
    Begin(DeviceServer server, Sanitizing begun, int wanted) {
      super(0, Long.MAX_VALUE, true, wanted);
      this.server = server;
      this.begun = begun;
      this.wanted = wanted;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      String cause = "SANITIZE " + begun.method() + " by " + begun.by();
      return server.change(execution, cause, this::change);
    }

    private Change change(SharedState present) {
      Sanitizing before = present.sanitizing();
      if (Sanitizing.running(before)) {
        throw new CheckCondition(
            Sense.SANITIZE_IN_PROGRESS.withProgress(before.progress()), wanted);
      }
      if (present.writeProtected()) {
        throw new CheckCondition(present.writeProtection(), wanted);
      }
      if (before != null && !before.unrestricted() && begun.unrestricted()) {
        // After a restricted one has failed, only a restricted one may follow.
        throw new CheckCondition(Sense.invalidCdb(1, 5), wanted);
      }
      return new Change(present.withSanitizing(begun), List.of(), Response.good(wanted));
    }
  }

  /** EXIT FAILURE MODE: the failure of an unrestricted one is forgotten. */
  private static final class Exit extends MediumOperation {
    private final DeviceServer server;
    private final Nexus nexus;

    Exit(DeviceServer server, Nexus nexus) {
      super(0, 0, true, 0);
      this.server = server;
      this.nexus = nexus;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      return server.change(execution, "EXIT FAILURE MODE by " + nexus, Exit::change);
    }

    private static Change change(SharedState present) {
      Sanitizing before = present.sanitizing();
      if (Sanitizing.running(before)) {
        throw new CheckCondition(Sense.SANITIZE_IN_PROGRESS.withProgress(before.progress()));
      }
      if (before != null && !before.unrestricted()) {
        throw new CheckCondition(Sense.SANITIZE_FAILED);
      }
      return new Change(present.withSanitizing(null), List.of(), Response.good(0));
    }
  }
}
