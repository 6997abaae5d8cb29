package io.moongate.scsi.shared;

import io.moongate.scsi.reservation.Reservations;
import io.moongate.scsi.sense.Sense;

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
 * @param readOnly whether the operator has made the unit read-only; hosts can't change it
 * @param medium where a removable medium is; loaded when it is absent, as in what was kept before
 *     there were removable units
 * @param rollback the last time that it was rolled back to a snapshot; null when it never was
 */
public record SharedState(
    long version,
    String change,
    Reservations reservations,
    ModeValues modes,
    ModeValues savedModes,
    Sanitizing sanitizing,
    boolean readOnly,
    MediumState medium,
    Rollback rollback) {

  public SharedState {
    medium = medium == null ? MediumState.LOADED : medium;
  }

  /** Writable and loaded. */
  public SharedState(
      long version,
      String change,
      Reservations reservations,
      ModeValues modes,
      ModeValues savedModes,
      Sanitizing sanitizing) {
    this(
        version,
        change,
        reservations,
        modes,
        savedModes,
        sanitizing,
        false,
        MediumState.LOADED,
        null);
  }

  /** The same without a sanitize operation. */
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
    return new SharedState(
        version,
        change,
        newReservations,
        modes,
        savedModes,
        sanitizing,
        readOnly,
        medium,
        rollback);
  }

  /** The same with other current mode parameters. */
  public SharedState with(ModeValues newModes) {
    return new SharedState(
        version,
        change,
        reservations,
        newModes,
        savedModes,
        sanitizing,
        readOnly,
        medium,
        rollback);
  }

  /** The same with other saved mode parameters. */
  public SharedState withSaved(ModeValues newSavedModes) {
    return new SharedState(
        version,
        change,
        reservations,
        modes,
        newSavedModes,
        sanitizing,
        readOnly,
        medium,
        rollback);
  }

  /** The same with another sanitize operation, or none when it is null. */
  public SharedState withSanitizing(Sanitizing newSanitizing) {
    return new SharedState(
        version,
        change,
        reservations,
        modes,
        savedModes,
        newSanitizing,
        readOnly,
        medium,
        rollback);
  }

  /** The same, read-only or not. */
  public SharedState withReadOnly(boolean newReadOnly) {
    return new SharedState(
        version,
        change,
        reservations,
        modes,
        savedModes,
        sanitizing,
        newReadOnly,
        medium,
        rollback);
  }

  /** The same with another state of the medium. */
  public SharedState with(MediumState newMedium) {
    return new SharedState(
        version,
        change,
        reservations,
        modes,
        savedModes,
        sanitizing,
        readOnly,
        newMedium,
        rollback);
  }

  /** The same, with another rollback. */
  public SharedState with(Rollback newRollback) {
    return new SharedState(
        version,
        change,
        reservations,
        modes,
        savedModes,
        sanitizing,
        readOnly,
        medium,
        newRollback);
  }

  /** Whether commands that write are refused, whoever sends them. */
  public boolean writeProtected() {
    return readOnly || modes.writeProtect();
  }

  /** What a command that writes is refused with, while it is write protected. */
  public Sense writeProtection() {
    return readOnly ? Sense.WRITE_PROTECTED : Sense.SOFTWARE_WRITE_PROTECTED;
  }

  /**
   * What a logical unit reset leaves of it (SAM-5 section 6.3.3): saved mode parameters, no
   * reservation by RESERVE, and nobody who prevents the removal of the medium. Persistent
   * reservations outlive it, and an ejected medium stays out.
   */
  public SharedState afterReset() {
    return with(reservations.withoutBasicHolder())
        .with(savedModes)
        .with(medium.allowedBy(medium.preventing()));
  }

  /** The same as the outcome of a change. */
  public SharedState as(long newVersion, String newChange) {
    return new SharedState(
        newVersion,
        newChange,
        reservations,
        modes,
        savedModes,
        sanitizing,
        readOnly,
        medium,
        rollback);
  }

  /** Whether both have the same content, whatever their versions. */
  public boolean sameContent(SharedState other) {
    return as(0, "").equals(other.as(0, ""));
  }
}
