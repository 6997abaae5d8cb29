package io.moongate.simulation;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.History.Attempt;
import io.moongate.multinode.checker.History.Kind;
import io.moongate.multinode.checker.History.Outcome;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A host with a path through every gateway, and a few threads that write and read through them.
 * What it does when something fails is what {@code MultipathClient} of the multi-node tests does: a
 * connection that is lost keeps its command until it is back, or for the replacement timeout; BUSY,
 * TASK SET FULL and unit attentions are repeated; an attempt that is repeated has a value of its
 * own.
 */
final class SimulatedHost {
  private static final long REPLACEMENT = 5 * Scheduler.SECOND;
  private static final long REPEAT_PAUSE = 50 * Scheduler.MS;
  private static final long NO_PATH_PAUSE = 20 * Scheduler.MS;
  private static final int NOT_READY = 0x02;
  private static final int UNIT_ATTENTION = 0x06;

  private final World world;
  private final String name;
  private final SimulatedProcess process;
  private final List<HostPath> paths = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  SimulatedHost(World world, String name, int threads) {
    this.world = world;
    this.name = name;
    this.process = new SimulatedProcess(name, world.scheduler(), world.random(), World.DRIFT);
    world.gateways().forEach(gateway -> paths.add(new HostPath(this, gateway)));
    for (int i = 0; i < threads; i++) {
      Thread thread = new Thread(name + "." + i);
      this.threads.add(thread);
      process.after((100 + world.random().nextInt(300)) * Scheduler.MS, thread::next);
    }
  }

  World world() {
    return world;
  }

  String name() {
    return name;
  }

  SimulatedProcess process() {
    return process;
  }

  /** Whether every operation has been acknowledged. */
  boolean isIdle() {
    return threads.stream().allMatch(thread -> thread.idle);
  }

  String waiting() {
    return threads.stream()
        .filter(thread -> !thread.idle)
        .map(Thread::toString)
        .toList()
        .toString();
  }

  void lost(Connection connection) {
    paths.stream().filter(path -> path.uses(connection)).forEach(path -> path.lost(connection));
  }

  /** A process has ended, and its machine lives: it resets whatever connections there were. */
  void machineSays(GatewayLife ended) {
    for (HostPath path : paths) {
      path.resetBy(ended);
    }
  }

  private HostPath anyPath() {
    List<HostPath> up = paths.stream().filter(HostPath::up).toList();
    List<HostPath> choice = up.isEmpty() ? paths : up;
    return choice.get(world.random().nextInt(choice.size()));
  }

  /** One operation after another. */
  private final class Thread {
    private final String client;
    private boolean idle = true;
    private boolean write;
    private String unit;
    private int block;
    private int blocks;
    private long begun;
    private HostPath path;
    private final List<Sent> sent = new ArrayList<>();

    /** An attempt of a write. */
    private record Sent(long value, long invoked, String path, Outcome outcome) {}

    Thread(String client) {
      this.client = client;
    }

    @Override
    public String toString() {
      return "%s %s %s block %d since %d"
          .formatted(client, write ? "writes" : "reads", unit, block, begun);
    }

    void next() {
      if (!world.isBusy()) {
        return;
      }
      idle = false;
      write = world.random().nextInt(5) < 3;
      unit = world.unitIds().get(world.random().nextInt(world.unitIds().size()));
      blocks = world.random().nextInt(4) == 0 ? 2 : 1;
      block = world.random().nextInt(Disk.BLOCKS - blocks + 1);
      begun = world.scheduler().now();
      sent.clear();
      path = anyPath();
      attempt();
    }

    private void attempt() {
      if (!path.up()) {
        path = anyPath();
        if (!path.up()) {
          process.after(NO_PATH_PAUSE, this::attempt);
          return;
        }
      }
      long invoked = world.scheduler().now();
      HostPath used = path;
      if (write) {
        long value = world.nextValue();
        ByteBuffer data = ByteBuffer.allocate(blocks * Disk.BLOCK);
        for (int i = 0; i < blocks; i++) {
          data.putLong(i * Disk.BLOCK, value);
        }
        world.trace(
            () ->
                "%s writes %d to %s block %d (%d) through %s"
                    .formatted(client, value, unit, block, blocks, used.gateway().name()));
        world.invariants().invoked(unit, block, blocks, value, invoked);
        world.writes(name, used.gateway().name(), unit);
        used.send(
            unit,
            cdb(0x2A),
            data,
            0,
            value,
            response -> {
              sent.add(new Sent(value, invoked, used.gateway().name(), outcome(response)));
              ended(used, invoked, response);
            });
      } else {
        long[] floor = world.invariants().floors(unit);
        used.send(
            unit,
            cdb(0x28),
            ByteBuffer.allocate(0),
            blocks * Disk.BLOCK,
            0,
            response -> {
              if (response != null && response.status() == Status.GOOD) {
                read(used, invoked, response, floor);
              }
              ended(used, invoked, response);
            });
      }
    }

