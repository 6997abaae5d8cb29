package io.moongate.session;

import java.time.Duration;

/** What the gateway may do to a connection, from any thread. */
interface ConnectionControl {

  /**
   * Drops the connection: no byte that has not been looked at yet has any effect, nothing more is
   * answered.
   */
  void close(String reason);

  /** Asks the initiator to log out within the time; later the connection is dropped. */
  void requestLogout(Duration within);
}
