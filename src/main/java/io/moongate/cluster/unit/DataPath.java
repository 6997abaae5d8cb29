package io.moongate.cluster.unit;

import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What a LUN actor asks of the data path of its gateway. {@code open} and {@code release} of one
 * unit never overlap: the LUN actor waits for one before it asks for the other.
 */
public interface DataPath {

  /** Where commands to the medium go. */
  enum Way {
    /** To the volume that is open on this gateway. */
    LOCAL,
    /** To the owner. */
    REMOTE,
    /** Nowhere now: they are held. */
    HELD
  }

  /**
   * Takes over what the device servers of the unit share. Called with every entry, and with the one
   * that the path states follow from before these are published: so nothing is served locally by an
   * older state than the one that the ownership began with. Older ones than what is known are
   * ignored.
   */
  void share(UnitEntry unit);

  /**
   * Publishes new path states for the sessions of this gateway.
   *
   * @param owner the gateway to relay to; present with REMOTE
   * @param queries answers the ALUA queries of sessions
   */
  void publish(
      UnitEntry unit,
      PathStates states,
      Way way,
      Optional<GatewayEntry> owner,
      AluaQueries queries);

  /** Fences the volume at the epoch and opens it; nothing is served before the next publication. */
  CompletionStage<Void> open(UnitEntry unit, long epoch);

  /**
   * Stops serving locally, waits until nothing touches the store any more, flushes and closes. Once
   * complete, nothing of this gateway's ownership will touch the store; or, where the store refuses
   * by itself what is late, nothing once the volume was fenced anew, and what hung was given up. It
   * fails only after that, when flushing or closing failed: the volume is given up all the same.
   *
   * @param mayKeep whether the volume is rather kept when it can't be flushed: then it stays open
   *     and may be served on under the same epoch, and the stage fails with {@link Kept}. What
   *     hosts know to be written may be lost, and only this volume knows it and can tell them.
   */
  CompletionStage<Void> release(UnitEntry unit, boolean mayKeep);

  /** A volume was not released, and is open still. */
  final class Kept extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Kept(Throwable cause) {
      super("what was written can't be flushed: " + cause.getMessage(), cause);
    }
  }

  /** Takes on the sizes of the entry: what hosts are told, and what is accepted from them. */
  void resize(UnitEntry unit);

  /**
   * Makes the open volume accept blocks up to {@link UnitEntry#growingTo}. Does not overlap with
   * {@code open} and {@code release}.
   */
  CompletionStage<Void> grow(UnitEntry unit);

  /**
   * Rolls the open volume back as the entry's shared state says, once nothing touches it any more.
   * Nothing may be served meanwhile, nor before this has succeeded or failed with {@link
   * NotRolledBack}. Does not overlap with {@code open} and {@code release}.
   */
  CompletionStage<Void> rollBack(UnitEntry unit);

  /** A volume can't be rolled back, and is as it was. */
  final class NotRolledBack extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NotRolledBack(Throwable cause) {
      super(cause.getMessage(), cause);
    }
  }

  /** Whether the store refuses what is open of the unit, for good. */
  boolean isFenced(String unitId);

  /** The unit was deleted. */
  void remove(String unitId);
}
