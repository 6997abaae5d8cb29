package io.moongate.scsi.reservation;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.command.CommandHandler;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.Execution;
import io.moongate.scsi.task.MediumOperation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * PERSISTENT RESERVE OUT (SPC-4 section 6.16): recorded for good, and told to every gateway, before
 * it is answered. REPLACE LOST RESERVATION is not among the service actions: none gets lost.
 */
public final class PersistentReserveOut implements CommandHandler.Medium {
  private static final int BASIC = 24;
  private static final int SPECIFIED_AT = 28;
  private static final int MOVED_AT = 24;

  /** Where SPEC_I_PT, ALL_TG_PT and APTPL are in the parameter list. */
  static final int FLAGS = 20;

  private static final int SPEC_I_PT = 0x08;
  private static final int ALL_TG_PT = 0x04;
  private static final int APTPL = 0x01;
  private static final int MOVE_FLAGS = 17;
  private static final int UNREG = 0x02;

  /** Bytes of parameter data: room for some hundred TransportIDs. */
  private static final int LONGEST = 0x8000;

  /** The service actions, by their codes. */
  enum Action {
    REGISTER,
    RESERVE,
    RELEASE,
    CLEAR,
    PREEMPT,
    PREEMPT_AND_ABORT,
    REGISTER_AND_IGNORE_EXISTING_KEY,
    REGISTER_AND_MOVE;

    private static final Action[] ALL = values();

    static Action of(Cdb cdb) {
      return ALL[cdb.serviceAction()];
    }

    boolean registers() {
      return this == REGISTER || this == REGISTER_AND_IGNORE_EXISTING_KEY;
    }
  }

  @Override
  public long dataOutLength(DeviceServer server, Cdb cdb) {
    long length = cdb.u32(5);
    return length < BASIC || length > LONGEST ? 0 : length;
  }

