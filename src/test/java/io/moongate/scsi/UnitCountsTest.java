package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.measure.Latencies;
import io.moongate.scsi.LogicalUnit.TaskManagement;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.task.CommandKind;
import io.moongate.scsi.task.UnitCounts;
import io.moongate.scsi.task.Via;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What became of commands is counted once, as what it was. */
class UnitCountsTest {
  private static final String READ_TWO = "28 00 00000000 00 0002 00";
  private static final String WRITE_ONE = "2a 00 00000000 00 0001 00";

  private final UnitFixture fixture = UnitFixture.serving();

  private UnitReading reading() {
    return fixture.unit.reading().orElseThrow();
  }

  private long count(Via via, CommandKind kind) {
    long[] found = new long[1];
    reading()
        .counts()
        .each(
            (ofVia, ofKind, series) -> {
              if (via == ofVia && kind == ofKind) {
                found[0] = series.latencies().count();
              }
            });
    return found[0];
  }

  private long bytes(CommandKind kind) {
    long[] found = new long[1];
    reading()
        .counts()
        .each(
            (via, ofKind, series) -> {
              if (kind == ofKind) {
                found[0] += series.bytes();
              }
            });
    return found[0];
  }

  @Test
  void readsAndWritesWithTheirBytes() {
    fixture.data(READ_TWO);
    assertEquals(Status.GOOD, fixture.run(WRITE_ONE, blocks(1, 7)).status());
    fixture.data("25 00 00000000 00 0000 00");
    assertEquals(1, count(Via.LOCAL, CommandKind.READ));
    assertEquals(1, count(Via.LOCAL, CommandKind.WRITE));
    assertEquals(1, count(Via.AT_ONCE, CommandKind.OTHER), "it only asked about the unit");
    assertEquals(2 * UnitFixture.BLOCK, bytes(CommandKind.READ));
    assertEquals(UnitFixture.BLOCK, bytes(CommandKind.WRITE));
    assertEquals(Map.of(), reading().counts().statuses());
    assertEquals(1, reading().counts().service().get(CommandKind.READ).count(), "the store did it");
    assertEquals(AccessState.ACTIVE_OPTIMIZED, reading().state());
  }

  @Test
  void theWayThatACommandTook() {
    fixture.startRelayed(5, fixture.command(READ_TWO)).assertGood();
    assertEquals(1, count(Via.PEER, CommandKind.READ));
    fixture.transition(2, 6);
    fixture.unit.publish(UnitFixture.states(3, 6, true), fixture.remote());
    UnitFixture.Outcome relayed = fixture.start(READ_TWO);
    assertEquals(1, reading().inFlight());
    assertEquals(0, count(Via.RELAYED, CommandKind.READ), "it is under way");
    fixture.forwardedReplies.get(0).accept(Response.status(Status.BUSY));
    assertEquals(Status.BUSY, relayed.status());
    assertEquals(1, count(Via.RELAYED, CommandKind.READ));
    assertEquals(0, count(Via.LOCAL, CommandKind.READ));
    assertEquals(0, reading().inFlight());
    assertEquals(
        1, reading().counts().service().get(CommandKind.READ).count(), "of the owner's alone");
  }

  @Test
  void whatFailedBySenseAndByStatus() {
    fixture.run("28 00 7fffffff 00 0001 00");
    fixture.run("28 00 7fffffff 00 0001 00");
    fixture.run("c0 00 00000000 00 0000 00");
    fixture.startRelayed(4, fixture.command(READ_TWO));
    assertEquals(Map.of(0x052100, 2L, 0x052000, 1L), reading().counts().senses());
    Map<Status, Long> expected = new EnumMap<>(Status.class);
    expected.put(Status.CHECK_CONDITION, 3L);
    expected.put(Status.BUSY, 1L);
    assertEquals(expected, reading().counts().statuses());
    assertEquals(2, count(Via.AT_ONCE, CommandKind.READ), "nothing was done");
    assertEquals(1, count(Via.PEER, CommandKind.READ));
    assertEquals(0, bytes(CommandKind.READ));
  }

  @Test
  void unitAttentionsAreCountedAsWhatTheyAre() {
    fixture.unit.attach(UnitFixture.OTHER);
    fixture.start(fixture.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, READ_TWO));
    assertEquals(Map.of(0x062900, 1L), reading().counts().senses());
    assertEquals(1, count(Via.AT_ONCE, CommandKind.READ));
    assertEquals(0, count(Via.LOCAL, CommandKind.READ));
  }

  @Test
  void whatIsHeldIsNotServedAndWhatIsAbortedIsNotAnswered() {
    fixture.transition(2, 6);
    fixture.start(READ_TWO);
    assertEquals(1, reading().held());
    assertEquals(1, reading().inFlight());
    fixture.unit.manage(TaskManagement.ABORT_TASK_SET, UnitFixture.NEXUS, 0, done -> {});
    assertEquals(0, reading().held());
    assertEquals(1, reading().counts().aborted());
    assertEquals(0, count(Via.LOCAL, CommandKind.READ));
  }

  @Test
  void latencyCountsFromArrivalAndServiceFromTheTurn() {
    fixture.transition(2, 6);
    UnitFixture.Outcome held = fixture.start(READ_TWO);
    fixture.timer.advance(UnitFixture.DEADLINE / 2);
    fixture.unit.publish(UnitFixture.states(3, 6, true), new Route.Local(fixture.volume));
    held.assertGood();
    UnitCounts counts = reading().counts();
    Latencies[] all = new Latencies[1];
    counts.each((via, kind, series) -> all[0] = series.latencies());
    assertEquals(UnitFixture.DEADLINE / 2 / 1e9, all[0].seconds(), 1e-9);
    assertEquals(0, counts.service().get(CommandKind.READ).seconds());
    assertTrue(counts.any());
    assertEquals(fixture.timer.nanoTime(), counts.lastNanos());
  }

  @Test
  void aSumIsOfBothAndACopyIsTheReaders() {
    fixture.data(READ_TWO);
    fixture.run("c0 00 00000000 00 0000 00");
    UnitCounts sum = reading().counts();
    sum.add(reading().counts());
    long[] reads = new long[1];
    sum.each((via, kind, series) -> reads[0] += kind == CommandKind.READ ? series.bytes() : 0);
    assertEquals(4 * UnitFixture.BLOCK, reads[0]);
    assertEquals(Map.of(0x052000, 2L), sum.senses());
    assertEquals(2, sum.service().get(CommandKind.READ).count());
    assertEquals(1, reading().counts().service().get(CommandKind.READ).count());
  }
}
