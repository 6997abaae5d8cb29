package io.moongate.simulation;

import io.moongate.cluster.charter.Charter;
import java.util.Optional;

/** The row of the charter: a compare-and-set decides which charter follows. */
final class CharterRow {
  private Charter charter;
  private long inForce;

  /** What it holds. */
  record Content(Optional<Charter> charter, long inForce) {}

  Content read() {
    return new Content(Optional.ofNullable(charter), inForce);
  }

  Content propose(Charter proposed) {
    if ((charter == null ? 0 : charter.version()) == proposed.version() - 1) {
      charter = proposed;
    }
    return read();
  }

  Content confirm(long version) {
    if (charter != null && charter.version() == version) {
      inForce = Math.max(inForce, version);
    }
    return read();
  }
}
