package io.moongate.multinode.fault;

import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.net.Disk;
import io.moongate.multinode.harness.net.Network;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Something that goes wrong, and how it is right again. Who it meets is said by {@link Role}, so
 * that one fault can be repeated on a cluster that changes. After {@link #heal} the cluster still
 * has to start what the fault has ended: {@code NetworkedCluster.heal} does.
 */
public sealed interface Fault {
  /** How long a gateway is paused for, or cut off, to be beyond every lease and detection. */
  Duration BEYOND_LEASE = Duration.ofSeconds(12);

  /** Begins it. */
  void inject(Scene scene);

  /** Ends it, as far as that is another matter than starting a process. */
  default void heal(Scene scene) {}

  /** Which of both directions of a link are cut. */
  enum Direction {
    THERE("to"),
    BACK("from"),
    BOTH("to and from");

    private final String words;

    Direction(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  /** SIGKILL. */
  record Kill(Role role) implements Fault {
    @Override
    public void inject(Scene scene) {
      if (role == Role.CASSANDRA) {
        scene.cluster().cassandra().kill();
      } else {
        scene.gateway(role).kill();
      }
    }

    @Override
    public String toString() {
      return "SIGKILL of " + role;
    }
  }

  /** SIGSTOP, and SIGCONT at the end. */
  record Stop(Role role) implements Fault {
    @Override
    public void inject(Scene scene) {
      if (role == Role.CASSANDRA) {
        scene.cluster().cassandra().pause();
      } else {
        scene.gateway(role).pause();
      }
    }

    @Override
    public void heal(Scene scene) {
      if (role == Role.CASSANDRA) {
        scene.cluster().cassandra().resume();
      } else if (scene.gateway(role).paused()) {
        scene.gateway(role).resume();
      }
    }

    @Override
    public String toString() {
      return "SIGSTOP of " + role;
    }
  }

  /**
   * Pauses of a JVM, as a collector of garbage makes them: SIGSTOP and SIGCONT, again and again.
   */
  record Pauses(Role role, int times, Duration each) implements Fault {
    @Override
    public void inject(Scene scene) {
      TestGateway gateway = scene.gateway(role);
      for (int time = 0; time < times && gateway.alive(); time++) {
        gateway.pause();
        sleep(each);
        gateway.resume();
        sleep(Duration.ofMillis(scene.random().nextInt(1500)));
      }
    }

    @Override
    public String toString() {
      return "%d pauses of %.1f s of %s".formatted(times, each.toMillis() / 1e3, role);
    }
  }

  /** Packets between two that are dropped silently. */
  record Cut(Role from, Direction direction, Role to) implements Fault {
    @Override
    public void inject(Scene scene) {
      Network network = scene.network();
      if (from == Role.HOSTS) {
        network.cutPortal(
            scene.node(to), direction != Direction.BACK, direction != Direction.THERE);
        return;
      }
      if (direction != Direction.BACK) {
        network.cut(scene.node(from), scene.node(to));
      }
      if (direction != Direction.THERE) {
        network.cut(scene.node(to), scene.node(from));
      }
    }

    @Override
    public void heal(Scene scene) {
      scene.network().mend();
    }

    @Override
    public String toString() {
      return "cut %s %s %s".formatted(from, direction, to);
    }
  }

  /** A gateway that all others are cut off from, in one direction or both. */
  record CutOff(Role role, Direction direction) implements Fault {
    @Override
    public void inject(Scene scene) {
      for (Role other : Role.values()) {
        if (other != role && scene.has(other)) {
          new Cut(other, direction, role).inject(scene);
        }
      }
    }

    @Override
    public void heal(Scene scene) {
      scene.network().mend();
    }

    @Override
    public String toString() {
      return "silent cut of all links %s %s".formatted(direction, role);
    }
  }

  /** A slow and narrow link of a node. */
  record Slow(Role role, String rate, int latencyMillis) implements Fault {
    @Override
    public void inject(Scene scene) {
      scene.network().slow(scene.node(role), rate, latencyMillis);
    }

    @Override
    public void heal(Scene scene) {
      scene.network().fast(scene.node(role));
    }

    @Override
    public String toString() {
      return "link of %s at %s, queue of %d ms".formatted(role, rate, latencyMillis);
    }
  }

  /** A link of a node over which packets get lost, at random and in both directions. */
  record Lossy(Role role, int percent) implements Fault {
    @Override
    public void inject(Scene scene) {
      scene.network().lose(scene.node(role), percent);
    }

    @Override
    public void heal(Scene scene) {
      scene.network().mend();
    }

    @Override
    public String toString() {
      return "%d %% of packets to and from %s are lost".formatted(percent, role);
    }
  }

  /**
   * A gateway loses a part of what it serves with. It is there when the unit has been moved for it,
   * and the gateway has to stay what it is otherwise.
   */
  sealed interface OfAPart extends Fault {
    /** Who loses it. */
    Role role();

    @Override
    default void heal(Scene scene) {
      scene.network().mend();
      scene.endTools();
      scene.requireKept(role());
    }
  }

  /** The address of its portal is taken from a gateway's host; it has others. */
  record LostPortal(Role role) implements OfAPart {
    @Override
    public void inject(Scene scene) {
      scene.network().removePortal(scene.node(role));
      scene.awaitMovedAway("portal-lost");
    }

    @Override
    public String toString() {
      return "the address of its portal is taken from " + role;
    }
  }

  /** Nobody reaches a gateway's portal any more, which only the others can see. */
  record ShutPortal(Role role) implements OfAPart {
    @Override
    public void inject(Scene scene) {
      scene.network().shutPortal(scene.node(role));
      scene.awaitMovedAway("portal-unreachable");
    }

    @Override
    public String toString() {
      return "nobody reaches the portal of " + role;
    }
  }

  /** Reads and writes of one volume fail for one gateway: strace has the kernel refuse them. */
  record FailingStore(Role role) implements OfAPart {
    @Override
    public void inject(Scene scene) {
      scene.tamperWithVolume(role, "error=EIO");
      scene.awaitMovedAway("store-failing");
    }

    @Override
    public String toString() {
      return "the store of the unit fails for " + role;
    }
  }

  /** Reads and writes of one volume take longer for one gateway, and succeed. */
  record SlowStore(Role role, Duration each) implements OfAPart {
    @Override
    public void inject(Scene scene) {
      scene.tamperWithVolume(role, "delay_enter=" + each.toNanos() / 1_000);
      scene.awaitMovedAway("store-slow");
    }

    @Override
    public String toString() {
      return "the store of the unit takes %.1f s more for %s"
          .formatted(each.toMillis() / 1e3, role);
    }
  }

  /** No space left where the volumes are. */
  record FullDisk() implements Fault {
    @Override
    public void inject(Scene scene) {
      disk(scene).fill();
    }

    @Override
    public void heal(Scene scene) {
      disk(scene).empty();
    }

    @Override
    public String toString() {
      return "the disk of the volumes is full";
    }
  }

  /** Writes to the disk of the volumes don't end. */
  record FrozenDisk() implements Fault {
    @Override
    public void inject(Scene scene) {
      disk(scene).freeze();
    }

    @Override
    public void heal(Scene scene) {
      disk(scene).thaw();
    }

    @Override
    public String toString() {
      return "the disk of the volumes hangs";
    }
  }

  /**
   * The wall clock of a gateway jumps; its monotonic clock does not. By libfaketime, which has to
   * be there when the process starts: {@link #prepare}.
   */
  record ClockJump(Role role, Duration by) implements Fault {
    /** Starts every gateway anew, one at a time, with a clock that can jump. */
    public static void prepare(TestCluster cluster) {
      for (TestGateway gateway : cluster.gateways()) {
        Clock.of(cluster, gateway).prepare();
        gateway.kill();
        cluster.heal();
      }
    }

    /** Starts every gateway anew, one at a time, with the clock of the kernel. */
    public static void end(TestCluster cluster) {
      for (TestGateway gateway : cluster.gateways()) {
        gateway.environment(Map.of());
        gateway.kill();
        cluster.heal();
      }
    }

    @Override
    public void inject(Scene scene) {
      Clock clock = Clock.of(scene.cluster(), scene.gateway(role));
      clock.jump(by);
      clock.awaitSeen(by);
    }

    @Override
    public void heal(Scene scene) {
      Clock.of(scene.cluster(), scene.gateway(role)).jump(Duration.ZERO);
    }

    @Override
    public String toString() {
      return "wall clock of %s jumps by %d s".formatted(role, by.toSeconds());
    }
  }

  /** A planned move of the unit that begins. */
  record Move(Role to) implements Fault {
    @Override
    public void inject(Scene scene) {
      scene.requestMove(to);
    }

    @Override
    public String toString() {
      return "move to " + to;
    }
  }

  /** Some time, by chance, from none to this. */
  record Upto(Duration most) implements Fault {
    @Override
    public void inject(Scene scene) {
      sleep(Duration.ofMillis(scene.random().nextInt((int) most.toMillis() + 1)));
    }

    @Override
    public String toString() {
      return "up to %d ms".formatted(most.toMillis());
    }
  }

  /** One after another, and all at once healed. */
  record Then(List<Fault> faults) implements Fault {
    public Then {
      faults = List.copyOf(faults);
    }

    public static Then of(Fault... faults) {
      return new Then(List.of(faults));
    }

    @Override
    public void inject(Scene scene) {
      faults.forEach(fault -> fault.inject(scene));
    }

    @Override
    public void heal(Scene scene) {
      faults.forEach(fault -> fault.heal(scene));
    }

    @Override
    public String toString() {
      return faults.stream().map(Fault::toString).collect(Collectors.joining(", then "));
    }
  }

  /**
   * SIGKILL of whoever owns the unit, then of whoever took over, and so on; none is started again
   * meanwhile.
   */
  record KillOwners(int times) implements Fault {
    @Override
    public void inject(Scene scene) {
      for (int time = 1; time <= times; time++) {
        TestGateway owner = scene.ownerNow();
        owner.kill();
        if (!scene.cluster().serving().isEmpty()) {
          scene.awaitProgress();
        }
      }
    }

    @Override
    public String toString() {
      return "SIGKILL of %d owners, each when the next one serves".formatted(times);
    }
  }

  private static Disk disk(Scene scene) {
    return scene
        .networked()
        .disk()
        .orElseThrow(() -> new IllegalStateException("the volumes have no disk of their own"));
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
