package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.GEOMETRY;
import static io.moongate.scsi.UnitFixture.IDENTITY;
import static io.moongate.scsi.UnitFixture.SETTINGS;
import static io.moongate.scsi.UnitFixture.TARGET;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.alua.TargetPortGroup;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.scsi.task.NotExecuted;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One unit through two gateways, of which either may own it; everything is done at once. */
final class GatewayPair {
  final ManualTimer timer = new ManualTimer();
  final FakeVolume volume = new FakeVolume(GEOMETRY);
  private final UnitIdentity identity;
  final List<BlockUnit> units;
  final List<String> causes = new ArrayList<>();
  SharedState recorded = SharedState.INITIAL;

  /** Whether the way to the owner is broken. */
  boolean cut;

  /** When there is one, records are kept back until they are let go. */
  List<CompletableFuture<Void>> slow;

  private long version;
  private long epoch;
  private int owner = -1;
  private int tags;

  GatewayPair() {
    this(IDENTITY);
  }

  GatewayPair(UnitIdentity identity) {
    this.identity = identity;
    this.units = new ArrayList<>(List.of(unit(0), unit(1)));
  }

  /** A gateway is started anew: it knows what is recorded, and none of its former sessions. */
  void restart(int index) {
    units.set(index, unit(index));
    units.get(index).share(recorded);
    publish(AccessState.ACTIVE_NON_OPTIMIZED);
  }

  private BlockUnit unit(int index) {
    return new BlockUnit(
        identity,
        GEOMETRY,
        () -> CompletableFuture.completedFuture(states(index, AccessState.ACTIVE_NON_OPTIMIZED)),
        now -> true,
        new Peers(index),
        SETTINGS,
        timer);
  }

  /** A gateway becomes the owner. */
  GatewayPair ownedBy(int index) {
    epoch++;
    owner = index;
    publish(AccessState.ACTIVE_NON_OPTIMIZED);
    return this;
  }

  /** Publishes path states; the state is that of the gateway that does not own the unit. */
  void publish(AccessState other) {
    version++;
    units.get(owner).share(recorded);
    units.get(owner).publish(states(owner, other), new Route.Local(volume));
    Route.Forwarder forwarder =
        (id, stamp, command, reply) -> {
          if (cut) {
            reply.accept(Response.status(Status.BUSY));
          } else {
            units.get(owner).executeRelayed(stamp, command, reply);
          }
        };
    units.get(1 - owner).publish(states(1 - owner, other), new Route.Remote(forwarder));
  }

  private PathStates states(int local, AccessState other) {
    List<TargetPortGroup> groups = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      AccessState state = i == owner ? AccessState.ACTIVE_OPTIMIZED : other;
      groups.add(new TargetPortGroup(i + 1, state, i == owner, List.of(i + 1)));
    }
    return new PathStates(version, epoch, true, local + 1, 10, groups);
  }

  /** The other gateway, as each of them sees it. */
  private final class Peers implements UnitPeers {
    private final int self;

    Peers(int self) {
      this.self = self;
    }

    @Override
    public CompletionStage<Void> record(String unit, long under, SharedState next, String cause) {
      if (under != epoch || next.version() != recorded.version() + 1) {
        return CompletableFuture.failedFuture(NotExecuted.INSTANCE);
      }
      recorded = next;
      causes.add(cause);
      CompletableFuture<Void> done = new CompletableFuture<>();
      if (slow == null) {
        done.complete(null);
      } else {
        slow.add(done);
      }
      return done;
    }

    @Override
    public CompletionStage<Void> tell(String unit, SharedState state, List<Notice> notices) {
      BlockUnit other = units.get(1 - self);
      other.share(state);
      return CompletableFuture.allOf(
          notices.stream()
              .map(notice -> other.take(notice).toCompletableFuture())
              .toArray(CompletableFuture<?>[]::new));
    }
  }

  /** A session of an initiator with one of the gateways, with its unit attention read. */
  Host login(int gateway, String name, long isid) {
    Host host = new Host(gateway, new Nexus(name, isid, TARGET, gateway + 1));
    host.unit.attach(host.nexus);
    host.start("00 00 00 00 00 00");
    return host;
  }

  /** An initiator port on one path. */
  final class Host {
    final BlockUnit unit;
    final Nexus nexus;

    private Host(int gateway, Nexus nexus) {
      this.unit = units.get(gateway);
      this.nexus = nexus;
    }

    UnitFixture.Outcome start(String cdb, byte... data) {
      Command command =
          new Command(
              nexus,
              ++tags,
              TaskAttribute.SIMPLE,
              UnitFixture.hex(cdb),
              ByteBuffer.wrap(data),
              1 << 20,
              timer.nanoTime() + UnitFixture.DEADLINE);
      UnitFixture.Outcome outcome = new UnitFixture.Outcome(command);
      unit.execute(command, outcome);
      return outcome;
    }

    /** Its status, or sense: {@code "GOOD"}, {@code "06/2a03"}. */
    String run(String cdb, byte... data) {
      Response response = start(cdb, data).response();
      return response.status() == Status.CHECK_CONDITION
          ? UnitFixture.sense(response)
          : response.status().name();
    }

    byte[] data(String cdb) {
      Response response = start(cdb).response();
      assertEquals(Status.GOOD, response.status(), () -> UnitFixture.sense(response));
      return UnitFixture.bytes(response);
    }

    String out(int action, int type, long key, long actionKey, int flags) {
      return startOut(action, type, key, actionKey, flags).response().status().name();
    }

    UnitFixture.Outcome startOut(int action, int type, long key, long actionKey, int flags) {
      return start(
          "5f %02x %02x 00 00 00000018 00".formatted(action, type), list(key, actionKey, flags));
    }

    String ready() {
      return run("00 00 00 00 00 00");
    }

    String read() {
      return run("28 00 00000001 00 0001 00");
    }

    String write() {
      return run("2a 00 00000001 00 0001 00", UnitFixture.blocks(1, 7));
    }
  }

  /** A basic parameter list. */
  static byte[] list(long key, long actionKey, int flags) {
    return ByteBuffer.allocate(24)
        .putLong(key)
        .putLong(actionKey)
        .putInt(0)
        .put((byte) flags)
        .array();
  }
}
