package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.shared.UnitPeers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class SetTargetPortGroupsTest {
  private final UnitFixture fixture = UnitFixture.serving();
  private final List<Integer> moves = new ArrayList<>();
  private final CompletableFuture<Void> moved = new CompletableFuture<>();
  private final BlockUnit unit = unit(UnitFixture.EXPLICIT);

  private BlockUnit unit(ScsiSettings settings) {
    AluaQueries alua =
        new AluaQueries() {
          @Override
          public CompletionStage<PathStates> pathStates() {
            return CompletableFuture.completedStage(UnitFixture.states(1, 5, true));
          }

          @Override
          public CompletionStage<Void> optimize(int group, String cause) {
            moves.add(group);
            return moved;
          }
        };
    return new BlockUnit(
        UnitFixture.IDENTITY,
        UnitFixture.GEOMETRY,
        alua,
        now -> true,
        UnitPeers.ALONE,
        settings,
        fixture.timer);
  }

  private Outcome start(String descriptors) {
    byte[] list = hex("00000000" + descriptors);
    return start(unit, "a4 0a 0000 0000 %08x 00 00".formatted(list.length), list);
  }

  private Outcome start(BlockUnit to, String cdb, byte... list) {
    Outcome outcome = new Outcome(fixture.command(cdb, list));
    to.execute(outcome.command, outcome);
    return outcome;
  }

  @Test
  void itIsOfferedOnlyWhereItWasOptedIn() {
    BlockUnit implicit = unit(UnitFixture.SETTINGS);
    assertSense("05/2000", start(implicit, "a4 0a 0000 0000 00000000 00 00").response());
    assertEquals(0, implicit.dataOutLength(hex("a4 0a 0000 0000 0000000c 00 00")));
    assertEquals(12, unit.dataOutLength(hex("a4 0a 0000 0000 0000000c 00 00")));
  }

  @Test
  void makingAnotherGroupOptimizedIsAPlannedMove() {
    Outcome outcome = start("00 00 0002 01 00 0001");
    assertEquals(List.of(2), moves);
    assertFalse(outcome.ended());
    moved.complete(null);
    outcome.assertGood();
  }

  @Test
  void aMoveThatTakesLongIsAnsweredAtTheDeadline() {
    Outcome outcome = start("00 00 0002");
    fixture.timer.advance(UnitFixture.DEADLINE);
    assertEquals(Status.BUSY, outcome.status());
    moved.complete(null);
    assertEquals(Status.BUSY, outcome.status(), "once");
  }

  @Test
  void whatIsSoAlreadyIsGood() {
    start("00 00 0001").assertGood();
    start("01 00 0002").assertGood();
    start("").assertGood();
    start(unit, "a4 0a 0000 0000 00000000 00 00").assertGood();
    assertEquals(List.of(), moves);
  }

  @Test
  void aMoveThatFailsIsSaid() {
    moved.completeExceptionally(new IllegalStateException("not up"));
    assertSense("04/670a", start("00 00 0002").response());
  }

  @Test
  void theImpossibleIsRefused() {
    assertSense("05/2600", start("00 00 0003").response());
    assertSense("05/2600", start("00 00 0001 00 00 0002").response());
    assertSense("05/2600", start("02 00 0002").response());
    assertSense("05/2600", start("0e 00 0001").response());
    assertSense("05/2600", start("01 00 0001").response());
    assertSense("05/1a00", start("00 00 00").response());
    assertSense("05/1a00", start(unit, "a4 0a 0000 0000 00000008 00 00").response());
    assertEquals(List.of(), moves);
  }
}
