package io.moongate.volume;

/** A store's refusal or failure, with a reason that SCSI can be answered from. */
public final class VolumeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Reason {
    /** No volume of that id. */
    NOT_FOUND,
    /** There is a different volume of that id. */
    EXISTS,
    /** A newer epoch has been seen: this owner is stale. */
    FENCED,
    /** The volume was closed. */
    CLOSED,
    /** No space left in the store. */
    FULL,
    /** Offset or length outside the volume, or not a multiple of the block. */
    RANGE,
    /** The medium failed. */
    IO,
    /** The store can't be reached at the moment. */
    UNAVAILABLE,
    /** The store doesn't do this. */
    UNSUPPORTED
  }

  private final Reason reason;

  public VolumeException(Reason reason, String message) {
    this(reason, message, null);
  }

  public VolumeException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Why the store refused. */
  public Reason reason() {
    return reason;
  }
}
