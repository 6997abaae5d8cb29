package io.moongate.scsi.reservation;

import io.moongate.scsi.Nexus;
import java.util.List;

/**
 * Registrations and reservations of a unit: immutable.
 *
 * @param generation PRGENERATION, 32 bits
 * @param persistThroughPowerLoss APTPL as it was asked for last
 * @param registrations in the order in which they came
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

  public Reservations {
    registrations = List.copyOf(registrations);
  }

  /** Nobody has registered or reserved anything. */
  public static final Reservations NONE = new Reservations(0, false, List.of(), null, null, null);

  /** Whether nothing is reserved: every command passes. */
  public boolean isFree() {
    return type == null && basicHolder == null;
  }
}
