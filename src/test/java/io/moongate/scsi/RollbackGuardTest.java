package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.blocks;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.shared.Rollback;
import io.moongate.scsi.shared.SharedState;
import org.junit.jupiter.api.Test;

/** What hosts see of a unit that is rolled back to a snapshot. */
class RollbackGuardTest {
  private static final String READY = "00 00 00 00 00 00";
  private static final String READ = "28 00 00000000 00 0001 00";
  private static final String WRITE = "2a 00 00000000 00 0001 00";

  private final UnitFixture fixture = UnitFixture.serving();

  private static SharedState going(long version) {
    return SharedState.INITIAL.with(Rollback.begun("daily", "r1")).as(version, "r1");
  }

  @Test
  void itIsNotReadyAndThenItsMediumMayHaveChanged() {
    fixture.unit.attach(UnitFixture.NEXUS);
    assertSense("06/2900", fixture.run(READY));
    fixture.unit.share(going(1));
    for (String command :
        new String[] {READY, READ, "35 00 00000000 00 0000 00", "5e 00 00 00 00 00 00 0008 00"}) {
      assertSense("02/0407", fixture.run(command));
    }
    assertSense("02/0407", fixture.run(WRITE, blocks(1, 1)));
    assertEquals(Status.GOOD, fixture.run("12 00 00 00 24 00").status());
    assertEquals(Status.GOOD, fixture.run("03 00 00 00 12 00").status());
    fixture.unit.share(
        SharedState.INITIAL.with(Rollback.begun("daily", "r1").ended("")).as(2, "r1-ended"));
    assertSense("06/2800", fixture.run(READY));
    assertEquals(Status.GOOD, fixture.run(READ).status());
  }

  /** It waits for its turn when the record comes. */
  @Test
  void whatHadArrivedBeforeIsRefusedWhenItsTurnComes() {
    UnitFixture held = new UnitFixture();
    held.transition(1, 5);
    UnitFixture.Outcome write = held.start(WRITE, blocks(1, 1));
    held.unit.share(going(1));
    held.unit.publish(UnitFixture.states(2, 5, true), new Route.Local(held.volume));
    assertSense("02/0407", write.response());
  }
}
