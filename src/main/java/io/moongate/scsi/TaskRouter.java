package io.moongate.scsi;

import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.ReportLuns;
import io.moongate.scsi.sense.CheckCondition;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The task router of a target (SAM-5 section 4.5.8): takes every command to it, whatever the LUN.
 * REPORT LUNS is answered here, for every LUN alike; a LUN without a unit too. Stateless.
 */
public final class TaskRouter {
  private static final int REPORT_LUNS = 0xA0;

  private final TargetDevice target;

  public TaskRouter(TargetDevice target) {
    this.target = target;
  }

  /** As {@link LogicalUnit#dataOutLength}; nothing is taken for a LUN without a unit. */
  public long dataOutLength(Optional<LogicalUnit> unit, Nexus nexus, byte[] cdb) {
    return unit.isPresent() ? unit.get().dataOutLength(nexus, cdb) : 0;
  }

  /**
   * Executes a command.
   *
   * @param unit what is mapped at the command's LUN, and the command's nexus is attached to
   * @param reply as for {@link LogicalUnit#execute}
   */
  public void execute(Optional<LogicalUnit> unit, Command command, Consumer<Response> reply) {
    if (unit.isPresent() && command.operationCode() != REPORT_LUNS) {
      unit.get().execute(command, reply);
      return;
    }
    Cdb cdb = new Cdb(command.cdb());
    Response response;
    try {
      response =
          command.operationCode() == REPORT_LUNS
              ? ReportLuns.answer(target.luns(), cdb)
              : AbsentUnit.answer(cdb);
    } catch (CheckCondition refused) {
      response = Response.checkCondition(refused.sense().encode(false));
    }
    reply.accept(response);
  }
}
