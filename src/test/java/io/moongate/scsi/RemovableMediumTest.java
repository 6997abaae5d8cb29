package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.blocks;
import static io.moongate.scsi.UnitFixture.sense;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.GatewayPair.Host;
import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.sense.Sense;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A removable unit as two hosts find it, through one gateway or two. */
class RemovableMediumTest {
  private static final String A = "iqn.2026-01.io.host:a";
  private static final String B = "iqn.2026-01.io.host:b";
  private static final String EJECT = "1b 00 00 00 02 00";
  private static final String LOAD = "1b 00 00 00 03 00";
  private static final String PREVENT = "1e 00 00 00 01 00";
  private static final String ALLOW = "1e 00 00 00 00 00";
  private static final String NO_MEDIUM = "02/3a00";
  private static final String PREVENTED = "05/5302";

  private final GatewayPair pair =
      new GatewayPair(
          new UnitIdentity(
              UnitFixture.IDENTITY.id(), UnitFixture.IDENTITY.naa(), "SN0001", "VOLUME", true));

  @Test
  void theInquiryDataSaysSo() {
    Host host = pair.ownedBy(0).login(1, A, 1);
    assertEquals(0x80, host.data("12 00 00 00 60 00")[1] & 0xFF);
    GatewayPair fixed = new GatewayPair().ownedBy(0);
    assertEquals(0, fixed.login(1, A, 1).data("12 00 00 00 60 00")[1]);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whatIsEjectedIsGoneThroughEveryPath(int through) {
    pair.ownedBy(0);
    Host one = pair.login(through, A, 1);
    Host two = pair.login(1 - through, B, 2);
    assertEquals("GOOD", one.run(EJECT));
    assertTrue(pair.recorded.medium().ejected());
    byte[] block = blocks(1, 7);
    byte[] twoBlocks = blocks(2, 7);
    for (Host host : List.of(one, two)) {
      assertEquals(NO_MEDIUM, host.ready());
      assertEquals(NO_MEDIUM, host.read());
      assertEquals(NO_MEDIUM, host.write());
      assertEquals(NO_MEDIUM, host.run("08 00 00 00 01 00"));
      assertEquals(NO_MEDIUM, host.run("25 00 00 00 00 00 00 00 00 00"));
      assertEquals(NO_MEDIUM, host.run("9e 10 0000000000000000 00000020 00 00"));
      assertEquals(NO_MEDIUM, host.run("9e 12 0000000000000000 00000018 00 00"));
      assertEquals(NO_MEDIUM, host.run("34 00 00000000 00 0001 00"));
      assertEquals(NO_MEDIUM, host.run("90 00 0000000000000000 00000001 00 00"));
      assertEquals(NO_MEDIUM, host.run("35 00 00000000 00 0001 00"));
      assertEquals(NO_MEDIUM, host.run("2f 02 00000000 00 0001 00", block));
      assertEquals(NO_MEDIUM, host.run("2e 02 00000000 00 0001 00", block));
      assertEquals(NO_MEDIUM, host.run("41 00 00000000 00 0001 00", block));
      assertEquals(NO_MEDIUM, host.run("8b 00 0000000000000000 00000001 00 00", block));
      assertEquals(NO_MEDIUM, host.run("89 00 0000000000000000 000000 01 00 00", twoBlocks));
      assertEquals(NO_MEDIUM, host.run("42 00 00 00 00 00 00 0000 00"));
      assertEquals(NO_MEDIUM, host.run("48 82 00 00 00 00 00 0000 00"));
      // What is about the unit, and not about its medium, is answered.
      host.data("12 00 00 00 60 00");
      host.data("1a 00 3f 00 ff 00");
      host.data("a3 0a 00 00 00 00 00000040 00 00");
      host.data("5e 00 00 00 00 00 00 40 00 00");
      byte[] reason = host.data("03 00 00 00 fc 00");
      assertEquals(Sense.MEDIUM_NOT_PRESENT, Sense.decode(reason).orElseThrow());
    }
    assertEquals("GOOD", one.run(EJECT), "it is out already");
    assertEquals("GOOD", one.run(LOAD));
    assertEquals("GOOD", one.read());
    assertEquals("06/2800", two.ready());
    assertEquals("GOOD", two.ready());
    assertEquals("GOOD", two.write());
    assertEquals("GOOD", one.run(LOAD), "it is in already");
    assertEquals("GOOD", two.ready());
  }

  @Test
  void aWriteThatCameBeforeIsOnStableStorageThen() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    pair.volume.hold();
    Outcome write = one.start("2a 00 00000001 00 0001 00", blocks(1, 7));
    Outcome eject = two.start(EJECT);
    Outcome late = one.start("2a 00 00000009 00 0001 00", blocks(1, 8));
    assertFalse(eject.ended());
    pair.volume.completeNext();
    write.assertGood();
    assertFalse(eject.ended(), "it waits for the flush");
    assertEquals("flush", pair.volume.started.get(pair.volume.started.size() - 1));
    pair.volume.completeNext();
    eject.assertGood();
    assertEquals(NO_MEDIUM, sense(late.response()));
    assertEquals(0, pair.volume.pending());
  }

