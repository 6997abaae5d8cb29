package io.moongate.session;

import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** What the gateway may do to a connection, from any thread. */
interface ConnectionControl {

  /**
   * Drops the connection: no byte that has not been looked at yet has any effect, nothing more is
   * answered.
   */
  void close(String reason);

  /**
   * Completes when all that had arrived at the socket has been read and has not ended the
   * connection; never when it has, or when the gateway does not get to it within the time.
   */
  CompletionStage<Void> caughtUp(Duration within);

  /** Asks the initiator to log out within the time; later the connection is dropped. */
  void requestLogout(Duration within);
}