  @Override
  public MediumOperation prepare(DeviceServer server, Command command) {
    Cdb cdb = new Cdb(command.cdb());
    int length = (int) dataOutLength(server, cdb);
    if (length == 0 || command.dataOut().remaining() < length) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, length);
    }
    byte[] bytes = new byte[length];
    command.dataOut().duplicate().get(bytes);
    Cdb list = new Cdb(bytes);
    try {
      return new Operation(server, command.nexus(), cdb, list, ports(Action.of(cdb), list));
    } catch (CheckCondition refused) {
      throw new CheckCondition(refused.sense(), length);
    }
  }

  /** The initiator ports that the parameter list names, if it may name any. */
  private static List<InitiatorPort> ports(Action action, Cdb list) {
    int length = list.bytes().length;
    if (action == Action.REGISTER_AND_MOVE) {
      List<InitiatorPort> ports = named(list, MOVED_AT);
      if (ports.size() != 1) {
        throw new CheckCondition(Sense.invalidParameter(MOVED_AT));
      }
      return ports;
    }
    if (list.has(FLAGS, SPEC_I_PT)) {
      if (action != Action.REGISTER) {
        throw new CheckCondition(Sense.invalidParameter(FLAGS));
      }
      if (length < SPECIFIED_AT) {
        throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR);
      }
      return named(list, SPECIFIED_AT);
    }
    if (length != BASIC) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    return List.of();
  }

  /** The TransportIDs from {@code from} on, which their length precedes. */
  private static List<InitiatorPort> named(Cdb list, int from) {
    long given = list.u32(from - 4);
    if (given > list.bytes().length - from) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    return InitiatorPort.parse(list, from, from + (int) given);
  }

  /** For the record: what was asked for, and through which nexus. */
  static String cause(String name, Nexus nexus) {
    return name + " by " + nexus.initiatorPort() + " through port " + nexus.portalGroupTag();
  }

  private static final class Operation extends MediumOperation {
    private final DeviceServer server;
    private final Nexus by;
    private final Action action;
    private final ReservationType type;
    private final Cdb list;
    private final List<InitiatorPort> named;

    Operation(DeviceServer server, Nexus by, Cdb cdb, Cdb list, List<InitiatorPort> named) {
      super(0, 0, false, list.bytes().length);
      this.server = server;
      this.by = by;
      this.action = Action.of(cdb);
      this.type = cdb.u8(2) >> 4 == 0 ? ReservationType.of(cdb.u8(2) & 0x0F) : null;
      this.list = list;
      this.named = named;
    }

    @Override
    public CompletionStage<Response> run(Execution execution) {
      String name = "PERSISTENT RESERVE OUT, " + action.name().replace('_', ' ');
      return targetPorts()
          .thenCompose(
              ports -> server.change(execution, cause(name, by), state -> decide(state, ports)));
    }

    private boolean forAllTargetPorts() {
      return action.registers() && list.has(FLAGS, ALL_TG_PT);
    }

    /** Relative target port identifiers of the target, when they matter. */
    private CompletionStage<List<Integer>> targetPorts() {
      return forAllTargetPorts() || action == Action.REGISTER_AND_MOVE
          ? server.pathStates().thenApply(Operation::ports)
          : CompletableFuture.completedFuture(List.of());
    }

    private static List<Integer> ports(PathStates states) {
      return states.groups().stream().flatMap(group -> group.relativePorts().stream()).toList();
    }

    private Change decide(SharedState state, List<Integer> ports) {
      int length = list.bytes().length;
      try {
        Outcome outcome = outcome(state.reservations(), ports);
        Response response =
            outcome.status() == Status.GOOD
                ? Response.good(length)
                : Response.status(outcome.status());
        SharedState next = state.with(outcome.next());
        for (Notice notice : outcome.notices()) {
          if (notice.kind() == Notice.Kind.ABORT) {
            // Whoever is preempted so does not prevent the removal of a medium any more either.
            next = next.with(next.medium().allowedBy(notice.nexuses()));
          }
        }
        return new Change(next, outcome.notices(), response);
      } catch (CheckCondition refused) {
        throw new CheckCondition(refused.sense(), length);
      }
    }

    private Outcome outcome(Reservations present, List<Integer> ports) {
      long key = list.i64(0);
      long newKey = list.i64(8);
      return switch (action) {
        case REGISTER, REGISTER_AND_IGNORE_EXISTING_KEY ->
            registering(key, newKey, ports).apply(present);
        case RESERVE -> Reserving.reserve(present, by, key, type);
        case RELEASE -> Reserving.release(present, by, key, type);
        case CLEAR -> Reserving.clear(present, by, key);
        case PREEMPT -> new Preempting(by, key, newKey, type, false).apply(present);
        case PREEMPT_AND_ABORT -> new Preempting(by, key, newKey, type, true).apply(present);
        case REGISTER_AND_MOVE ->
            Reserving.registerAndMove(
                present,
                by,
                key,
                newKey,
                destination(ports),
                list.has(MOVE_FLAGS, UNREG),
                list.has(MOVE_FLAGS, APTPL));
      };
    }

    private Registering registering(long key, long newKey, List<Integer> ports) {
      List<Integer> others =
          forAllTargetPorts()
              ? ports.stream().filter(port -> port != by.portalGroupTag()).toList()
              : List.of();
      List<Integer> all = new ArrayList<>(others);
      all.add(0, by.portalGroupTag());
      return new Registering(
          by,
          key,
          newKey,
          action == Action.REGISTER_AND_IGNORE_EXISTING_KEY,
          list.has(FLAGS, APTPL),
          others.stream().map(port -> nexus(by.initiatorName(), by.isid(), port)).toList(),
          list.has(FLAGS, SPEC_I_PT),
          named.stream()
              .flatMap(port -> all.stream().map(each -> nexus(port.name(), port.isid(), each)))
              .distinct()
              .toList());
    }

    private Nexus nexus(String initiator, long isid, int port) {
      return new Nexus(initiator, isid, by.targetName(), port);
    }

    private Nexus destination(List<Integer> ports) {
      int port = list.u16(18);
      if (!ports.contains(port)) {
        throw new CheckCondition(Sense.invalidParameter(18));
      }
      InitiatorPort named = this.named.get(0);
      return nexus(named.name(), named.isid(), port);
    }
  }
}
