package io.moongate.scsi.reservation;

import static io.moongate.scsi.sense.UnitAttention.REGISTRATIONS_PREEMPTED;
import static io.moongate.scsi.sense.UnitAttention.RESERVATIONS_PREEMPTED;
import static io.moongate.scsi.sense.UnitAttention.RESERVATIONS_RELEASED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.Status;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.shared.Notice;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The service actions, for every type, by the holder, a registrant and a stranger. */
class ServiceActionsTest {
  private static final Nexus H = ConflictsTest.HOLDER;
  private static final Nexus R = ConflictsTest.REGISTRANT;
  private static final Nexus S = ConflictsTest.STRANGER;
  private static final long KEY_H = 0x11;
  private static final long KEY_R = 0x8000_0000_0000_0022L;

  private static final Reservations REGISTERED = Reservations.NONE.with(H, KEY_H).with(R, KEY_R);

  private static Reservations reserved(ReservationType type) {
    return REGISTERED.reservedBy(H, type);
  }

  private static Registering register(Nexus by, long key, long newKey) {
    return new Registering(by, key, newKey, false, false, List.of(), false, List.of());
  }

  private static Registering ignoring(Nexus by, long newKey) {
    return new Registering(by, 0xBAD, newKey, true, false, List.of(), false, List.of());
  }

  private static void assertConflict(Reservations before, Outcome outcome) {
    assertEquals(Status.RESERVATION_CONFLICT, outcome.status());
    assertSame(before, outcome.next());
    assertEquals(List.of(), outcome.notices());
  }

  private static Reservations assertGood(Outcome outcome, Notice... notices) {
    assertEquals(Status.GOOD, outcome.status());
    assertEquals(Set.of(notices), new HashSet<>(outcome.notices()));
    assertEquals(notices.length, outcome.notices().size());
    return outcome.next();
  }

  private static void assertRefused(int additional, Supplier<Outcome> action) {
    CheckCondition refused = assertThrows(CheckCondition.class, action::get);
    assertEquals(0x5, refused.sense().key());
    assertEquals(
        Integer.toHexString(additional), Integer.toHexString(refused.sense().additional()));
  }

  // ---- REGISTER

