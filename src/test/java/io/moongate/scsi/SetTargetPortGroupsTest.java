package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.NEXUS;
import static io.moongate.scsi.UnitFixture.OTHER;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.alua.TargetPortGroup;
import io.moongate.scsi.shared.UnitPeers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SetTargetPortGroupsTest {
  private static final String READY = "00 00 00 00 00 00";
  private static final String MAKE_2_OPTIMIZED = "00 00 0002 01 00 0001";

  /** The same initiator at a target that has not opted in. */
  private static final Nexus IMPLICIT =
      new Nexus(NEXUS.initiatorName(), NEXUS.isid(), "iqn.2026-01.io.moongate:implicit", 1);

  private final UnitFixture fixture = UnitFixture.serving();
  private final List<Integer> moves = new ArrayList<>();
  private final CompletableFuture<Void> moved = new CompletableFuture<>();
  private PathStates now;
  private final BlockUnit unit =
      new BlockUnit(
          UnitFixture.IDENTITY,
          UnitFixture.GEOMETRY,
          new Alua(),
          now -> fixture.leased,
          UnitPeers.ALONE,
          UnitFixture.SETTINGS,
          fixture.timer);

  private final class Alua implements AluaQueries {
    @Override
    public CompletionStage<PathStates> pathStates() {
      return CompletableFuture.completedStage(now);
    }

    @Override
    public boolean explicitAlua(String target) {
      return target.equals(UnitFixture.TARGET);
    }

    @Override
    public CompletionStage<Void> optimize(int group, String cause) {
      moves.add(group);
      return moved;
    }
  }

  @BeforeEach
  void serve() {
    publish(5, true, AccessState.ACTIVE_OPTIMIZED, AccessState.ACTIVE_NON_OPTIMIZED);
    for (Nexus nexus : List.of(NEXUS, OTHER, IMPLICIT)) {
      unit.attach(nexus);
      assertEquals("06/2900", sense(nexus));
    }
  }

  /** The states of groups 1, which is the one here, and 2. */
  private void publish(long epoch, boolean serving, AccessState first, AccessState second) {
    now =
        new PathStates(
            now == null ? 1 : now.version() + 1,
            epoch,
            serving,
            1,
            10,
            List.of(
                new TargetPortGroup(1, first, true, List.of(1)),
                new TargetPortGroup(2, second, false, List.of(2))));
    unit.publish(now, serving ? new Route.Local(fixture.volume) : new Route.Transition());
  }

  private void transition(long epoch) {
    publish(epoch, false, AccessState.TRANSITIONING, AccessState.TRANSITIONING);
  }

  private void move(long epoch) {
    publish(epoch, true, AccessState.ACTIVE_NON_OPTIMIZED, AccessState.ACTIVE_OPTIMIZED);
  }

  /** What TEST UNIT READY says. */
  private String sense(Nexus nexus) {
    Response response = start(nexus, READY).response();
    return response.status() == Status.GOOD ? "good" : UnitFixture.sense(response);
  }

  private Outcome start(String descriptors) {
    byte[] list = hex("00000000" + descriptors);
    return start(NEXUS, "a4 0a 0000 0000 %08x 00 00".formatted(list.length), list);
  }

  private Outcome start(Nexus nexus, String cdb, byte... list) {
    Outcome outcome = new Outcome(fixture.command(nexus, TaskAttribute.SIMPLE, cdb, list));
    unit.execute(outcome.command, outcome);
    return outcome;
  }

  private byte[] data(Nexus nexus, String cdb) {
    return UnitFixture.bytes(start(nexus, cdb).response());
  }

  @Test
  void itIsOfferedThroughTheTargetsThatOptedIn() {
    String cdb = "a4 0a 0000 0000 0000000c 00 00";
    byte[] list = hex("00000000" + MAKE_2_OPTIMIZED);
    assertSense("05/2000", start(IMPLICIT, cdb, list).response());
    assertEquals(0, unit.dataOutLength(IMPLICIT, hex(cdb)));
    assertEquals(List.of(), moves);
    assertEquals(12, unit.dataOutLength(NEXUS, hex(cdb)));
    assertFalse(start(NEXUS, cdb, list).ended());
    assertEquals(List.of(2), moves);
  }

  @Test
  void theSameUnitSaysToEachNexusWhatItsTargetOffers() {
    assertEquals(0x10, data(IMPLICIT, "12 00 00 00 ff 00")[5] & 0x30, "TPGS: implicit");
    assertEquals(0x30, data(NEXUS, "12 00 00 00 ff 00")[5] & 0x30, "TPGS: both");
    assertEquals(1, data(IMPLICIT, "a3 0c 02 a4 000a 000000ff 00 00")[1], "not supported");
    assertEquals(3, data(NEXUS, "a3 0c 02 a4 000a 000000ff 00 00")[1], "supported");
    assertEquals(
        data(NEXUS, "a3 0c 00 00 0000 0000ffff 00 00").length - 8,
        data(IMPLICIT, "a3 0c 00 00 0000 0000ffff 00 00").length);
  }

  @Test
  void makingAnotherGroupOptimizedIsAPlannedMove() {
    Outcome outcome = start(MAKE_2_OPTIMIZED);
    assertEquals(List.of(2), moves);
    transition(5);
    transition(6);
    moved.complete(null);
    assertFalse(outcome.ended(), "what is asked here next would be answered by the old states");
    move(6);
    outcome.assertGood();
    assertEquals("good", sense(NEXUS), "it has asked for it");
    assertEquals("06/2a06", sense(OTHER));
    assertEquals("06/2a06", sense(IMPLICIT));
    assertEquals("good", sense(OTHER));
  }

  /** The request may be from before it was stopped for longer than its lease. */
  @Test
  void withoutItsLeaseAGatewayMovesNothing() {
    fixture.leased = false;
    assertEquals(Status.BUSY, start(MAKE_2_OPTIMIZED).response().status());
    assertEquals(List.of(), moves);
  }

  @Test
  void whatIsPublishedBeforeTheMoveIsSaidToHaveEndedIsEnough() {
    Outcome outcome = start(MAKE_2_OPTIMIZED);
    move(6);
    assertFalse(outcome.ended());
    moved.complete(null);
    outcome.assertGood();
    assertEquals("good", sense(NEXUS));
  }

  @Test
  void theNexusIsToldOfWhatItHasNotAskedFor() {
    Outcome outcome = start(MAKE_2_OPTIMIZED);
    move(6);
    publish(7, true, AccessState.ACTIVE_OPTIMIZED, AccessState.UNAVAILABLE);
    moved.complete(null);
    outcome.assertGood();
    assertEquals("06/2a06", sense(NEXUS), "another gateway took over since");
    move(8);
    assertEquals("06/2a06", sense(NEXUS), "of every change after that");
  }

  @Test
  void anotherGroupThatChangesMeanwhileIsTold() {
    Outcome outcome = start(MAKE_2_OPTIMIZED);
    publish(6, true, AccessState.UNAVAILABLE, AccessState.ACTIVE_OPTIMIZED);
    moved.complete(null);
    outcome.assertGood();
    assertEquals("06/2a06", sense(NEXUS));
  }

  @Test
  void aMoveThatTakesLongIsAnsweredAtTheDeadline() {
    Outcome outcome = start("00 00 0002");
    transition(5);
    fixture.timer.advance(UnitFixture.DEADLINE);
    assertEquals(Status.BUSY, outcome.status());
    moved.complete(null);
    move(6);
    assertEquals(Status.BUSY, outcome.status(), "once");
    assertEquals("06/2a06", sense(NEXUS), "the command was not what brought it");
  }

  @Test
  void whatIsSoAlreadyIsGood() {
    start("00 00 0001").assertGood();
    start("01 00 0002").assertGood();
    start("").assertGood();
    start(NEXUS, "a4 0a 0000 0000 00000000 00 00").assertGood();
    assertEquals(List.of(), moves);
  }

  @Test
  void aMoveThatFailsIsSaid() {
    Outcome outcome = start("00 00 0002");
    transition(5);
    moved.completeExceptionally(new IllegalStateException("not up"));
    assertSense("04/670a", outcome.response());
    assertEquals("06/2a06", sense(NEXUS), "what has changed all the same");
  }

  @Test
  void aMoveThatFailsAndChangesNothingIsNotTold() {
    moved.completeExceptionally(new IllegalStateException("not up"));
    assertSense("04/670a", start("00 00 0002").response());
    assertEquals("good", sense(NEXUS));
  }

  @Test
  void theImpossibleIsRefused() {
    assertSense("05/2600", start("00 00 0003").response());
    assertSense("05/2600", start("00 00 0001 00 00 0002").response());
    assertSense("05/2600", start("02 00 0002").response());
    assertSense("05/2600", start("0e 00 0001").response());
    assertSense("05/2600", start("01 00 0001").response());
    assertSense("05/1a00", start("00 00 00").response());
    assertSense("05/1a00", start(NEXUS, "a4 0a 0000 0000 00000008 00 00").response());
    assertEquals(List.of(), moves);
  }
}