  @Test
  void nothingMovesUntilEverybodyHasBeenTold() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    pair.slow = new ArrayList<>();
    Outcome eject = one.start(EJECT);
    assertFalse(eject.ended());
    List<CompletableFuture<Void>> records = pair.slow;
    pair.slow = null;
    records.forEach(record -> record.complete(null));
    eject.assertGood();
    assertEquals(NO_MEDIUM, one.ready());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void thePreventionOfOneIsTheConcernOfAll(int through) {
    pair.ownedBy(0);
    Host one = pair.login(through, A, 1);
    Host two = pair.login(1 - through, B, 2);
    assertEquals("GOOD", one.run(PREVENT));
    assertEquals(PREVENTED, one.run(EJECT));
    assertEquals(PREVENTED, two.run(EJECT));
    assertEquals("GOOD", one.ready());
    assertEquals("GOOD", two.run(PREVENT));
    assertEquals("GOOD", one.run(ALLOW));
    assertEquals(PREVENTED, one.run(EJECT), "the other one still prevents it");
    assertEquals("GOOD", two.run(ALLOW));
    assertEquals("GOOD", one.run(EJECT));
    assertEquals("GOOD", two.run(PREVENT));
    assertEquals(PREVENTED, one.run(LOAD));
    assertEquals(NO_MEDIUM, one.ready());
    assertEquals("GOOD", two.run(ALLOW));
    assertEquals("GOOD", one.run(LOAD));
    assertEquals("05/2400", one.run("1e 00 00 00 02 00"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whoGoesPreventsNothingAnyMore(int through) {
    pair.ownedBy(0);
    Host one = pair.login(through, A, 1);
    Host two = pair.login(1 - through, B, 2);
    assertEquals("GOOD", one.run(PREVENT));
    assertEquals("GOOD", two.run(PREVENT));
    CompletableFuture<Void> over = one.unit.detach(one.nexus).toCompletableFuture();
    assertTrue(over.isDone());
    assertEquals(List.of(two.nexus), pair.recorded.medium().preventing());
    assertEquals(PREVENTED, two.run(EJECT));
    two.unit.detach(two.nexus);
    Host again = pair.login(1, A, 9);
    assertEquals("GOOD", again.run(EJECT));
  }

  @Test
  void whoGoesWhileTheOwnerIsOutOfReachIsRemembered() {
    pair.ownedBy(0);
    Host far = pair.login(1, A, 1);
    assertEquals("GOOD", far.run(PREVENT));
    pair.cut = true;
    CompletableFuture<Void> over = far.unit.detach(far.nexus).toCompletableFuture();
    assertFalse(over.isDone());
    pair.cut = false;
    pair.timer.advance(2_000_000_000L);
    assertTrue(over.isDone());
    assertEquals(List.of(), pair.recorded.medium().preventing());
  }

  @Test
  void aGatewayThatWasStartedAnewEndsWhatItsFormerSessionsPrevented() {
    pair.ownedBy(0);
    Host far = pair.login(1, A, 1);
    assertEquals("GOOD", far.run(PREVENT));
    pair.restart(1);
    assertEquals(List.of(), pair.recorded.medium().preventing());
  }

  @Test
  void theOwnerEndsWhatTheSessionsOfAFailedGatewayPrevented() {
    pair.ownedBy(0);
    Host far = pair.login(1, A, 1);
    Host near = pair.login(0, B, 2);
    assertEquals("GOOD", far.run(PREVENT));
    pair.publish(AccessState.UNAVAILABLE);
    assertEquals(List.of(), pair.recorded.medium().preventing());
    near.ready();
    assertEquals("GOOD", near.run(EJECT));
  }

  @Test
  void aResetEndsEveryPreventionAndLoadsNothing() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    assertEquals("GOOD", one.run(EJECT));
    assertEquals("GOOD", one.run(PREVENT));
    assertEquals("GOOD", two.run(PREVENT));
    List<Boolean> done = new ArrayList<>();
    two.unit.manage(LogicalUnit.TaskManagement.LOGICAL_UNIT_RESET, two.nexus, 0, done::add);
    assertEquals(List.of(true), done);
    assertEquals(List.of(), pair.recorded.medium().preventing());
    assertEquals("06/2903", one.ready());
    assertEquals(NO_MEDIUM, one.ready());
    assertEquals("GOOD", one.run(LOAD));
  }

  @Test
  void preemptAndAbortBreaksAPrevention() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    assertEquals("GOOD", one.out(6, 0, 0, 1, 0));
    assertEquals("GOOD", two.out(6, 0, 0, 2, 0));
    assertEquals("GOOD", two.run(PREVENT));
    assertEquals("GOOD", one.out(5, 0, 1, 2, 0));
    assertEquals(List.of(), pair.recorded.medium().preventing());
  }

  @Test
  void itIsTheSameUnderTheNextOwner() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    assertEquals("GOOD", two.run(PREVENT));
    pair.ownedBy(1);
    one.ready();
    two.ready();
    assertEquals(PREVENTED, one.run(EJECT));
    assertEquals("GOOD", two.run(ALLOW));
    assertEquals("GOOD", one.run(EJECT));
    pair.ownedBy(0);
    pair.restart(0);
    assertEquals(NO_MEDIUM, pair.login(0, A, 3).ready());
    two.ready();
    assertEquals(NO_MEDIUM, two.ready());
  }

