package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;

/**
 * Keeps an open volume fenced once it was. An entry of the blocklist ends, or an operator removes
 * it, and Ceph would serve that client again: it has a successor by then, and what it remembers is
 * out of date.
 */
final class FenceLatch {
  private volatile VolumeException first;

  /** Remembers a failure that says that this client is fenced. */
  synchronized void note(Throwable failure) {
    if (first == null
        && failure instanceof VolumeException known
        && known.reason() == Reason.FENCED) {
      first = known;
    }
  }

  boolean isFenced() {
    return first != null;
  }

  /**
   * Refuses to go on after the first.
   *
   * @throws VolumeException with FENCED
   */
  void requireNotFenced() {
    VolumeException cause = first;
    if (cause != null) {
      throw new VolumeException(
          Reason.FENCED, "this volume was fenced; open it again: " + cause.getMessage(), cause);
    }
  }
}
