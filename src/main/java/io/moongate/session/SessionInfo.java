package io.moongate.session;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A session as the management API shows it.
 *
 * @param initiatorName iSCSI name of the initiator node
 * @param initiatorAlias InitiatorAlias; empty when it gave none
 * @param targetName iSCSI name of the target; empty in a discovery session
 * @param isid 48 bits
 * @param tsih 1 to 65535, unique among the sessions of this gateway
 * @param peer address of the initiator's end of the oldest connection
 * @param portal address of the gateway's end of it
 * @param since end of the leading login
 * @param commands SCSI commands under way
 * @param bytes of data-in and data-out held for them
 * @param connections in the order in which they logged in
 */
public record SessionInfo(
    String initiatorName,
    String initiatorAlias,
    Optional<String> targetName,
    long isid,
    int tsih,
    String peer,
    String portal,
    Instant since,
    int commands,
    long bytes,
    List<ConnectionInfo> connections) {

  /**
   * A connection of a session.
   *
   * @param cid chosen by the initiator, unique in the session
   * @param peer address of the initiator's end
   * @param portal address of the gateway's end
   * @param since end of the login
   * @param commands SCSI commands under way that came on it
   * @param bytes of data-in and data-out held for them
   */
  public record ConnectionInfo(
      int cid, String peer, String portal, Instant since, int commands, long bytes) {}
}
