package io.moongate.cluster.view;

import io.moongate.cluster.view.UnitAttributes.Imported;
import io.moongate.failure.Observation;
import io.moongate.scsi.Naa;
import io.moongate.scsi.shared.Rollback;
import io.moongate.scsi.shared.SharedState;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A logical unit in the view.
 *
 * @param id a UUID
 * @param naa 64 bits, NAA format 3, reserved for it; see {@link #designator}
 * @param serial unit serial number
 * @param store kind of the volume store
 * @param size bytes, as hosts are told
 * @param blockSize bytes of a logical block
 * @param preferred gateways in the order in which they should own it; the rest follow by load
 * @param ownership who owns it and since when
 * @param deleted whether it was deleted: such an entry is kept so that no older one revives it
 * @param growingTo bytes that it is to have; 0 when it is not growing. The store has that size
 *     already; hosts are told once the owner serves it
 * @param shared what its device servers share; as at the beginning when it is absent, as in what
 *     was kept before there was any
 * @param attributes what kind of disk it is; the default when they are absent, for the same reason
 */
public record UnitEntry(
    String id,
    long version,
    long naa,
    String serial,
    String store,
    long size,
    int blockSize,
    List<String> preferred,
    Ownership ownership,
    boolean deleted,
    long growingTo,
    SharedState shared,
    UnitAttributes attributes)
    implements ViewEntry {
  /** One that a unit gets when it brings none along: its id without what separates. */
  private static final Pattern OWN_SERIAL = Pattern.compile("[0-9a-f]{32}");

  public UnitEntry {
    preferred = List.copyOf(preferred);
    shared = shared == null ? SharedState.INITIAL : shared;
    attributes = attributes == null ? UnitAttributes.DEFAULT : attributes;
  }

  /** A unit with the default attributes. */
  public UnitEntry(
      String id,
      long version,
      long naa,
      String serial,
      String store,
      long size,
      int blockSize,
      List<String> preferred,
      Ownership ownership,
      boolean deleted,
      long growingTo,
      SharedState shared) {
    this(
        id,
        version,
        naa,
        serial,
        store,
        size,
        blockSize,
        preferred,
        ownership,
        deleted,
        growingTo,
        shared,
        UnitAttributes.DEFAULT);
  }

  /** What hosts know it by. */
  public Naa designator() {
    return attributes.imported().flatMap(Imported::naa).map(Naa::new).orElseGet(() -> Naa.of(naa));
  }

  /**
   * What tells it from others in its T10 vendor ID designator (SPC-4 section 7.8.6.4): its id. One
   * that was restored has kept what it had, which is in its serial number where that was its own.
   */
  public String vendorSpecific() {
    return attributes
        .imported()
        .flatMap(Imported::formerUnit)
        .map(former -> OWN_SERIAL.matcher(serial).matches() ? dashed(serial) : former)
        .orElse(id);
  }

  private static String dashed(String serial) {
    return serial.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
  }

  /** Name of its volume in the store. */
  public String volume() {
    return attributes.imported().map(Imported::volume).orElse(id);
  }

  /** The same, deleted. */
  public UnitEntry asDeleted() {
    return copy(version, size, ownership, true, growingTo, shared, attributes);
  }

  /** The next version, with another ownership and shared state. */
  public UnitEntry next(Ownership newOwnership, SharedState newShared) {
    return copy(version + 1, size, newOwnership, deleted, growingTo, newShared, attributes);
  }

  /** The same version, as another ownership makes it appear that is not recorded yet. */
  public UnitEntry owned(Ownership newOwnership) {
    return copy(version, size, newOwnership, deleted, growingTo, shared, attributes);
  }

  /** The next version, with other sizes. */
  public UnitEntry nextSized(long newSize, long newGrowingTo) {
    return copy(version + 1, newSize, ownership, deleted, newGrowingTo, shared, attributes);
  }

  /** The next version, read-only or not, which the shared state says as well. */
  public UnitEntry nextReadOnly(boolean readOnly, String change) {
    SharedState next = shared.withReadOnly(readOnly).as(shared.version() + 1, change);
    return copy(
        version + 1, size, ownership, deleted, growingTo, next, attributes.withReadOnly(readOnly));
  }

  /**
   * The next version, with another rollback in the shared state.
   *
   * @param change names that version of the shared state
   */
  public UnitEntry nextRollback(Rollback rollback, String change) {
    return next(ownership, shared.with(rollback).as(shared.version() + 1, change));
  }

  /** The next version, with another order of preference. */
  public UnitEntry nextPreferred(List<String> newPreferred) {
    return new UnitEntry(
        id,
        version + 1,
        naa,
        serial,
        store,
        size,
        blockSize,
        newPreferred,
        ownership,
        deleted,
        growingTo,
        shared,
        attributes);
  }

  private UnitEntry copy(
      long newVersion,
      long newSize,
      Ownership newOwnership,
      boolean nowDeleted,
      long newGrowingTo,
      SharedState newShared,
      UnitAttributes newAttributes) {
    return new UnitEntry(
        id,
        newVersion,
        naa,
        serial,
        store,
        newSize,
        blockSize,
        preferred,
        newOwnership,
        nowDeleted,
        newGrowingTo,
        newShared,
        newAttributes);
  }

  /** A unit that is not growing, and whose shared state nobody has changed. */
  public UnitEntry(
      String id,
      long version,
      long naa,
      String serial,
      String store,
      long size,
      int blockSize,
      List<String> preferred,
      Ownership ownership,
      boolean deleted) {
    this(
        id,
        version,
        naa,
        serial,
        store,
        size,
        blockSize,
        preferred,
        ownership,
        deleted,
        0,
        SharedState.INITIAL);
  }

  /** Bytes up to which blocks are accepted from hosts: more than they are told while it grows. */
  public long acceptedSize() {
    return Math.max(size, growingTo);
  }

  /** Whether hosts have ejected its medium. */
  public boolean ejected() {
    return shared.medium().ejected();
  }

  /** How many nexuses prevent that. */
  public int removalPrevented() {
    return shared.medium().preventing().size();
  }

  @Override
  public String entityId() {
    return "unit|" + id;
  }

  /**
   * An ownership (design rules 1 to 3).
   *
   * @param phase how far it is
   * @param epoch its number; grows with every ownership of the unit
   * @param owner gateway; empty when there is none
   * @param incarnation the owner's process; an ownership does not outlive it
   * @param successor in RELEASING, the gateway that is to own it next; else empty
   * @param since when the phase began
   * @param cause why
   * @param evidence the observations that led to it, when it was for a fault
   * @param refusedBy gateways that could not open the store since it was last served, the last one
   *     at the end: others are asked first, then whose refusal is the oldest
   */
  public record Ownership(
      Phase phase,
      long epoch,
      String owner,
      String incarnation,
      String successor,
      Instant since,
      String cause,
      List<Observation> evidence,
      List<String> refusedBy) {
    public Ownership {
      evidence = List.copyOf(evidence);
      refusedBy = List.copyOf(refusedBy);
    }

    /** Who has it, or is to have it once a planned move has ended. */
    public String destined() {
      return phase == Phase.RELEASING ? successor : owner;
    }

    /** Whether this incarnation of this gateway owns the unit, in whatever phase. */
    public boolean ownedBy(String gateway, String gatewayIncarnation) {
      return owner.equals(gateway) && incarnation.equals(gatewayIncarnation);
    }
  }

  /** How far an ownership is. */
  public enum Phase {
    /** No owner; the next one is being looked for. */
    UNOWNED,
    /** Decided in the ownership row; the owner is fencing and opening the store. */
    ACQUIRING,
    /** The owner serves. */
    SERVING,
    /** A planned move: the owner is draining and closing the store. */
    RELEASING
  }
}
