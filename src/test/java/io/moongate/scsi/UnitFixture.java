package io.moongate.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.alua.TargetPortGroup;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.scsi.task.TaskLimits;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A logical unit with everything round it under the test's control. */
final class UnitFixture {
  static final int BLOCK = 512;
  static final long DEADLINE = 1_000_000;
  static final String TARGET = "iqn.2026-01.io.moongate:t";
  static final Nexus NEXUS = new Nexus("iqn.2026-01.io.host:a", 0x40_0001_0001_00L, TARGET, 1);
  static final Nexus OTHER = new Nexus("iqn.2026-01.io.host:b", 0x40_0001_0002_00L, TARGET, 1);
  static final UnitIdentity IDENTITY =
      new UnitIdentity(
          "0b9e3d0e-32f1-4d6e-8f65-3f9de2c2a111",
          Naa.of(0x3123_4567_89AB_CDEFL),
          "SN0001",
          "VOLUME");
  static final VolumeGeometry GEOMETRY =
      new VolumeGeometry(1024 * BLOCK, BLOCK, true, 8 * BLOCK, 64 * BLOCK, true);
  static final ScsiSettings SETTINGS =
      new ScsiSettings(
          new TaskLimits(64, 4, 4, 1 << 20), 256 * BLOCK, 8, 512 * BLOCK, 4, 512 * BLOCK, false);

  /** With a thin provisioning threshold of 3 MiB, looked at every second. */
  static final ScsiSettings THIN = settings(3 << 20);

  /** With memory for more than the smallest commands. */
  static final ScsiSettings ROOMY = settings(0);

  private static ScsiSettings settings(long threshold) {
    return new ScsiSettings(
        new TaskLimits(64, 4, 4, 4 << 20),
        SETTINGS.maxTransfer(),
        SETTINGS.maxCompareAndWrite(),
        SETTINGS.maxUnmap(),
        SETTINGS.maxUnmapDescriptors(),
        SETTINGS.maxWriteSame(),
        false,
        threshold,
        Duration.ofSeconds(1),
        1 << 20);
  }

  final ManualTimer timer = new ManualTimer();
  final FakeVolume volume;
  final BlockUnit unit;
  final List<String> forwarded = new ArrayList<>();
  final List<Consumer<Response>> forwardedReplies = new ArrayList<>();
  boolean leased = true;
  private int tags;

  /** What the LUN actor answers; null: never. */
  CompletionStage<PathStates> queried = new CompletableFuture<>();

  /** Targets that have opted in to explicit ALUA. */
  final Set<String> explicitTargets = new HashSet<>();

  private final class Alua implements AluaQueries {
    @Override
    public CompletionStage<PathStates> pathStates() {
      return queried;
    }

    @Override
    public boolean explicitAlua(String target) {
      return explicitTargets.contains(target);
    }
  }

  UnitFixture() {
    this(GEOMETRY, SETTINGS);
  }

  UnitFixture(UnitPeers peers) {
    this(GEOMETRY, SETTINGS, peers);
  }

  UnitFixture(VolumeGeometry geometry, ScsiSettings settings) {
    this(geometry, settings, UnitPeers.ALONE);
  }

  UnitFixture(VolumeGeometry geometry, ScsiSettings settings, UnitPeers peers) {
    volume = new FakeVolume(geometry);
    unit = new BlockUnit(IDENTITY, geometry, new Alua(), now -> leased, peers, settings, timer);
  }

  /** Served here, under epoch 5, with an attached nexus that has no unit attention pending. */
  static UnitFixture serving() {
    return new UnitFixture().served();
  }

  UnitFixture served() {
    unit.publish(states(1, 5, true), new Route.Local(volume));
    return this;
  }

  static PathStates states(long version, long epoch, boolean serving) {
    return states(version, epoch, serving, AccessState.ACTIVE_OPTIMIZED);
  }

  static PathStates states(long version, long epoch, boolean serving, AccessState local) {
    return new PathStates(
        version,
        epoch,
        serving,
        1,
        10,
        List.of(
            new TargetPortGroup(1, local, true, List.of(1)),
            new TargetPortGroup(2, AccessState.ACTIVE_NON_OPTIMIZED, false, List.of(2))));
  }

  void transition(long version, long epoch) {
    unit.publish(states(version, epoch, false, AccessState.TRANSITIONING), new Route.Transition());
  }

  Route.Remote remote() {
    return new Route.Remote(
        (id, epoch, command, reply) -> {
          assertEquals(IDENTITY.id(), id);
          forwarded.add(epoch + ":" + command.tag());
          forwardedReplies.add(reply);
        });
  }

  Command command(String cdb, byte... dataOut) {
    return command(NEXUS, TaskAttribute.SIMPLE, cdb, dataOut);
  }

  Command command(Nexus nexus, TaskAttribute attribute, String cdb, byte... dataOut) {
    return new Command(
        nexus,
        ++tags,
        attribute,
        hex(cdb),
        ByteBuffer.wrap(dataOut),
        1 << 20,
        timer.nanoTime() + DEADLINE);
  }

  /** Starts a command. */
  Outcome start(String cdb, byte... dataOut) {
    return start(command(cdb, dataOut));
  }

  Outcome start(Command command) {
    Outcome outcome = new Outcome(command);
    unit.execute(command, outcome);
    return outcome;
  }

  Outcome startRelayed(long epoch, Command command) {
    Outcome outcome = new Outcome(command);
    unit.executeRelayed(epoch, command, outcome);
    return outcome;
  }

  /** Executes a command that must end at once. */
  Response run(String cdb, byte... dataOut) {
    return start(cdb, dataOut).response();
  }

  /** Executes a command that must succeed at once with data. */
  byte[] data(String cdb) {
    Response response = run(cdb);
    assertEquals(Status.GOOD, response.status(), () -> sense(response));
    return bytes(response);
  }

  static byte[] bytes(Response response) {
    byte[] data = new byte[response.dataIn().remaining()];
    response.dataIn().duplicate().get(data);
    return data;
  }

  /** Asserts CHECK CONDITION with this key and additional sense code: {@code "05/2400"}. */
  static Sense assertSense(String expected, Response response) {
    assertEquals(Status.CHECK_CONDITION, response.status());
    assertEquals(expected, sense(response));
    return Sense.decode(response.sense()).orElseThrow();
  }

  static String sense(Response response) {
    return Sense.decode(response.sense())
        .map(sense -> "%02x/%04x".formatted(sense.key(), sense.additional()))
        .orElse(response.status().toString());
  }

  static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  static byte[] blocks(int count, int value) {
    byte[] data = new byte[count * BLOCK];
    java.util.Arrays.fill(data, (byte) value);
    return data;
  }

  /** The end of a command. */
  static final class Outcome implements Consumer<Response> {
    final Command command;
    private Response response;
    private int replies;

    Outcome(Command command) {
      this.command = command;
    }

    @Override
    public void accept(Response reply) {
      response = reply;
      replies++;
    }

    boolean ended() {
      return replies > 0;
    }

    Response response() {
      assertEquals(1, replies, "replies");
      return response;
    }

    Status status() {
      return response().status();
    }

    void assertGood() {
      assertTrue(ended(), "no reply");
      assertEquals(Status.GOOD, status(), () -> sense(response));
    }
  }
}
