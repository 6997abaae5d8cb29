package io.moongate.volume;

import java.util.Optional;
import java.util.concurrent.CompletionException;

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
    /**
     * What was written before may be lost, without anybody ever saying so again: nothing more is
     * done to the volume until it is opened anew. Another attempt must not be taken for a remedy.
     */
    LOST,
    /** The store can't be reached at the moment. */
    UNAVAILABLE,
    /** Something else depends on what is to go. */
    IN_USE,
    /** There is too much to do at the moment. */
    OVERLOADED,
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

  /** The refusal or failure of a store that a stage has failed with, if it is one. */
  public static Optional<VolumeException> in(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof VolumeException store ? Optional.of(store) : Optional.empty();
  }

  /** Whether the store, or the way to it, has failed; it may be well for another gateway. */
  public boolean isOfTheStore() {
    return reason == Reason.IO || reason == Reason.UNAVAILABLE;
  }

  /** Why the store refused. */
  public Reason reason() {
    return reason;
  }
}
