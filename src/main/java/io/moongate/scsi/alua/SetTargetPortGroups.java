package io.moongate.scsi.alua;

import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.task.NotExecuted;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * SET TARGET PORT GROUPS (SPC-4 section 6.45), where explicit ALUA is opted in: what can be asked
 * for is that another group be active/optimized. It becomes a planned move of the unit to that
 * gateway, and is answered when it serves.
 */
public final class SetTargetPortGroups implements CommandHandler.Query {
  private static final int HEADER = 4;
  private static final int DESCRIPTOR = 4;
  private static final int MOST = HEADER + DESCRIPTOR * 1024;

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    return cdb.u32(6) > MOST ? 0 : cdb.u32(6);
  }

  @Override
  public CompletionStage<Response> answer(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    long length = cdb.u32(6);
    if (length > MOST) {
      throw new CheckCondition(Sense.invalidCdb(6));
    }
    if (length == 0) {
      return CompletableFuture.completedStage(Response.good(0));
    }
    if (length < HEADER
        || (length - HEADER) % DESCRIPTOR != 0
        || command.dataOut().remaining() < length) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, length);
    }
    byte[] list = new byte[(int) length];
    command.dataOut().duplicate().get(list);
    return server
        .pathStates()
        .thenCompose(
            states -> {
              OptionalInt group = optimized(states, new Cdb(list));
              if (group.isEmpty() || isOptimized(states, group.getAsInt())) {
                return CompletableFuture.completedStage(Response.good(length));
              }
              return server
                  .optimize(group.getAsInt(), command)
                  .handle(
                      (moved, failure) -> {
                        if (failure instanceof NotExecuted late) {
                          throw late; // It is still under way: the host asks again.
                        }
                        if (failure != null) {
                          throw new CheckCondition(Sense.SET_GROUPS_FAILED, length);
                        }
                        return Response.good(length);
                      });
            });
  }

  /**
   * The group that is to be active/optimized; empty when the list asks for nothing that is not so.
   * Whoever else is asked for must be active/non-optimized: that is what follows.
   */
  private static OptionalInt optimized(PathStates states, Cdb list) {
    int length = list.bytes().length;
    OptionalInt chosen = OptionalInt.empty();
    for (int at = HEADER; at < length; at += DESCRIPTOR) {
      int state = list.u8(at) & 0x0F;
      int group = list.u16(at + 2);
      if (states.groups().stream().noneMatch(each -> each.id() == group)) {
        throw new CheckCondition(Sense.invalidParameter(at + 2), length);
      }
      if (state == AccessState.ACTIVE_OPTIMIZED.code() && chosen.isEmpty()) {
        chosen = OptionalInt.of(group);
      } else if (state != AccessState.ACTIVE_NON_OPTIMIZED.code()) {
        // A second optimized one can't be, nor any other state on request.
        throw new CheckCondition(Sense.invalidParameter(at), length);
      }
    }
    if (chosen.isEmpty() && demotes(states, list)) {
      // One has to be optimized: which one is for the host to say.
      throw new CheckCondition(Sense.invalidParameter(HEADER), length);
    }
    return chosen;
  }

  private static boolean demotes(PathStates states, Cdb list) {
    for (int at = HEADER; at < list.bytes().length; at += DESCRIPTOR) {
      if (isOptimized(states, list.u16(at + 2))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOptimized(PathStates states, int group) {
    return states.groups().stream()
        .anyMatch(each -> each.id() == group && each.state() == AccessState.ACTIVE_OPTIMIZED);
  }
}
