package io.moongate.simulation;

import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.OwnershipRows.Row;
import io.moongate.cluster.view.GatewayEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What goes wrong, and what is asked for meanwhile, while the world is busy. */
final class Faults {
  private final World world;
  private final Random random;

  Faults(World world) {
    this.world = world;
    this.random = world.random();
  }

  void begin() {
    world.scheduler().after(between(1.5, 4), this::next);
    world.scheduler().after(between(1, 2), this::change);
  }

  private void next() {
    if (!world.isBusy()) {
      return;
    }
    for (int i = random.nextInt(4) == 0 ? 2 : 1; i > 0; i--) {
      one();
    }
    world.scheduler().after(between(0.1, random.nextInt(3) == 0 ? 6 : 2), this::next);
  }

  private void one() {
    SimulatedGateway gateway = any(world.gateways());
    GatewayLife life = gateway.life();
    switch (random.nextInt(17)) {
      case 0 -> gateway.halt(true);
      case 1 -> gateway.halt(false);
      case 2, 3 -> stop(life, between(0.05, 3));
      case 4 -> stop(life, between(2, 14));
      case 5, 6 -> cutGateways(gateway);
      case 7 -> cut(gateway.name(), SimulatedCassandra.NODE, random.nextBoolean());
      case 8 -> {
        double most = world.hostsReset() ? 9 : 18;
        cut(gateway.name(), any(world.hosts()).name(), random.nextBoolean(), between(0.3, most));
      }
      case 9 -> cut(gateway.name(), Disk.NODE, true);
      case 10 -> {
        note("cassandra is down");
        world.cassandra().down(between(0.2, 5));
      }
      case 11 -> {
        note("connections are reset");
        if (life != null) {
          life.relays().breakOff();
          life.sessions().breakOff(any(world.hosts()).name());
        }
      }
      case 12 -> stopAsItAsks(gateway);
      default -> {
        move();
        for (int more = random.nextInt(3) == 0 ? random.nextInt(5) : 0; more > 0; more--) {
          world.scheduler().after(between(0, 7), this::move);
        }
      }
    }
  }

  /**
   * What was decided by a row, and nobody knows yet, is where ownerships go wrong. So there is more
   * trouble right after it.
   */
  void rowSet(GatewayLife by, String unit, Row row) {
    if (!row.serving() || !world.isBusy() || random.nextInt(6) > 0) {
      return;
    }
    long soon = (long) (random.nextDouble() * random.nextDouble() * 60 * Scheduler.MS);
    Runnable fault =
        switch (random.nextInt(7)) {
          case 0 -> () -> halt(by);
          case 1 -> () -> halt(world.life(row.incarnation()));
          case 2 -> () -> halt(by.home(unit));
          case 3 -> () -> stop(by, between(0.05, 4));
          case 4 -> () -> cut(by.name(), SimulatedCassandra.NODE, true);
          case 5 -> () -> cut(row.owner(), Disk.NODE, true);
          default -> () -> cutGateways(world.gateway(by.name()));
        };
    world.scheduler().after(soon, fault);
  }

  /**
   * A write that its host gives up, and writes anew through another gateway, before its kernel can
   * deliver it.
   */
  void writes(String host, String gateway, String unit) {
    if (!world.isBusy()) {
      return;
    }
    if (!world.hostsReset() && random.nextInt(60) == 0) {
      cut(host, gateway, true, between(10, 16));
    } else if (random.nextInt(100) == 0) {
      delayRelay(world.gateway(gateway).life(), unit);
    }
  }

  /** What is relayed is late, and its owner has the unit again by then. */
  private void delayRelay(GatewayLife by, String unit) {
    if (by == null) {
      return;
    }
    String owner = by.view().unit(unit).map(entry -> entry.ownership().owner()).orElse("");
    if (!owner.isEmpty() && !owner.equals(by.name())) {
      cut(by.name(), owner, true, between(0.3, 3));
      world.scheduler().after(between(0, 0.1), () -> move(unit));
      world.scheduler().after(between(0.1, 1), () -> moveBack(unit, owner));
    }
  }

  /** Stopped with acknowledgements of its lease on their way, and cut off when it reads them. */
  private void stopAsItAsks(SimulatedGateway gateway) {
    stop(gateway.life(), between(0.5, 3));
    world
        .scheduler()
        .after(
            between(0.01, 0.05),
            () -> {
              for (SimulatedGateway other : world.gateways()) {
                if (other != gateway) {
                  cut(gateway.name(), other.name(), true, between(4, 9));
                }
              }
            });
  }

