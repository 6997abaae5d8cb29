package io.moongate.scsi.shared;

import io.moongate.scsi.reservation.Reservations;

/**
 * The state of a logical unit that is the same through every path: immutable, recorded in the
 * metadata cluster.
 *
 * @param version grows by one with every change
 * @param change names the change that led to this version (a UUID), so that whoever lost the answer
 *     can recognise its own; empty in the initial state
 * @param reservations registrations and reservations
 * @param modes current values of the mode parameters
 * @param savedModes saved values of the mode parameters, which a reset returns to
 * @param sanitizing the sanitize operation that goes on or has failed; null when there is none
 */
public record SharedState(
    long version,
    String change,
    Reservations reservations,
    ModeValues modes,
    ModeValues savedModes,
    Sanitizing sanitizing) {

  /** Without a sanitize operation. */
  public SharedState(
      long version,
      String change,
      Reservations reservations,
      ModeValues modes,
      ModeValues savedModes) {
    this(version, change, reservations, modes, savedModes, null);
  }

  /** A unit that nobody has changed yet. */
  public static final SharedState INITIAL =
      new SharedState(0, "", Reservations.NONE, ModeValues.DEFAULT, ModeValues.DEFAULT);

  /** The same with other reservations. */
  public SharedState with(Reservations newReservations) {
    return new SharedState(version, change, newReservations, modes, savedModes, sanitizing);
  }

  /** The same with other current mode parameters. */
  public SharedState with(ModeValues newModes) {
    return new SharedState(version, change, reservations, newModes, savedModes, sanitizing);
  }

  /** The same with other saved mode parameters. */
  public SharedState withSaved(ModeValues newSavedModes) {
    return new SharedState(version, change, reservations, modes, newSavedModes, sanitizing);
  }

  /** The same with another sanitize operation, or none when it is null. */
  public SharedState withSanitizing(Sanitizing newSanitizing) {
    return new SharedState(version, change, reservations, modes, savedModes, newSanitizing);
  }

  /**
   * What a logical unit reset leaves of it (SAM-5 section 6.3.3): saved mode parameters, and no
   * reservation by RESERVE. Persistent reservations outlive it.
   */
  public SharedState afterReset() {
    return with(reservations.withoutBasicHolder()).with(savedModes);
  }

  /** The same as the outcome of a change. */
  public SharedState as(long newVersion, String newChange) {
    return new SharedState(newVersion, newChange, reservations, modes, savedModes, sanitizing);
  }

  /** Whether both have the same content, whatever their versions. */
  public boolean sameContent(SharedState other) {
    return as(0, "").equals(other.as(0, ""));
  }
}