  @Test
  void toStopItOrToPutItIntoAPowerConditionEjectsNothing() {
    Host host = pair.ownedBy(0).login(1, A, 1);
    for (String cdb : List.of("00", "01", "04", "05")) {
      for (String immediate : List.of("00", "01")) {
        assertEquals("GOOD", host.run("1b " + immediate + " 00 00 " + cdb + " 00"));
        assertEquals("GOOD", host.ready());
      }
    }
    for (int condition = 1; condition < 16; condition++) {
      assertEquals("GOOD", host.run("1b 01 00 00 %x2 00".formatted(condition)));
      assertEquals("GOOD", host.ready());
    }
    assertEquals("05/2400", host.run("1b 00 00 01 02 00"));
    assertEquals("GOOD", host.run(EJECT));
    assertEquals(NO_MEDIUM, host.run("1b 00 00 00 01 00"));
    assertEquals("GOOD", host.run("1b 00 00 00 00 00"));
  }

  @Test
  void aReservationKeepsOthersFromEjectingIt() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    assertEquals("GOOD", one.out(6, 0, 0, 1, 0));
    assertEquals("GOOD", one.out(1, 1, 1, 0, 0));
    assertEquals("RESERVATION_CONFLICT", two.run(EJECT));
    assertEquals("RESERVATION_CONFLICT", two.run(PREVENT));
    assertEquals("GOOD", two.run(ALLOW));
    assertEquals("GOOD", one.run(EJECT));
    assertEquals("GOOD", two.run(LOAD));
  }
}