  /** An owner has said that it could not open the store, and does not hear what is made of that. */
  void gaveUp(GatewayLife owner) {
    if (world.isBusy() && random.nextBoolean()) {
      long nanos = between(0.3, 3);
      note("%s is told nothing for %d ms".formatted(owner, nanos / Scheduler.MS));
      for (SimulatedGateway other : world.gateways()) {
        if (!other.name().equals(owner.name())) {
          world.network().cut(other.name(), owner.name(), nanos);
        }
      }
    }
  }

  /** A host has the shared state of a unit changed. */
  private void change() {
    if (!world.isBusy()) {
      return;
    }
    String unit = any(world.unitIds());
    String name = "change-" + world.nextValue();
    // Each is another change: a process that is stopped may begin its own when it goes on.
    world
        .lives()
        .forEach(
            life ->
                life.process().after(1, () -> life.changes().begin(unit, name + " of " + life)));
    world.scheduler().after(between(0.1, 2), this::change);
  }

  /** What the owner knows, and others may not yet. */
  void changeAccepted(GatewayLife by, String unit) {
    if (world.isBusy() && random.nextInt(6) == 0) {
      long soon = (long) (random.nextDouble() * random.nextDouble() * 20 * Scheduler.MS);
      world.scheduler().after(soon, random.nextBoolean() ? () -> halt(by) : () -> move(unit));
    }
  }

  private void halt(GatewayLife life) {
    if (world.isBusy() && !life.process().hasEnded()) {
      world.gateway(life.name()).halt(random.nextBoolean());
    }
  }

  private void note(String what) {
    world.trace(() -> "fault: " + what);
  }

  private void stop(GatewayLife life, long nanos) {
    if (life != null) {
      note("%s is stopped for %d ms".formatted(life, nanos / Scheduler.MS));
      life.process().stop(world.scheduler().now() + nanos);
    }
  }

  /** Of any shape: one pair or all of a gateway's, one way or both. */
  private void cutGateways(SimulatedGateway gateway) {
    boolean both = random.nextInt(3) > 0;
    if (random.nextBoolean()) {
      long nanos = between(0.3, 9);
      for (SimulatedGateway other : world.gateways()) {
        if (other != gateway) {
          cut(gateway.name(), other.name(), both, nanos);
        }
      }
    } else {
      SimulatedGateway other = any(world.gateways());
      if (other != gateway) {
        cut(gateway.name(), other.name(), both);
      }
    }
  }

  private void cut(String from, String to, boolean both) {
    cut(from, to, both, between(0.3, 9));
  }

  private void cut(String from, String to, boolean both, long nanos) {
    boolean swap = random.nextBoolean();
    note(
        "%s %s %s for %d ms"
            .formatted(from, both ? "<>" : swap ? "<" : ">", to, nanos / 1_000_000));
    if (both || !swap) {
      world.network().cut(from, to, nanos);
    }
    if (both || swap) {
      world.network().cut(to, from, nanos);
    }
  }

  /** An operator moves a unit. */
  private void move() {
    move(any(world.unitIds()));
  }

  private void move(String unit) {
    List<GatewayLife> lives = new ArrayList<>(world.lives());
    if (lives.isEmpty() || !world.isBusy()) {
      return;
    }
    GatewayLife asked = any(lives);
    String owner = asked.view().unit(unit).map(entry -> entry.ownership().owner()).orElse("");
    lives.removeIf(life -> life.name().equals(owner));
    String name = lives.isEmpty() ? owner : any(lives).name();
    moveTo(asked, unit, name);
  }

  private void moveBack(String unit, String to) {
    if (!world.lives().isEmpty() && world.isBusy()) {
      moveTo(any(world.lives()), unit, to);
    }
  }

  private void moveTo(GatewayLife asked, String unit, String gateway) {
    asked
        .view()
        .gateway(gateway)
        .filter(to -> to.state() == GatewayEntry.State.UP)
        .ifPresent(to -> move(asked, unit, to));
  }

  private void move(GatewayLife asked, String unit, GatewayEntry to) {
    note("%s is asked to move %s to %s".formatted(asked, unit, to.incarnation()));
    tell(asked, unit, new LogicalUnit.Move(to.name(), to.incarnation(), "operator", null));
    if (random.nextInt(4) == 0) {
      long soon = (long) (random.nextDouble() * random.nextDouble() * 200 * Scheduler.MS);
      world.scheduler().after(soon, () -> takeBack(asked, unit));
    }
  }

  private void takeBack(GatewayLife asked, String unit) {
    if (world.isBusy()) {
      note("%s is asked to leave %s where it is".formatted(asked, unit));
      tell(asked, unit, new LogicalUnit.CancelMove("operator", null));
    }
  }

  private static void tell(GatewayLife asked, String unit, LogicalUnit.Command command) {
    asked.process().after(1, () -> asked.tellEntity(unit, command));
  }

  private <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private long between(double from, double to) {
    return (long) ((from + random.nextDouble() * (to - from)) * Scheduler.SECOND);
  }
}
