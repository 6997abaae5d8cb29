package io.moongate.simulation;

import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Status;
import io.moongate.scsi.TaskAttribute;
import io.moongate.session.SimulatedFreshness;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sessions of one process of a gateway. A stand-in for the {@code session} package, without
 * PDUs: a login ends what its initiator port had before, a command gets its deadline when it is
 * read, a write that may be old waits for the host, a lost lease drops every session without
 * reading on.
 */
final class Sessions {
  /** {@code moongate.iscsi.command-deadline}. */
  static final long DEADLINE = 4 * Scheduler.SECOND;

  private static final long REINSTATEMENT = 10 * Scheduler.SECOND;
  private static final long NOP_TIMEOUT = 5 * Scheduler.SECOND;
  private static final long NO_DEADLINE = 3_600 * Scheduler.SECOND;

  /** What is left of a host's patience without the deadline (decision 34). */
  private static final Duration MOST_AGE = Duration.ofSeconds(1);

  private final GatewayLife life;
  private final Map<String, Session> open = new TreeMap<>();
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

  private record Unproven(HostPath.Request request, long arrivedNanos) {}

  /** What has come over it since something came that may be too old waits. */
  private static final class Session {
    final Connection connection;
    final SimulatedFreshness freshness;
    final ArrayDeque<Unproven> unproven = new ArrayDeque<>();

    Session(Connection connection, long nowNanos) {
      this.connection = connection;
      this.freshness = new SimulatedFreshness(MOST_AGE, nowNanos);
    }
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
    open.put(connection.host, new Session(connection, life.process().nanoTime()));
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
  void command(Connection connection, int expStatSn, HostPath.Request request) {
    Session session = open.get(connection.host);
    if (session == null || session.connection != connection) {
      return;
    }
    long now = life.process().nanoTime();
    session.freshness.acknowledged(expStatSn);
    if (session.unproven.isEmpty()) {
      boolean asks = !life.world().lacks(Mutation.NOBODY_IS_ASKED);
      if (request.value() == 0 || !asks || !session.freshness.isStale(now)) {
        execute(session, request, now);
        return;
      }
      ask(session);
    }
    session.unproven.add(new Unproven(request, now));
  }

  private void ask(Session session) {
    int tag = session.freshness.asks(life.process().nanoTime());
    session.connection.ask(() -> answered(session, tag));
    life.process().after(NOP_TIMEOUT, () -> endIfUnanswered(session));
  }

  /** What has waited longest has waited too long. */
  private void endIfUnanswered(Session session) {
    Unproven oldest = session.unproven.peek();
    if (open.get(session.connection.host) != session || oldest == null) {
      return;
    }
    long left = oldest.arrivedNanos() + NOP_TIMEOUT - life.process().nanoTime();
    if (left <= 0) {
      end(session);
    } else {
      life.process().after(left, () -> endIfUnanswered(session));
    }
  }

  private void answered(Session session, int tag) {
    if (open.get(session.connection.host) != session || !session.freshness.answered(tag)) {
      return;
    }
    while (!session.unproven.isEmpty()) {
      if (session.freshness.isStale(session.unproven.peek().arrivedNanos())) {
        ask(session);
        return;
      }
      Unproven next = session.unproven.remove();
      execute(session, next.request(), next.arrivedNanos());
    }
  }

  private void execute(Session session, HostPath.Request request, long arrivedNanos) {
    Connection connection = session.connection;
    long within = life.world().lacks(Mutation.NO_DEADLINE) ? NO_DEADLINE : DEADLINE;
    WatchedUnit unit = life.units().get(request.unit());
    life.world().invariants().arrived(request.value(), life, arrivedNanos + DEADLINE, unit.stamp());
    unit.execute(
        new Command(
            nexus(connection.host),
            ++tags,
            TaskAttribute.SIMPLE,
            request.cdb(),
            request.data(),
            request.expected(),
            arrivedNanos + within),
        response -> {
          if (response.status() != Status.GOOD) {
            life.world().invariants().refused(request.value());
          }
          if (open.get(connection.host) == session) {
            int statSn = session.freshness.sends(life.process().nanoTime());
            connection.toHost(statSn, () -> request.reply().accept(response));
          }
        });
  }

  /** Every session is dropped. */
  void drop() {
    List.copyOf(open.values()).forEach(this::end);
  }

  /** Something resets a host's connection. */
  void breakOff(String host) {
    Session session = open.get(host);
    if (session != null) {
      end(session);
    }
  }

  private void end(Session session) {
    Connection connection = session.connection;
    open.remove(connection.host);
    endTasks(connection.host);
    connection.toHost(() -> life.world().host(connection.host).lost(connection));
  }
}
