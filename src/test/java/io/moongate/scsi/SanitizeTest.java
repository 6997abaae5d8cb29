package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.BLOCK;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.blocks;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeGeometry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class SanitizeTest {
  private static final long SECOND = 1_000_000_000L;

  /** Two pieces of an OVERWRITE a pass, at one a second. */
  private static final int SIZE = 2 << 20;

  private static final VolumeGeometry GEOMETRY =
      new VolumeGeometry(SIZE, BLOCK, true, 8 * BLOCK, 0, true);

  private static final String ERASE = "48 02 00 00 00 00 00 0000 00";
  private static final String EXIT = "48 1f 00 00 00 00 00 0000 00";
  private static final String READY = "00 00 00 00 00 00";
  private static final String READ = "28 00 00000000 00 0001 00";

  private final Gateway owner = new Gateway(Route.Local::new);

  /** A gateway, and what it has had recorded. */
  private static final class Gateway {
    final UnitFixture fixture;
    final ManualTimer timer;
    final FakeVolume volume;
    final BlockUnit unit;
    final List<SharedState> recorded = new ArrayList<>();
    final List<Gateway> others = new ArrayList<>();

    Gateway(java.util.function.Function<FakeVolume, Route> route) {
      fixture = new UnitFixture(GEOMETRY, UnitFixture.ROOMY);
      timer = fixture.timer;
      volume = new FakeVolume(GEOMETRY);
      UnitPeers peers =
          new UnitPeers() {
            @Override
            public CompletionStage<Void> record(
                String unitId, long epoch, SharedState next, String cause) {
              recorded.add(next);
              return CompletableFuture.completedStage(null);
            }

            @Override
            public CompletionStage<Void> tell(
                String unitId, SharedState state, List<Notice> notices) {
              others.forEach(other -> other.unit.share(state));
              return CompletableFuture.completedStage(null);
            }
          };
      unit =
          new BlockUnit(
              UnitFixture.IDENTITY,
              GEOMETRY,
              () -> new CompletableFuture<>(),
              now -> true,
              peers,
              UnitFixture.ROOMY,
              timer);
      unit.publish(UnitFixture.states(1, 5, true), route.apply(volume));
    }

    Outcome start(String cdb, byte... dataOut) {
      Outcome outcome = new Outcome(fixture.command(cdb, dataOut));
      unit.execute(outcome.command, outcome);
      return outcome;
    }

    Response run(String cdb, byte... dataOut) {
      return start(cdb, dataOut).response();
    }

    SharedState state() {
      return recorded.get(recorded.size() - 1);
    }
  }

  /** OVERWRITE with a pattern; {@code flags} has the count and INVERT. */
  private static byte[] list(int flags, int... pattern) {
    byte[] list = new byte[4 + pattern.length];
    list[0] = (byte) flags;
    list[3] = (byte) pattern.length;
    for (int i = 0; i < pattern.length; i++) {
      list[4 + i] = (byte) pattern[i];
    }
    return list;
  }

  private static String overwrite(byte[] list, boolean immediate) {
    return "48 %s 00 00 00 00 00 %04x 00".formatted(immediate ? "81" : "01", list.length);
  }

  @Test
  void blockEraseDeallocatesEverything() {
    owner.volume.fill(0, blocks(8, 7));
    Outcome outcome = owner.start(ERASE);
    assertFalse(outcome.ended(), "without IMMED it is answered at the end");
    owner.timer.advance(SECOND);
    outcome.assertGood();
    assertEquals(List.of("unmap 0+" + SIZE, "flush"), owner.volume.started);
    assertNull(owner.state().sanitizing());
    assertEquals(Status.GOOD, owner.run(READ).status());
  }

  @Test
  void overwriteRepeatsThePatternInEachBlockAndInvertsItWithEachPass() {
    byte[] list = list(0x82, 0x0F, 0xA5, 0x33);
    Outcome outcome = owner.start(overwrite(list, false), list);
    for (int i = 0; i < 3; i++) {
      owner.timer.advance(SECOND);
      assertFalse(outcome.ended(), "piece " + i);
    }
    byte[] first = owner.volume.bytes(0, BLOCK);
    owner.timer.advance(SECOND);
    outcome.assertGood();
    assertEquals(list.length, outcome.response().dataOutWanted());
    byte[] inverted = new byte[BLOCK];
    int[] pattern = {0x0F, 0xA5, 0x33};
    for (int i = 0; i < BLOCK; i++) {
      inverted[i] = (byte) ~pattern[i % 3];
    }
    assertArrayEquals(inverted, first);
    for (int at : new int[] {0, BLOCK, SIZE - BLOCK}) {
      assertArrayEquals(inverted, owner.volume.bytes(at, BLOCK));
    }
    assertEquals(
        List.of(
            "write 0+1048576",
            "write 1048576+1048576",
            "flush",
            "write 0+1048576",
            "write 1048576+1048576",
            "flush"),
        owner.volume.started);
  }

  @Test
  void zerosAreWrittenNotDeallocated() {
    byte[] list = list(1, 0);
    owner.run(overwrite(list, true), list);
    owner.timer.advance(SECOND);
    assertEquals("write 0+1048576", owner.volume.started.get(0));
  }

  @Test
  void otherCommandsAreRefusedWhileItGoesOn() {
    byte[] list = list(1, 0);
    assertEquals(Status.GOOD, owner.run(overwrite(list, true), list).status());
    for (String cdb :
        List.of(
            READY,
            READ,
            "2a 00 00000000 00 0001 00",
            "1b 01 00 01 02 00",
            "1a 08 0a 00 ff 00",
            "25 00 00000000 00 0000 00",
            ERASE)) {
      Sense sense = assertSense("02/041b", owner.run(cdb));
      assertTrue((sense.specific() & 0x80_0000) != 0, "SKSV");
    }
    assertEquals(Status.GOOD, owner.run("12 00 00 00 ff 00").status());
    assertEquals(Status.GOOD, owner.run("a3 0c 00 00 0000 0000ffff 00 00").status());
    byte[] half = UnitFixture.bytes(owner.run("03 00 00 00 ff 00"));
    assertArrayEquals(hex("02 041b"), new byte[] {half[2], half[12], half[13]});
    assertEquals(0x80, half[15] & 0xFF);
    assertEquals(0x80, half[16] & 0xFF, "one of two pieces is done");
  }

  @Test
  void itBeginsWhenTheCommandsBeforeItHaveEndedAndThoseBehindAreRefused() {
    owner.volume.hold();
    Outcome write = owner.start("2a 00 00000003 00 0001 00", blocks(1, 1));
    Outcome erase = owner.start("48 82 00 00 00 00 00 0000 00");
    Outcome behind = owner.start(READ);
    assertEquals(1, owner.volume.pending());
    assertEquals(0, owner.recorded.size());
    owner.volume.completeNext();
    write.assertGood();
    erase.assertGood();
    assertSense("02/041b", behind.response());
  }

  @Test
  void abortsAndResetsDoNotEndIt() {
    byte[] list = list(1, 0);
    owner.volume.hold();
    Outcome outcome = owner.start(overwrite(list, false), list);
    List<Boolean> done = new ArrayList<>();
    int tag = outcome.command.tag();
    owner.unit.manage(TaskManagement.QUERY_TASK, UnitFixture.NEXUS, tag, done::add);
    owner.unit.manage(TaskManagement.ABORT_TASK, UnitFixture.NEXUS, tag, done::add);
    owner.unit.manage(TaskManagement.LOGICAL_UNIT_RESET, UnitFixture.NEXUS, 0, done::add);
    assertEquals(List.of(true, true), done, "the reset waits for the piece that is under way");
    owner.volume.completeNext();
    assertEquals(3, done.size());
    owner.unit.detach(UnitFixture.NEXUS);
    for (int i = 0; i < 8 && owner.state().sanitizing() != null; i++) {
      assertSense("02/041b", owner.run(READY));
      owner.timer.advance(SECOND);
      while (owner.volume.pending() > 0) {
        owner.volume.completeNext();
      }
    }
    assertNull(owner.state().sanitizing());
    assertEquals(Status.GOOD, owner.run(READY).status());
    assertFalse(outcome.ended(), "it was aborted");
  }

  @Test
  void aNewOwnerGoesOnFromWhatIsRecorded() {
    byte[] list = list(1, 0x11);
    owner.run(overwrite(list, true), list);
    SharedState begun = owner.recorded.get(0);
    Gateway next = new Gateway(Route.Local::new);
    next.unit.publish(UnitFixture.states(2, 6, false), new Route.Transition());
    next.unit.share(begun.withSanitizing(begun.sanitizing().at(0, 1 << 20)).as(2, "x"));
    assertEquals(List.of(), next.volume.started);
    next.unit.publish(UnitFixture.states(3, 7, true), new Route.Local(next.volume));
    assertEquals(List.of("write 1048576+1048576", "flush"), next.volume.started);
    assertNull(next.state().sanitizing());

    owner.unit.publish(UnitFixture.states(4, 7, true), new Route.Transition());
    int pieces = owner.volume.started.size();
    owner.timer.advance(10 * SECOND);
    assertEquals(pieces, owner.volume.started.size(), "it is no longer the owner");
  }

  @Test
  void throughAnotherGatewayItIsAnsweredAtTheEndToo() {
    Gateway other =
        new Gateway(
            volume ->
                new Route.Remote(
                    (id, epoch, command, reply) ->
                        owner.unit.executeRelayed(
                            epoch,
                            new Command(
                                command.nexus(),
                                command.tag(),
                                command.attribute(),
                                command.cdb(),
                                command.dataOut(),
                                0,
                                owner.timer.nanoTime() + UnitFixture.DEADLINE),
                            reply)));
    owner.others.add(other);
    Outcome outcome = other.start(ERASE);
    other.timer.advance(SECOND);
    outcome.assertGood();
    assertEquals(List.of("unmap 0+" + SIZE, "flush"), owner.volume.started);

    owner.timer.advance(SECOND);
    byte[] list = list(1, 1);
    Outcome longer = other.start(overwrite(list, false), list);
    other.timer.advance(SECOND);
    assertFalse(longer.ended());
    assertSense("02/041b", other.run(READY));
    assertSense("02/041b", other.run(READ));
    owner.timer.advance(SECOND);
    other.timer.advance(SECOND);
    longer.assertGood();
  }

  @Test
  void aFailureStays() {
    owner.volume.failWith(VolumeException.Reason.IO);
    Outcome erase = owner.start(ERASE);
    owner.timer.advance(SECOND);
    assertSense("03/3103", erase.response());
    assertNotNull(owner.state().sanitizing());
    assertSense("03/3103", owner.run(READY));
    assertSense("03/3103", owner.run(READ));
    assertSense("03/3103", owner.run(EXIT));
    assertSense("05/2400", owner.run("48 a2 00 00 00 00 00 0000 00"));
    owner.volume.failWith((RuntimeException) null);
    Outcome again = owner.start(ERASE);
    owner.timer.advance(SECOND);
    again.assertGood();
    assertEquals(Status.GOOD, owner.run(READY).status());
  }

  @Test
  void anUnrestrictedFailureCanBeLeft() {
    owner.volume.failWith(VolumeException.Reason.IO);
    Outcome erase = owner.start("48 22 00 00 00 00 00 0000 00");
    owner.timer.advance(SECOND);
    assertSense("03/3103", erase.response());
    assertSense("03/3103", owner.run(READY));
    owner.volume.failWith((RuntimeException) null);
    assertEquals(Status.GOOD, owner.run(EXIT).status());
    assertEquals(Status.GOOD, owner.run(READ).status());
    assertEquals(Status.GOOD, owner.run(EXIT).status(), "there is nothing to leave");
  }

  @Test
  void aStoreThatIsAwayIsTriedAgain() {
    owner.volume.failWith(VolumeException.Reason.UNAVAILABLE);
    Outcome outcome = owner.start(ERASE);
    owner.timer.advance(SECOND);
    assertFalse(outcome.ended());
    assertSense("02/041b", owner.run(READY));
    owner.volume.failWith((RuntimeException) null);
    owner.timer.advance(SECOND);
    owner.timer.advance(SECOND);
    outcome.assertGood();
  }

  @Test
  void parametersAreChecked() {
    byte[] full = Arrays.copyOf(list(1), 4 + BLOCK);
    full[2] = BLOCK >> 8;
    for (byte[] wrong :
        List.of(new byte[0], new byte[4], Arrays.copyOf(full, 5 + BLOCK), list(0, 1))) {
      assertSense(
          wrong.length > 4 && wrong.length < BLOCK ? "05/2600" : "05/2400",
          owner.run(overwrite(wrong, true), wrong));
    }
    byte[] noPattern = list(1, 1);
    noPattern[3] = 0;
    assertSense("05/2600", owner.run(overwrite(noPattern, true), noPattern));
    byte[] tooLong = list(1, 1);
    tooLong[3] = 2;
    assertSense("05/2600", owner.run(overwrite(tooLong, true), tooLong));
    byte[] test = list(0x21, 1);
    assertSense("05/2600", owner.run(overwrite(test, true), test));
    byte[] cut = list(1, 1, 2, 3);
    assertSense("05/1a00", owner.run(overwrite(cut, true), Arrays.copyOf(cut, 5)));
    assertSense("05/2400", owner.run("48 42 00 00 00 00 00 0000 00"));
    assertSense("05/2400", owner.run("48 02 01 00 00 00 00 0000 00"));
    assertSense("05/2400", owner.run("48 02 00 00 00 00 00 0008 00"));
    assertSense("05/2400", owner.run("48 03 00 00 00 00 00 0000 00"));
    assertEquals(0, owner.recorded.size());
    assertEquals(Status.GOOD, owner.run(overwrite(full, true), full).status());
  }
}
