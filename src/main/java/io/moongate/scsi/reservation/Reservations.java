package io.moongate.scsi.reservation;

import io.moongate.scsi.Nexus;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Registrations and reservations of a unit: immutable. What the service actions make of them is in
 * {@link Registering}, {@link Reserving} and {@link Preempting}.
 *
 * @param generation PRGENERATION, 32 bits
 * @param persistThroughPowerLoss APTPL as it was asked for last
 * @param registrations in the order in which they came; one for a nexus at most
 * @param type of the persistent reservation; null when there is none
 * @param holder who made it; null when there is none, and for the types that all registrants hold
 * @param basicHolder who holds the unit by RESERVE (SPC-2); null when nobody does
 */
public record Reservations(
    long generation,
    boolean persistThroughPowerLoss,
    List<Registration> registrations,
    ReservationType type,
    Nexus holder,
    Nexus basicHolder) {

  /** Registrations that a unit has room for; beyond it INSUFFICIENT REGISTRATION RESOURCES. */
  public static final int MOST_REGISTRATIONS = 1024;

  public Reservations {
    registrations = List.copyOf(registrations);
  }

  /** Nobody has registered or reserved anything. */
  public static final Reservations NONE = new Reservations(0, false, List.of(), null, null, null);

  /** Whether nothing is reserved: every command passes. */
  public boolean nothingReserved() {
    return type == null && basicHolder == null;
  }

  /** The registration of a nexus; null when it has none. */
  Registration of(Nexus nexus) {
    for (int i = 0; i < registrations.size(); i++) {
      Registration each = registrations.get(i);
      if (same(each.nexus(), nexus)) {
        return each;
      }
    }
    return null;
  }

  /** Whether the nexus is registered with exactly this key. */
  boolean isRegistered(Nexus nexus, long key) {
    Registration registration = of(nexus);
    return registration != null && registration.key() == key;
  }

  /** Whether the nexus holds the persistent reservation (SPC-4 section 5.13.10). */
  boolean holds(Nexus nexus) {
    return type != null && (type.heldByAllRegistrants() ? of(nexus) != null : same(holder, nexus));
  }

  /** Whether the persistent reservation lets the nexus do everything. */
  boolean admits(Nexus nexus) {
    return type.includesRegistrants()
        ? of(nexus) != null || same(holder, nexus)
        : same(holder, nexus);
  }

  /** What tells two nexuses apart first is compared first: this is asked for every READ. */
  private static boolean same(Nexus one, Nexus other) {
    return one != null
        && one.isid() == other.isid()
        && one.portalGroupTag() == other.portalGroupTag()
        && one.initiatorName().equals(other.initiatorName())
        && one.targetName().equals(other.targetName());
  }

  /** Nexuses that are registered, but for those given. */
  List<Nexus> registeredBut(Set<Nexus> without) {
    return registrations.stream()
        .map(Registration::nexus)
        .filter(nexus -> !without.contains(nexus))
        .toList();
  }

  /** With the nexus registered under the key, whether it was registered before or not. */
  Reservations with(Nexus nexus, long key) {
    List<Registration> all = new ArrayList<>(registrations);
    Registration registration = new Registration(nexus, key);
    int at = all.indexOf(of(nexus));
    if (at < 0) {
      all.add(registration);
    } else {
      all.set(at, registration);
    }
    return with(all);
  }

  /** Without the registrations of these nexuses; the reservation is as it was. */
  Reservations without(Set<Nexus> gone) {
    return with(registrations.stream().filter(each -> !gone.contains(each.nexus())).toList());
  }

  private Reservations with(List<Registration> all) {
    return new Reservations(generation, persistThroughPowerLoss, all, type, holder, basicHolder);
  }

  /** Reserved by the nexus. */
  Reservations reservedBy(Nexus nexus, ReservationType by) {
    Nexus one = by.heldByAllRegistrants() ? null : nexus;
    return new Reservations(
        generation, persistThroughPowerLoss, registrations, by, one, basicHolder);
  }

  /** Without the persistent reservation; the registrations stay. */
  Reservations released() {
    return new Reservations(
        generation, persistThroughPowerLoss, registrations, null, null, basicHolder);
  }

  /** Counted: a service action that PRGENERATION counts has taken effect (SPC-4 section 6.15.2). */
  Reservations counted() {
    long next = (generation + 1) & 0xFFFF_FFFFL;
    return new Reservations(
        next, persistThroughPowerLoss, registrations, type, holder, basicHolder);
  }

  /** With APTPL as it was asked for. */
  Reservations persisting(boolean throughPowerLoss) {
    return new Reservations(generation, throughPowerLoss, registrations, type, holder, basicHolder);
  }

  /** Held by RESERVE (SPC-2); by nobody when it is null. */
  Reservations withBasicHolder(Nexus nexus) {
    return new Reservations(
        generation, persistThroughPowerLoss, registrations, type, holder, nexus);
  }

  /** What LOGICAL UNIT RESET and TARGET RESET leave (SPC-2 section 5.5.2). */
  public Reservations withoutBasicHolder() {
    return basicHolder == null ? this : withBasicHolder(null);
  }
}
