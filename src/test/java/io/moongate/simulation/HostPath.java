package io.moongate.simulation;

import io.moongate.scsi.Response;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A host's way through one gateway, with the patience of a Linux host as the product recommends it:
 * the figures are those of {@code HostSettings.LINUX} in the multi-node tests.
 */
final class HostPath {
  private static final long SILENCE = 5 * Scheduler.SECOND;
  private static final long RECONNECT = 500 * Scheduler.MS;

  /**
   * A command as it is sent.
   *
   * @param value that a write has; 0 for a read
   */
  record Request(
      String unit,
      byte[] cdb,
      ByteBuffer data,
      int expected,
      long value,
      Consumer<Response> reply) {}

  private final SimulatedHost host;
  private final SimulatedGateway gateway;
  private Connection connection;
  private boolean up;
  private final Set<Consumer<Response>> owed = new LinkedHashSet<>();
  private final List<Runnable> whenUp = new ArrayList<>();

  HostPath(SimulatedHost host, SimulatedGateway gateway) {
    this.host = host;
    this.gateway = gateway;
    host.process().after(1, this::connect);
  }

  boolean up() {
    return up;
  }

  SimulatedGateway gateway() {
    return gateway;
  }

  boolean uses(Connection one) {
    return connection == one;
  }

  /** Runs it at once when it is up. */
  void whenUp(Runnable action) {
    if (up) {
      action.run();
    } else {
      whenUp.add(action);
    }
  }

  private void connect() {
    World world = host.world();
    GatewayLife life = gateway.life();
    boolean cut =
        world.network().isCut(host.name(), gateway.name())
            || world.network().isCut(gateway.name(), host.name());
    if (life == null || cut) {
      host.process().after(RECONNECT, this::connect);
      return;
    }
    Connection fresh = new Connection(world, host.name(), host.process(), life);
    connection = fresh;
    fresh.toGateway(none -> life.sessions().login(fresh, () -> loggedIn(fresh), () -> lost(fresh)));
    host.process()
        .after(
            SILENCE,
            () -> {
              if (connection == fresh && !up) {
                lost(fresh);
              }
            });
  }

  private void loggedIn(Connection fresh) {
    if (connection == fresh && !up) {
      up = true;
      List<Runnable> waiting = List.copyOf(whenUp);
      whenUp.clear();
      waiting.forEach(Runnable::run);
    }
  }

  void resetBy(GatewayLife ended) {
    Connection one = connection;
    if (one != null && one.gateway == ended) {
      one.toHost(() -> lost(one));
    }
  }

  /** The session is over; what was sent has no answer. */
  void lost(Connection one) {
    if (connection != one) {
      return;
    }
    one.giveUp();
    connection = null;
    up = false;
    host.process().after(RECONNECT, this::connect);
    List<Consumer<Response>> unanswered = List.copyOf(owed);
    owed.clear();
    unanswered.forEach(each -> each.accept(null));
  }

  /**
   * Sends a command.
   *
   * @param reply gets the response; null when the session was lost meanwhile
   */
  void send(
      String unit,
      byte[] cdb,
      ByteBuffer data,
      int expected,
      long value,
      Consumer<Response> reply) {
    Connection used = connection;
    owed.add(reply);
    Consumer<Response> once =
        response -> {
          if (owed.remove(reply)) {
            reply.accept(response);
          }
        };
    used.toGateway(
        expStatSn ->
            used.gateway
                .sessions()
                .command(used, expStatSn, new Request(unit, cdb, data, expected, value, once)));
    host.process()
        .after(
            SILENCE,
            () -> {
              if (owed.contains(reply)) {
                lost(used);
              }
            });
  }
}
