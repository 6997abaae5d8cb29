package io.moongate.simulation;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The sessions of one process of a gateway. A stand-in for the {@code session} package, without
 * PDUs: a login ends what its initiator port had before, a command gets its deadline when it is
 * read, a lost lease drops every session without reading on.
 */
final class Sessions {
  /** {@code moongate.iscsi.command-deadline}. */
  static final long DEADLINE = 4 * Scheduler.SECOND;

  private static final long REINSTATEMENT = 10 * Scheduler.SECOND;
  private static final long NO_DEADLINE = 3_600 * Scheduler.SECOND;

  private final GatewayLife life;
  private final Map<String, Connection> open = new TreeMap<>();
  private final Map<String, Ending> ending = new TreeMap<>();
  private int tags;

  Sessions(GatewayLife life) {
    this.life = life;
  }

  /**
   * An initiator port logs in: what it had before is ended, and waited for until it can't touch a
   * medium any more, also when its connection was over already.
   */
  void login(Connection connection, Runnable loggedIn, Runnable closed) {
    if (!life.ready()) {
      connection.toHost(closed);
      return;
    }
    if (open.remove(connection.host) != null) {
      endTasks(connection.host);
    }
    boolean[] over = {false};
    Runnable accept =
        () -> {
          if (!over[0]) {
            over[0] = true;
            accept(connection, loggedIn, closed);
          }
        };
    life.process().after(REINSTATEMENT, accept);
    ending.getOrDefault(connection.host, new Ending()).whenEnded(accept);
  }

  /** The tasks of sessions of one initiator port that are over. */
  private static final class Ending {
    private final List<Runnable> waiting = new ArrayList<>();
    private int left;

    void began() {
      left++;
    }

    void ended() {
      left--;
      if (left == 0) {
        List<Runnable> all = List.copyOf(waiting);
        waiting.clear();
        all.forEach(Runnable::run);
      }
    }

    void whenEnded(Runnable action) {
      if (left == 0) {
        action.run();
      } else {
        waiting.add(action);
      }
    }
  }

  private void endTasks(String host) {
    Ending tasks = ending.computeIfAbsent(host, none -> new Ending());
    for (WatchedUnit unit : life.units().values()) {
      tasks.began();
      unit.manage(TaskManagement.ABORT_TASK_SET, nexus(host), 0, done -> tasks.ended());
    }
    detach(host);
  }

  private void accept(Connection connection, Runnable loggedIn, Runnable closed) {
    if (open.containsKey(connection.host)) {
      connection.toHost(closed); // A still newer one came meanwhile.
      return;
    }
    open.put(connection.host, connection);
    life.units().values().forEach(unit -> unit.attach(nexus(connection.host)));
    connection.toHost(loggedIn);
  }

  private Nexus nexus(String host) {
    return life.world().gateway(life.name()).nexus(host);
  }

  private void detach(String host) {
    life.units().values().forEach(unit -> unit.detach(nexus(host)));
  }

  /** A command was read from a connection. */
  void command(
      Connection connection,
      String unitId,
      byte[] cdb,
      ByteBuffer data,
      int expected,
      long value,
      Consumer<Response> reply) {
    if (open.get(connection.host) != connection) {
      return;
    }
    long now = life.process().nanoTime();
    long deadline = now + (life.world().lacks(Mutation.NO_DEADLINE) ? NO_DEADLINE : DEADLINE);
    WatchedUnit unit = life.units().get(unitId);
    life.world().invariants().arrived(value, life, now + DEADLINE, unit.stamp());
    unit.execute(
        new Command(
            nexus(connection.host), ++tags, TaskAttribute.SIMPLE, cdb, data, expected, deadline),
        response -> {
          if (response.status() != Status.GOOD) {
            life.world().invariants().refused(value);
          }
          if (open.get(connection.host) == connection) {
            connection.toHost(() -> reply.accept(response));
          }
        });
  }

  /** Every session is dropped. */
  void drop() {
    List.copyOf(open.values()).forEach(this::end);
  }

  /** Something resets a host's connection. */
  void breakOff(String host) {
    Connection connection = open.get(host);
    if (connection != null) {
      end(connection);
    }
  }

  private void end(Connection connection) {
    open.remove(connection.host);
    endTasks(connection.host);
    connection.toHost(() -> life.world().host(connection.host).lost(connection));
  }
}
