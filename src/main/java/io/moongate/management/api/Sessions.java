package io.moongate.management.api;

import java.time.Instant;
import java.util.List;

/**
 * The iSCSI sessions of the gateways that answered.
 *
 * @param silent names of the gateways that did not answer, whose sessions are missing here
 */
public record Sessions(List<Session> sessions, List<String> silent) {

  /**
   * One iSCSI session.
   *
   * @param gateway name of the gateway that serves it
   * @param initiator iSCSI name
   * @param isid initiator part of the session id (RFC 7143 section 11.12.5)
   * @param tsih target session identifying handle
   * @param target iSCSI name; null in a discovery session
   * @param portal the gateway's portal, {@code address:port}
   * @param peer the initiator's address and port
   * @param commandsInFlight commands received and not yet answered
   */
  public record Session(
      String gateway,
      String initiator,
      String isid,
      int tsih,
      String target,
      String portal,
      String peer,
      Instant since,
      int commandsInFlight) {}
}
