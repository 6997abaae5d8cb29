package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.DEADLINE;
import static io.moongate.scsi.UnitFixture.NEXUS;
import static io.moongate.scsi.UnitFixture.OTHER;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.hex;
import static io.moongate.scsi.UnitFixture.states;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.alua.TargetPortGroup;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Asymmetric access states as a host sees them, and unit attentions. */
class PathStatesTest {
  private static final String READY = "00 00 00 00 00 00";
  private static final String READ = "28 00 00000000 00 0001 00";
  private static final String RTPG = "a3 0a 00 00 00 00 000000ff 00 00";
  private static final String GROUPS =
      "80 cf 0001 00 02 00 01 0000 0001" + "01 cf 0002 00 02 00 01 0000 0002";

  private final UnitFixture fixture = UnitFixture.serving();

  @Test
  void reportTargetPortGroups() {
    fixture.queried = CompletableFuture.completedFuture(states(1, 5, true));
    assertArrayEquals(hex("00000018" + GROUPS), fixture.data(RTPG));
    assertArrayEquals(
        hex("0000001c 10 0a 0000" + GROUPS), fixture.data("a3 2a 00 00 00 00 000000ff 00 00"));
    assertArrayEquals(hex("00000018"), fixture.data("a3 0a 00 00 00 00 00000004 00 00"));
    assertSense("05/2400", fixture.run("a3 4a 00 00 00 00 000000ff 00 00"));
  }

  @Test
  void everyStateHasItsCode() {
    List<AccessState> all = List.of(AccessState.values());
    List<TargetPortGroup> groups =
        all.stream()
            .map(state -> new TargetPortGroup(state.ordinal() + 1, state, false, List.of()))
            .toList();
    fixture.queried = CompletableFuture.completedFuture(new PathStates(1, 5, true, 1, 300, groups));
    byte[] data = fixture.data(RTPG);
    for (int i = 0; i < all.size(); i++) {
      assertEquals(all.get(i).code(), data[4 + 8 * i]);
    }
    assertEquals((byte) 0xFF, fixture.data("a3 2a 00 00 00 00 000000ff 00 00")[5]);
  }

  @Test
  void aQueryThatFailsOrTakesLongIsAnsweredFromWhatWasPublished() {
    fixture.queried = CompletableFuture.failedFuture(new IllegalStateException("for the test"));
    assertArrayEquals(hex("00000018" + GROUPS), fixture.data(RTPG));

    fixture.queried = new CompletableFuture<>();
    UnitFixture.Outcome outcome = fixture.start(RTPG);
    assertFalse(outcome.ended());
    fixture.timer.advance(500_000_000);
    assertArrayEquals(hex("00000018" + GROUPS), UnitFixture.bytes(outcome.response()));
  }

  @Test
  void theQueryIsAnsweredInATransitionAndBeforeTheFirstStates() {
    fixture.transition(2, 6);
    fixture.queried =
        CompletableFuture.completedFuture(states(2, 6, false, AccessState.TRANSITIONING));
    assertEquals(0x8F, fixture.data(RTPG)[4] & 0xFF);

    UnitFixture fresh = new UnitFixture();
    fresh.queried = CompletableFuture.failedFuture(new IllegalStateException("for the test"));
    assertEquals(Status.BUSY, fresh.run(RTPG).status());
  }

  @Test
  void testUnitReadyNeverWaits() {
    fixture.run(READY);
    fixture.transition(2, 6);
    assertEquals(Status.BUSY, fixture.run(READY).status());
    fixture.unit.publish(states(3, 6, true, AccessState.ACTIVE_NON_OPTIMIZED), fixture.remote());
    assertEquals(Status.GOOD, fixture.run(READY).status());
    assertEquals(Status.BUSY, new UnitFixture().run(READY).status());
  }

  @Test
  void pathsThatTakeNoCommandsSayWhy() {
    List<AccessState> states =
        List.of(AccessState.STANDBY, AccessState.UNAVAILABLE, AccessState.OFFLINE);
    List<String> senses = List.of("02/040b", "02/040c", "02/0412");
    for (int i = 0; i < states.size(); i++) {
      fixture.unit.publish(states(2 + i, 5, true, states.get(i)), fixture.remote());
      assertSense(senses.get(i), fixture.run(READY));
      assertSense(senses.get(i), fixture.run(READ));
      assertEquals(Status.GOOD, fixture.run("12 00 00 00 ff 00").status());
    }
    assertEquals(List.of(), fixture.forwarded);
  }

