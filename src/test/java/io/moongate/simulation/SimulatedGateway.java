package io.moongate.simulation;

import io.moongate.scsi.Nexus;

/** A gateway: its machine, and the processes that run there one after another. */
final class SimulatedGateway {
  private static final long REFUSAL_SEEN = 60 * Scheduler.MS;

  private final World world;
  private final String name;
  private final int portGroup;
  private GatewayLife life;
  private int started;

  SimulatedGateway(World world, int number) {
    this.world = world;
    this.name = "gw" + number;
    this.portGroup = number;
  }

  String name() {
    return name;
  }

  int portGroup() {
    return portGroup;
  }

  /** The process that runs; null when none does. */
  GatewayLife life() {
    return life;
  }

  Nexus nexus(String host) {
    return new Nexus("iqn.2026-11.io.host:" + host, 0x400001000100L, Samples.TARGET, portGroup);
  }

  void start() {
    if (life == null) {
      // Known to the world only once it is complete.
      GatewayLife starting = new GatewayLife(world, this, ++started);
      life = starting;
      world.trace(() -> starting + " starts");
      world.started(starting);
    }
  }

  /**
   * The process ends at this very moment, and another one is started after a while.
   *
   * @param provable whether its machine lives and refuses connections to it from now on
   */
  void halt(boolean provable) {
    GatewayLife ended = life;
    if (ended == null) {
      return;
    }
    life = null;
    world.trace(() -> ended + (provable ? " ends" : " ends with its machine"));
    ended.process().end();
    world.ended(ended, provable);
    if (provable) {
      prove(ended);
    }
    long down = (long) ((0.2 + 5 * world.random().nextDouble()) * Scheduler.SECOND);
    world.scheduler().after(down, this::start);
  }

  private void prove(GatewayLife ended) {
    for (GatewayLife other : world.lives()) {
      boolean within =
          !world.network().isCut(name, other.name()) && !world.network().isCut(other.name(), name);
      if (within) {
        long seen = (long) (world.random().nextDouble() * REFUSAL_SEEN);
        world
            .scheduler()
            .at(world.scheduler().now() + seen, other.process(), () -> other.processGone(ended));
      }
    }
  }
}
