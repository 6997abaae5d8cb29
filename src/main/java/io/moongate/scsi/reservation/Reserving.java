package io.moongate.scsi.reservation;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Notice;
import java.util.List;
import java.util.Set;

/**
 * The service actions that make, move and end a reservation (SPC-4 sections 5.13.8, 5.13.9, 5.13.11
 * and 5.13.11.5), and RESERVE and RELEASE of SPC-2.
 */
final class Reserving {
  /** Where the SCOPE and TYPE are in the CDB. */
  private static final int SCOPE_AND_TYPE = 2;

  private Reserving() {}

  /**
   * RESERVE.
   *
   * @param type null when the CDB has a scope or type that there is none of
   */
  static Outcome reserve(Reservations present, Nexus by, long key, ReservationType type) {
    if (present.basicHolder() != null || !present.isRegistered(by, key)) {
      return Outcome.conflict(present);
    }
    if (type == null) {
      throw new CheckCondition(Sense.invalidCdb(SCOPE_AND_TYPE));
    }
    if (present.type() == null) {
      return Outcome.good(present.reservedBy(by, type));
    }
    return present.holds(by) && present.type() == type
        ? Outcome.good(present)
        : Outcome.conflict(present);
  }

  /**
   * RELEASE: of no effect for whoever is registered and holds nothing.
   *
   * @param type null when the CDB has a scope or type that there is none of
   */
  static Outcome release(Reservations present, Nexus by, long key, ReservationType type) {
    if (present.basicHolder() != null || !present.isRegistered(by, key)) {
      return Outcome.conflict(present);
    }
    if (!present.holds(by)) {
      return Outcome.good(present);
    }
    if (present.type() != type) {
      throw new CheckCondition(Sense.INVALID_RELEASE_OF_PERSISTENT_RESERVATION);
    }
    List<Nexus> others = present.registeredBut(Set.of(by));
    boolean tells = type.includesRegistrants() && !others.isEmpty();
    return Outcome.good(
        present.released(),
        tells ? List.of(Notice.attention(UnitAttention.RESERVATIONS_RELEASED, others)) : List.of());
  }

  /** CLEAR: nothing is left, and every other registrant is told. */
  static Outcome clear(Reservations present, Nexus by, long key) {
    if (present.basicHolder() != null || !present.isRegistered(by, key)) {
      return Outcome.conflict(present);
    }
    List<Nexus> others = present.registeredBut(Set.of(by));
    Set<Nexus> all = Set.copyOf(present.registeredBut(Set.of()));
    return Outcome.good(
        present.released().without(all).counted(),
        others.isEmpty()
            ? List.of()
            : List.of(Notice.attention(UnitAttention.RESERVATIONS_PREEMPTED, others)));
  }

  /**
   * REGISTER AND MOVE.
   *
   * @param newKey the key of the destination
   * @param destination who gets the reservation
   * @param unregisters UNREG: whether the one who gives it away is unregistered
   */
  static Outcome registerAndMove(
      Reservations present,
      Nexus by,
      long key,
      long newKey,
      Nexus destination,
      boolean unregisters,
      boolean persist) {
    if (present.basicHolder() != null || !present.isRegistered(by, key)) {
      return Outcome.conflict(present);
    }
    if (present.type() == null) {
      throw new CheckCondition(Sense.invalidCdb(1, 4));
    }
    if (present.type().heldByAllRegistrants() || !present.holds(by)) {
      return Outcome.conflict(present);
    }
    if (newKey == 0) {
      throw new CheckCondition(Sense.invalidParameter(8));
    }
    if (destination.initiatorName().equals(by.initiatorName()) && destination.isid() == by.isid()) {
      throw new CheckCondition(Sense.invalidParameter(24));
    }
    Reservations next = present.with(destination, newKey);
    if (unregisters) {
      next = next.without(Set.of(by));
    }
    if (next.registrations().size() > Reservations.MOST_REGISTRATIONS) {
      throw new CheckCondition(Sense.INSUFFICIENT_REGISTRATION_RESOURCES);
    }
    return Outcome.good(next.reservedBy(destination, present.type()).persisting(persist).counted());
  }

  /** RESERVE (6) and (10) of SPC-2, with the exceptions of SPC-4 section 5.13.3. */
  static Outcome reserveBasic(Reservations present, Nexus by) {
    if (!present.registrations().isEmpty()) {
      return besidesPersistent(present, by);
    }
    return present.basicHolder() == null || present.basicHolder().equals(by)
        ? Outcome.good(present.withBasicHolder(by))
        : Outcome.conflict(present);
  }

  /** RELEASE (6) and (10) of SPC-2: of no effect for whoever does not hold the unit. */
  static Outcome releaseBasic(Reservations present, Nexus by) {
    if (!present.registrations().isEmpty()) {
      return besidesPersistent(present, by);
    }
    return by.equals(present.basicHolder())
        ? Outcome.good(present.withoutBasicHolder())
        : Outcome.good(present);
  }

  /** Success without effect for those who may do everything; a conflict for the others. */
  private static Outcome besidesPersistent(Reservations present, Nexus by) {
    return present.type() != null && present.admits(by)
        ? Outcome.good(present)
        : Outcome.conflict(present);
  }
}