  @Test
  void aStrangerRegisters() {
    Reservations next = assertGood(register(S, 0, 7).apply(Reservations.NONE));
    assertTrue(next.isRegistered(S, 7));
    assertEquals(1, next.generation());
    assertConflict(Reservations.NONE, register(S, 7, 7).apply(Reservations.NONE));
    assertSame(Reservations.NONE, assertGood(register(S, 0, 0).apply(Reservations.NONE)));
    assertSame(Reservations.NONE, assertGood(ignoring(S, 0).apply(Reservations.NONE)));
    assertTrue(assertGood(ignoring(S, 7).apply(Reservations.NONE)).isRegistered(S, 7));
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void whoeverIsRegisteredChangesTheKeyAndKeepsWhatItHolds(ReservationType type) {
    Reservations before = reserved(type);
    assertConflict(before, register(H, 0, 7).apply(before));
    assertConflict(before, register(H, KEY_R, 7).apply(before));
    Reservations next = assertGood(register(H, KEY_H, 7).apply(before));
    assertTrue(next.isRegistered(H, 7));
    assertTrue(next.holds(H));
    assertEquals(1, next.generation());
    assertTrue(assertGood(ignoring(R, 9).apply(before)).isRegistered(R, 9));
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void unregisteringTheHolderReleases(ReservationType type) {
    for (Registering request : List.of(register(H, KEY_H, 0), ignoring(H, 0))) {
      Outcome outcome = request.apply(reserved(type));
      if (type.heldByAllRegistrants()) {
        Reservations next = assertGood(outcome);
        assertEquals(type, next.type());
        Reservations last = assertGood(register(R, KEY_R, 0).apply(next));
        assertNull(last.type());
        assertTrue(last.nothingReserved());
      } else if (type.includesRegistrants()) {
        assertNull(assertGood(outcome, Notice.attention(RESERVATIONS_RELEASED, List.of(R))).type());
      } else {
        assertNull(assertGood(outcome).type());
      }
      assertEquals(1, outcome.next().generation());
      assertNull(outcome.next().of(H));
      assertNull(outcome.next().holder());
    }
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void unregisteringAnotherLeavesTheReservation(ReservationType type) {
    Reservations next = assertGood(register(R, KEY_R, 0).apply(reserved(type)));
    assertEquals(type, next.type());
    assertTrue(next.holds(H));
    assertNull(next.of(R));
  }

  @Test
  void theGenerationWraps() {
    Reservations last = new Reservations(0xFFFF_FFFFL, false, List.of(), null, null, null);
    assertEquals(0, assertGood(register(S, 0, 7).apply(last)).generation());
  }

  @Test
  void persistenceIsAsAskedForLast() {
    Registering persisting = new Registering(S, 0, 7, false, true, List.of(), false, List.of());
    Reservations next = assertGood(persisting.apply(Reservations.NONE));
    assertTrue(next.persistThroughPowerLoss());
    assertFalse(assertGood(register(S, 7, 8).apply(next)).persistThroughPowerLoss());
  }

  @Test
  void specifiedPorts() {
    Nexus known = R;
    Nexus unknown = new Nexus("iqn.2026-01.io.host:x", 5, H.targetName(), 1);
    Registering specifying =
        new Registering(S, 0, 7, false, false, List.of(), true, List.of(S, unknown));
    Reservations next = assertGood(specifying.apply(REGISTERED));
    assertTrue(next.isRegistered(S, 7));
    assertTrue(next.isRegistered(unknown, 7));
    assertEquals(4, next.registrations().size());
    assertEquals(1, next.generation());
    assertRefused(
        0x2600,
        () ->
            new Registering(S, 0, 7, false, false, List.of(), true, List.of(unknown, known))
                .apply(REGISTERED));
    Registering alike =
        new Registering(
            S, 0, REGISTERED.of(known).key(), false, false, List.of(), true, List.of(known));
    assertTrue(assertGood(alike.apply(REGISTERED)).isRegistered(S, REGISTERED.of(known).key()));
    for (long newKey : new long[] {0, 7}) {
      assertRefused(
          0x2600,
          () ->
              new Registering(H, KEY_H, newKey, false, false, List.of(), true, List.of())
                  .apply(REGISTERED));
    }
    assertSame(
        REGISTERED,
        assertGood(
            new Registering(S, 0, 0, false, false, List.of(), true, List.of(unknown))
                .apply(REGISTERED)));
  }

  @Test
  void allTargetPorts() {
    Nexus second = new Nexus(S.initiatorName(), 9, S.targetName(), 2);
    Nexus first = new Nexus(S.initiatorName(), 9, S.targetName(), 1);
    Registering all = new Registering(first, 0, 7, false, false, List.of(second), false, List.of());
    Reservations next = assertGood(all.apply(Reservations.NONE));
    assertTrue(next.isRegistered(first, 7));
    assertTrue(next.isRegistered(second, 7));
    assertEquals(1, next.generation());
    Reservations changed =
        assertGood(
            new Registering(second, 7, 8, false, false, List.of(first), false, List.of())
                .apply(next));
    assertTrue(changed.isRegistered(first, 8));
    assertTrue(changed.isRegistered(second, 8));
    Reservations differ = changed.with(second, 5);
    assertConflict(
        differ,
        new Registering(first, 8, 0, false, false, List.of(second), false, List.of())
            .apply(differ));
    assertEquals(
        List.of(),
        assertGood(
                new Registering(first, 8, 0, false, false, List.of(second), false, List.of())
                    .apply(changed))
            .registrations());
    assertEquals(
        List.of(),
        assertGood(
                new Registering(first, 0, 0, true, false, List.of(second), false, List.of())
                    .apply(differ))
            .registrations());
  }

  @Test
  void roomForRegistrationsIsBounded() {
    Reservations full = Reservations.NONE;
    for (int i = 0; i < Reservations.MOST_REGISTRATIONS; i++) {
      full = full.with(new Nexus("iqn.a:" + i, i, "t", 1), 1);
    }
    Reservations present = full;
    assertRefused(0x5504, () -> register(S, 0, 7).apply(present));
    Registration one = present.registrations().get(3);
    assertGood(register(one.nexus(), 1, 2).apply(present));
  }

  // ---- RESERVE and RELEASE

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void reserve(ReservationType type) {
    assertConflict(REGISTERED, Reserving.reserve(REGISTERED, S, 0, type));
    assertConflict(REGISTERED, Reserving.reserve(REGISTERED, H, KEY_R, type));
    assertRefused(0x2400, () -> Reserving.reserve(REGISTERED, H, KEY_H, null));
    Reservations next = assertGood(Reserving.reserve(REGISTERED, H, KEY_H, type));
    assertEquals(type, next.type());
    assertEquals(0, next.generation());
    assertTrue(next.holds(H));
    assertEquals(type.heldByAllRegistrants(), next.holds(R));
    for (ReservationType again : ReservationType.values()) {
      Outcome byHolder = Reserving.reserve(next, H, KEY_H, again);
      Outcome byOther = Reserving.reserve(next, R, KEY_R, again);
      if (again == type) {
        assertSame(next, assertGood(byHolder));
      } else {
        assertConflict(next, byHolder);
      }
      if (again == type && type.heldByAllRegistrants()) {
        assertSame(next, assertGood(byOther));
      } else {
        assertConflict(next, byOther);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void release(ReservationType type) {
    Reservations before = reserved(type);
    assertConflict(before, Reserving.release(before, S, 0, type));
    assertConflict(before, Reserving.release(before, H, 5, type));
    assertSame(REGISTERED, assertGood(Reserving.release(REGISTERED, R, KEY_R, type)));
    for (ReservationType other : ReservationType.values()) {
      if (other != type) {
        assertRefused(0x2604, () -> Reserving.release(before, H, KEY_H, other));
      }
    }
    assertRefused(0x2604, () -> Reserving.release(before, H, KEY_H, null));
    assertSame(REGISTERED, assertGood(Reserving.release(REGISTERED, R, KEY_R, null)));
    Outcome outcome = Reserving.release(before, H, KEY_H, type);
    Reservations next =
        type.includesRegistrants()
            ? assertGood(outcome, Notice.attention(RESERVATIONS_RELEASED, List.of(R)))
            : assertGood(outcome);
    assertEquals(REGISTERED, next);
    Outcome byRegistrant = Reserving.release(before, R, KEY_R, type);
    if (type.heldByAllRegistrants()) {
      assertGood(byRegistrant, Notice.attention(RESERVATIONS_RELEASED, List.of(H)));
    } else {
      assertSame(before, assertGood(byRegistrant));
    }
  }

  // ---- CLEAR

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void clear(ReservationType type) {
    Reservations before = reserved(type);
    assertConflict(before, Reserving.clear(before, S, 0));
    assertConflict(before, Reserving.clear(before, R, KEY_H));
    Outcome outcome = Reserving.clear(before, R, KEY_R);
    assertGood(outcome, Notice.attention(RESERVATIONS_PREEMPTED, List.of(H)));
    assertEquals(Reservations.NONE.counted(), outcome.next());
  }

  // ---- PREEMPT

  private static Outcome preempt(
      Reservations present, Nexus by, long key, long victims, ReservationType type) {
    return new Preempting(by, key, victims, type, false).apply(present);
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void preemptingTheHolder(ReservationType type) {
    Reservations before = reserved(type);
    assertConflict(before, preempt(before, S, 0, KEY_H, type));
    assertConflict(before, preempt(before, R, KEY_H, KEY_H, type));
    assertConflict(before, preempt(before, R, KEY_R, 0x33, type));
    Notice told = Notice.attention(REGISTRATIONS_PREEMPTED, List.of(H));
    Reservations next = assertGood(preempt(before, R, KEY_R, KEY_H, type), told);
    assertNull(next.of(H));
    assertTrue(next.isRegistered(R, KEY_R));
    assertEquals(type, next.type());
    assertTrue(next.holds(R));
    assertEquals(1, next.generation());
    Outcome aborting = new Preempting(R, KEY_R, KEY_H, type, true).apply(before);
    assertEquals(next, assertGood(aborting, told, Notice.abort(List.of(H), R)));
    if (!type.heldByAllRegistrants()) {
      assertRefused(0x2400, () -> preempt(before, R, KEY_R, KEY_H, null));
      assertRefused(0x2600, () -> preempt(before, R, KEY_R, 0, type));
    } else {
      assertGood(preempt(before, R, KEY_R, KEY_H, null), told);
    }
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void preemptingWithAnotherTypeTellsThoseWhoStay(ReservationType type) {
    Reservations before = reserved(type).with(S, 0x33);
    ReservationType other =
        type == ReservationType.EXCLUSIVE_ACCESS
            ? ReservationType.WRITE_EXCLUSIVE
            : ReservationType.EXCLUSIVE_ACCESS;
    boolean all = type.heldByAllRegistrants();
    Outcome outcome = preempt(before, R, KEY_R, all ? 0 : KEY_H, other);
    if (all) {
      assertEquals(Set.of(H, S), new HashSet<>(outcome.notices().get(0).nexuses()));
      assertEquals(1, outcome.notices().size());
    } else {
      assertGood(
          outcome,
          Notice.attention(REGISTRATIONS_PREEMPTED, List.of(H)),
          Notice.attention(RESERVATIONS_RELEASED, List.of(S)));
    }
    assertEquals(other, outcome.next().type());
    assertTrue(outcome.next().holds(R));
    assertFalse(outcome.next().holds(S));
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void preemptingOneself(ReservationType type) {
    Reservations before = reserved(type);
    ReservationType other =
        type == ReservationType.EXCLUSIVE_ACCESS
            ? ReservationType.WRITE_EXCLUSIVE
            : ReservationType.EXCLUSIVE_ACCESS;
    Outcome outcome = preempt(before, H, KEY_H, KEY_H, other);
    if (type.heldByAllRegistrants()) {
      Reservations next = assertGood(outcome);
      assertNull(next.of(H), "with a key that is not 0 only registrations are removed");
      assertEquals(type, next.type());
    } else {
      Reservations next = assertGood(outcome, Notice.attention(RESERVATIONS_RELEASED, List.of(R)));
      assertTrue(next.isRegistered(H, KEY_H));
      assertEquals(other, next.type());
      assertTrue(next.holds(H));
    }
  }

  @Test
  void preemptingWhenNothingIsReservedRemovesRegistrations() {
    for (ReservationType type : ReservationType.values()) {
      assertRefused(0x2600, () -> preempt(REGISTERED, R, KEY_R, 0, type));
    }
    Reservations next =
        assertGood(
            preempt(REGISTERED, R, KEY_R, KEY_H, null),
            Notice.attention(REGISTRATIONS_PREEMPTED, List.of(H)));
    assertNull(next.type());
    assertEquals(List.of(new Registration(R, KEY_R)), next.registrations());
    Reservations own = assertGood(preempt(REGISTERED, R, KEY_R, KEY_R, null));
    assertEquals(List.of(new Registration(H, KEY_H)), own.registrations());
  }

  @Test
  void preemptingAnotherRegistrantLeavesTheReservation() {
    Reservations before = reserved(ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY).with(S, 0x33);
    Reservations next =
        assertGood(
            preempt(before, R, KEY_R, 0x33, ReservationType.EXCLUSIVE_ACCESS),
            Notice.attention(REGISTRATIONS_PREEMPTED, List.of(S)));
    assertEquals(ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY, next.type());
    assertTrue(next.holds(H));
  }

  @Test
  void preemptAndAbortAbortsItsOwnNexusWhenThatLosesItsRegistration() {
    Reservations sameKeys = REGISTERED.with(S, KEY_R);
    Outcome outcome = new Preempting(R, KEY_R, KEY_R, null, true).apply(sameKeys);
    assertEquals(Notice.attention(REGISTRATIONS_PREEMPTED, List.of(S)), outcome.notices().get(0));
    Notice abort = outcome.notices().get(1);
    assertEquals(Notice.Kind.ABORT, abort.kind());
    assertEquals(Set.of(R, S), Set.copyOf(abort.nexuses()));
    assertEquals(R, abort.cause(), "but not the command itself");
    assertNull(outcome.next().of(R));
    Outcome alone = new Preempting(R, KEY_R, KEY_R, null, true).apply(REGISTERED);
    assertGood(alone, Notice.abort(List.of(R), R));
    Reservations held = sameKeys.reservedBy(R, ReservationType.WRITE_EXCLUSIVE);
    Outcome byHolder =
        new Preempting(R, KEY_R, KEY_R, ReservationType.WRITE_EXCLUSIVE, true).apply(held);
    assertGood(
        byHolder,
        Notice.attention(REGISTRATIONS_PREEMPTED, List.of(S)),
        Notice.abort(List.of(S), R));
    assertTrue(byHolder.next().holds(R));
  }

  @Test
  void theLastOfAllRegistrantsTakesTheReservationAlong() {
    Reservations alone =
        Reservations.NONE
            .with(H, KEY_H)
            .reservedBy(H, ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS);
    assertTrue(assertGood(preempt(alone, H, KEY_H, KEY_H, null)).nothingReserved());
  }

  // ---- REGISTER AND MOVE

  private static Outcome move(Reservations present, Nexus by, long key, long newKey, Nexus to) {
    return Reserving.registerAndMove(present, by, key, newKey, to, false, true);
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void registerAndMove(ReservationType type) {
    Nexus destination = new Nexus("iqn.2026-01.io.host:x", 5, H.targetName(), 2);
    Reservations before = reserved(type);
    assertConflict(before, move(before, S, 0, 7, destination));
    assertConflict(before, move(before, H, KEY_R, 7, destination));
    assertConflict(before, move(before, R, KEY_R, 7, destination));
    assertRefused(0x2400, () -> move(REGISTERED, H, KEY_H, 7, destination));
    if (type.heldByAllRegistrants()) {
      assertConflict(before, move(before, H, KEY_H, 7, destination));
      return;
    }
    assertRefused(0x2600, () -> move(before, H, KEY_H, 0, destination));
    assertRefused(0x2600, () -> move(before, H, KEY_H, 7, S));
    Reservations next = assertGood(move(before, H, KEY_H, 7, destination));
    assertTrue(next.isRegistered(destination, 7));
    assertTrue(next.isRegistered(H, KEY_H));
    assertTrue(next.holds(destination));
    assertFalse(next.holds(H));
    assertEquals(type, next.type());
    assertEquals(1, next.generation());
    assertTrue(next.persistThroughPowerLoss());
    Reservations unregistered =
        assertGood(Reserving.registerAndMove(before, H, KEY_H, 7, R, true, false));
    assertNull(unregistered.of(H));
    assertTrue(unregistered.isRegistered(R, 7), "the destination's key is replaced");
    assertTrue(unregistered.holds(R));
  }

  // ---- SPC-2

  @Test
  void reserveAndReleaseOfSpc2() {
    Reservations held = assertGood(Reserving.reserveBasic(Reservations.NONE, H));
    assertEquals(H, held.basicHolder());
    assertEquals(held, assertGood(Reserving.reserveBasic(held, H)));
    assertConflict(held, Reserving.reserveBasic(held, S));
    assertSame(held, assertGood(Reserving.releaseBasic(held, S)));
    assertEquals(Reservations.NONE, assertGood(Reserving.releaseBasic(held, H)));
    assertEquals(Reservations.NONE, held.withoutBasicHolder());
    assertSame(Reservations.NONE, Reservations.NONE.withoutBasicHolder());
  }

  @Test
  void aUnitThatIsHeldByReserveTakesNoPersistentReservations() {
    Reservations held = Reservations.NONE.withBasicHolder(H);
    for (Nexus by : List.of(H, S)) {
      assertConflict(held, register(by, 0, 7).apply(held));
      assertConflict(held, ignoring(by, 7).apply(held));
      assertConflict(held, Reserving.clear(held, by, 0));
      assertConflict(held, preempt(held, by, 0, 7, ReservationType.WRITE_EXCLUSIVE));
      assertConflict(held, Reserving.reserve(held, by, 0, ReservationType.WRITE_EXCLUSIVE));
      assertConflict(held, Reserving.release(held, by, 0, ReservationType.WRITE_EXCLUSIVE));
      assertConflict(held, move(held, by, 0, 7, R));
    }
  }

  @ParameterizedTest
  @EnumSource(ReservationType.class)
  void reserveAndReleaseBesidesPersistentReservations(ReservationType type) {
    assertConflict(REGISTERED, Reserving.reserveBasic(REGISTERED, H));
    assertConflict(REGISTERED, Reserving.releaseBasic(REGISTERED, H));
    Reservations before = reserved(type);
    assertSame(before, assertGood(Reserving.reserveBasic(before, H)));
    assertSame(before, assertGood(Reserving.releaseBasic(before, H)));
    assertConflict(before, Reserving.reserveBasic(before, S));
    assertConflict(before, Reserving.releaseBasic(before, S));
    if (type.includesRegistrants()) {
      assertSame(before, assertGood(Reserving.reserveBasic(before, R)));
      assertSame(before, assertGood(Reserving.releaseBasic(before, R)));
    } else {
      assertConflict(before, Reserving.reserveBasic(before, R));
      assertConflict(before, Reserving.releaseBasic(before, R));
    }
  }
}
