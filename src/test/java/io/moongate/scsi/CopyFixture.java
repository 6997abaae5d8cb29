package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.SETTINGS;
import static io.moongate.scsi.UnitFixture.hex;
import static io.moongate.scsi.UnitFixture.states;

import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.copy.CopyParty;
import io.moongate.scsi.copy.CopySettings;
import io.moongate.scsi.copy.ThirdPartyCopy;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.volume.VolumeGeometry;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Units of one gateway that can be copied to one another, all under the test's control. */
final class CopyFixture {
  static final int PIECE = 4096;
  static final long DEADLINE = Duration.ofSeconds(4).toNanos();
  static final CopySettings COPIES =
      new CopySettings(3, 1 << 20, PIECE, 2, 2, 3, 4, Duration.ofMillis(20), 1);

  /** One of the units. */
  static final class Unit {
    final UnitIdentity identity;
    final FakeVolume volume;
    final BlockUnit unit;

    Unit(CopyFixture fixture, int number, VolumeGeometry geometry) {
      identity =
          new UnitIdentity(
              "0b9e3d0e-32f1-4d6e-8f65-3f9de2c2a11" + number,
              Naa.of(0x3123_4567_89AB_CD00L + number),
              "SN000" + number,
              "VOLUME");
      volume = new FakeVolume(geometry);
      unit =
          new BlockUnit(
              identity,
              geometry,
              CompletableFuture::new,
              now -> true,
              UnitPeers.ALONE,
              SETTINGS,
              fixture.timer,
              fixture.shared);
      unit.publish(states(1, 5, true), new Route.Local(volume));
    }

    byte[] content() {
      return volume.bytes(0, (int) volume.geometry().size());
    }
  }

  final ManualTimer timer = new ManualTimer();
  final List<Unit> units = new ArrayList<>();
  final Set<Unit> masked = new HashSet<>();
  final ThirdPartyCopy shared = new ThirdPartyCopy(COPIES, this::find, timer, Runnable::run);
  final Unit a = add(512);
  final Unit b = add(512);
  final Unit large = add(4096);
  private int tags;

  private Unit add(int blockSize) {
    Unit unit =
        new Unit(this, units.size(), new VolumeGeometry(1 << 19, blockSize, true, 4096, 0, true));
    units.add(unit);
    return unit;
  }

  private Optional<CopyParty> find(Nexus nexus, Naa naa) {
    return units.stream()
        .filter(unit -> unit.identity.naa().equals(naa) && !masked.contains(unit))
        .findFirst()
        .flatMap(unit -> unit.unit.copyParty());
  }

  Command command(Nexus nexus, String cdb, byte... dataOut) {
    return new Command(
        nexus,
        ++tags,
        TaskAttribute.SIMPLE,
        hex(cdb),
        ByteBuffer.wrap(dataOut),
        1 << 20,
        timer.nanoTime() + DEADLINE);
  }

  Outcome start(Unit at, Nexus nexus, String cdb, byte... dataOut) {
    Outcome outcome = new Outcome(command(nexus, cdb, dataOut));
    at.unit.execute(outcome.command, outcome);
    return outcome;
  }

  /** Sends EXTENDED COPY to a unit. */
  Outcome copy(Unit at, byte... list) {
    return start(
        at, UnitFixture.NEXUS, "8300 0000000000000000 %08x 0000".formatted(list.length), list);
  }

  /** RECEIVE COPY RESULTS with a service action. */
  Response receive(Unit at, Nexus nexus, int action, int listId) {
    return start(at, nexus, "84%02x %02x 00000000000000 0000ffff 0000".formatted(action, listId))
        .response();
  }

  /** A parameter list in the making. */
  static final class ListOf {
    int listId = 1;
    int usage;
    int inline;
    private final ByteArrayOutputStream cscds = new ByteArrayOutputStream();
    private final ByteArrayOutputStream segments = new ByteArrayOutputStream();

    ListOf id(int newListId, int newUsage) {
      listId = newListId;
      usage = newUsage;
      return this;
    }

    ListOf unit(Unit unit) {
      return cscd(
          "e4000000 01030008 %s 000000000000000000000000 00 %06x"
              .formatted(unit.identity.naa(), unit.volume.geometry().blockSize()));
    }

    ListOf cscd(String descriptor) {
      cscds.writeBytes(hex(descriptor));
      return this;
    }

    ListOf segment(String descriptor) {
      segments.writeBytes(hex(descriptor));
      return this;
    }

    ListOf blocks(int source, int destination, int count, long from, long to) {
      return segment(
          "02000018 %04x%04x 0000%04x %016x %016x".formatted(source, destination, count, from, to));
    }

    ListOf bytes(int source, int destination, int count, long from, long to) {
      return segment(
          "0a00001c %04x%04x %08x %016x %016x 0000 0000"
              .formatted(source, destination, count, from, to));
    }

    byte[] list() {
      ByteBuffer out = ByteBuffer.allocate(16 + cscds.size() + segments.size());
      out.put((byte) listId).put((byte) (usage << 3)).putShort((short) cscds.size());
      out.putInt(0).putInt(segments.size()).putInt(inline);
      return out.put(cscds.toByteArray()).put(segments.toByteArray()).array();
    }
  }
}
