package io.moongate.scsi.reservation;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/**
 * RESERVE and RELEASE, (6) and (10), of the whole unit for the nexus itself (SPC-2 sections 7.21 to
 * 7.24): no extents and no third parties.
 */
public final class Reserve implements CommandHandler.Medium {
  private final String name;
  private final BiFunction<Reservations, Nexus, Outcome> action;

  private Reserve(String name, BiFunction<Reservations, Nexus, Outcome> action) {
    this.name = name;
    this.action = action;
  }

  /** RESERVE. */
  public static Reserve reserving() {
    return new Reserve("RESERVE", Reserving::reserveBasic);
  }

  /** RELEASE. */
  public static Reserve releasing() {
    return new Reserve("RELEASE", Reserving::releaseBasic);
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    return new MediumOperation(0, 0, false, 0) {
      @Override
      public CompletionStage<Response> run(Execution execution) {
        String cause = PersistentReserveOut.cause(name, command.nexus());
        return server.change(
            execution,
            cause,
            state -> {
              Outcome outcome = action.apply(state.reservations(), command.nexus());
              return new Change(
                  state.with(outcome.next()), outcome.notices(), Response.status(outcome.status()));
            });
      }
    };
  }
}
