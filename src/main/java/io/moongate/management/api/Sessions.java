package io.moongate.management.api;

import java.time.Instant;
import java.util.List;

/**
 * The iSCSI sessions of the gateways that answered.
 *
 * @param silent names of the gateways that did not answer, whose sessions are missing here
 * @param next the cursor by which the next part is asked for; null when this was the last
 */
public record Sessions(List<Session> sessions, List<String> silent, String next) {

  /**
   * One iSCSI session.
   *
   * @param id names it in {@code /sessions}, and no other one ever; made of the gateway, the ISID,
   *     the TSIH and the time of its login
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
      String id,
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