    private byte[] cdb(int code) {
      return new byte[] {(byte) code, 0, 0, 0, 0, (byte) block, 0, 0, (byte) blocks, 0};
    }

    private static Outcome outcome(Response response) {
      if (response == null || response.status() == Status.BUSY) {
        return Outcome.UNKNOWN; // BUSY may come of a command whose answer got lost.
      }
      return response.status() == Status.GOOD ? Outcome.OK : Outcome.REFUSED;
    }

    private void read(HostPath used, long invoked, Response response, long[] floor) {
      List<Long> values = new ArrayList<>();
      for (int i = 0; i < blocks; i++) {
        values.add(response.dataIn().getLong(i * Disk.BLOCK));
      }
      world.trace(
          () ->
              "%s read %s from %s block %d through %s"
                  .formatted(client, values, unit, block, used.gateway().name()));
      long now = world.scheduler().now();
      history()
          .add(
              new Attempt(
                  client,
                  Kind.READ,
                  block,
                  values,
                  invoked,
                  now,
                  used.gateway().name(),
                  Outcome.OK));
      for (int i = 0; i < blocks; i++) {
        world.invariants().read(client, unit, block + i, values.get(i), floor[block + i]);
      }
    }

    private History history() {
      return world.history(unit);
    }

    private void ended(HostPath used, long invoked, Response response) {
      if (response == null) {
        awaitPath(used);
      } else if (response.status() == Status.GOOD) {
        acknowledged();
      } else if (response.status() == Status.BUSY || response.status() == Status.TASK_SET_FULL) {
        process.after(REPEAT_PAUSE, this::attempt);
      } else if (key(response) == UNIT_ATTENTION) {
        process.after(1, this::attempt);
      } else if (key(response) == NOT_READY) {
        path = anyPath(); // This one has failed, as "unavailable" through it says.
        process.after(REPEAT_PAUSE, this::attempt);
      } else {
        world.violation(
            "an error that an application sees: %s %s, %s"
                .formatted(response.status(), Sense.decode(response.sense()), this));
      }
    }

    private static int key(Response response) {
      return response.status() == Status.CHECK_CONDITION
          ? Sense.decode(response.sense()).orElseThrow().key()
          : 0;
    }

    private void acknowledged() {
      long now = world.scheduler().now();
      if (write) {
        for (Sent each : sent) {
          history()
              .add(
                  Attempt.write(
                      client,
                      block,
                      blocks,
                      each.value(),
                      each.invoked(),
                      now,
                      each.path(),
                      each.outcome()));
          world.invariants().acknowledged(unit, block, blocks, each.value(), now);
        }
        Sent last = sent.get(sent.size() - 1);
        world.invariants().succeeded(unit, block, blocks, last.value());
        world.trace(() -> "%s wrote %d".formatted(client, last.value()));
      }
      world.done(now - begun, sent.size() > 1);
      idle = true;
      process.after((5 + world.random().nextInt(150)) * Scheduler.MS, this::next);
    }

    /** As open-iscsi does: the command waits for the path to come back, and then for no longer. */
    private void awaitPath(HostPath used) {
      boolean[] over = {false};
      Runnable back =
          () -> {
            if (!over[0]) {
              over[0] = true;
              attempt();
            }
          };
      used.whenUp(back);
      process.after(
          REPLACEMENT,
          () -> {
            if (!over[0]) {
              path = anyPath();
              back.run();
            }
          });
    }

    /** Attempts that were never settled, for the history. */
    private void settle() {
      for (Sent each : sent) {
        if (!idle && write) {
          history()
              .add(
                  Attempt.write(
                      client,
                      block,
                      blocks,
                      each.value(),
                      each.invoked(),
                      History.NEVER,
                      each.path(),
                      each.outcome()));
        }
      }
    }
  }

  /** The end of the run. */
  void settle() {
    threads.forEach(Thread::settle);
  }
}