  @Test
  void aNewNexusGetsAPowerOnUnitAttentionOnce() {
    fixture.unit.attach(NEXUS);
    assertEquals(Status.GOOD, fixture.run("12 00 00 00 ff 00").status());
    assertSense("06/2900", fixture.run(READ));
    assertEquals(Status.GOOD, fixture.run(READ).status());
  }

  @Test
  void aUnitAttentionComesBeforeWhatIsWrongWithTheCommand() {
    fixture.unit.attach(NEXUS);
    assertSense("06/2900", fixture.run("ff 00 00 00 00 00"));
    assertSense("05/2000", fixture.run("ff 00 00 00 00 00"));
  }

  @Test
  void requestSenseReturnsAndClearsIt() {
    fixture.unit.attach(NEXUS);
    assertArrayEquals(
        hex("70 00 06 00000000 0a 00000000 2900 00 000000"), fixture.data("03 00 00 00 ff 00"));
    assertArrayEquals(
        hex("70 00 00 00000000 0a 00000000 0000 00 000000"), fixture.data("03 00 00 00 ff 00"));
    fixture.unit.attach(NEXUS);
    assertArrayEquals(hex("72 06 2900 00000000"), fixture.data("03 01 00 00 ff 00"));
    assertEquals(4, fixture.data("03 00 00 00 04 00").length);
    fixture.transition(2, 6);
    fixture.data("03 00 00 00 ff 00");
    assertArrayEquals(hex("72 02 040a 00000000"), fixture.data("03 01 00 00 ff 00"));
  }

  @Test
  void aChangeOfPathStatesIsToldToEveryNexusOnce() {
    fixture.unit.attach(NEXUS);
    fixture.unit.attach(OTHER);
    Command other = fixture.command(OTHER, TaskAttribute.SIMPLE, READY);
    fixture.run(READY);
    fixture.start(other);

    fixture.unit.publish(states(2, 5, true), new Route.Local(fixture.volume));
    assertEquals(Status.GOOD, fixture.run(READY).status(), "only the version is new");

    fixture.transition(3, 6);
    fixture.unit.publish(states(4, 6, true), new Route.Local(fixture.volume));
    assertSense("06/2a06", fixture.run(READY));
    assertEquals(Status.GOOD, fixture.run(READY).status());
    assertSense("06/2a06", fixture.start(other).response());

    fixture.unit.publish(states(3, 7, false), new Route.Transition());
    assertEquals(Status.GOOD, fixture.run(READY).status(), "an older version is ignored");
  }

  @Test
  void theEpochAloneIsAChangeToo() {
    fixture.unit.attach(NEXUS);
    fixture.run(READY);
    fixture.unit.publish(states(2, 6, true), new Route.Local(fixture.volume));
    assertSense("06/2a06", fixture.run(READY));
  }

  @Test
  void aRelayedCommandMeetsNoUnitAttention() {
    fixture.unit.attach(NEXUS);
    fixture.startRelayed(5, fixture.command(READ)).assertGood();
    assertSense("06/2900", fixture.run(READ));
  }

  @Test
  void theFirstStatesAreNoChange() {
    UnitFixture fresh = new UnitFixture();
    fresh.unit.attach(NEXUS);
    fresh.served();
    assertSense("06/2900", fresh.run(READY));
    assertEquals(Status.GOOD, fresh.run(READY).status());
  }

  @Test
  void whatWasHeldTooLongIsAnsweredAsTheSettingSays() {
    UnitFixture.Outcome busy = fixture.start(READ);
    busy.assertGood();
    ScsiSettings shipped = UnitFixture.SETTINGS;
    ScsiSettings withSense =
        new ScsiSettings(
            shipped.tasks(),
            shipped.maxTransfer(),
            shipped.maxCompareAndWrite(),
            shipped.maxUnmap(),
            shipped.maxUnmapDescriptors(),
            shipped.maxWriteSame(),
            true);
    UnitFixture telling = new UnitFixture(UnitFixture.GEOMETRY, withSense);
    UnitFixture.Outcome held = telling.start(READ);
    UnitFixture.Outcome relayed = telling.startRelayed(1, telling.command(READ));
    telling.timer.advance(DEADLINE);
    assertSense("02/040a", held.response());
    assertEquals(Status.BUSY, relayed.status());
  }
}
