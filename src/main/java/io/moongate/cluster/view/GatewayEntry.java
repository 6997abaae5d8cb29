package io.moongate.cluster.view;

import java.time.Instant;
import java.util.List;

/**
 * A gateway in the view.
 *
 * @param name unique in the cluster
 * @param version version of this entry
 * @param state what the cluster holds of it
 * @param incarnation id of the process that registered last (a UUID)
 * @param portGroup target port group id, portal group tag and relative target port identifier of
 *     this gateway; 1 to 65535, unique in the cluster, stable for ever
 * @param portals where initiators connect
 * @param relay where other gateways connect to relay commands
 * @param managementUrl base URL of its HTTP API
 * @param softwareVersion version of Moongate that it runs
 * @param pid its process id on its host
 * @param since when {@code state} or {@code incarnation} changed last
 * @param cause why it changed
 */
public record GatewayEntry(
    String name,
    long version,
    State state,
    String incarnation,
    int portGroup,
    List<PortalAddress> portals,
    PortalAddress relay,
    String managementUrl,
    String softwareVersion,
    long pid,
    Instant since,
    String cause)
    implements ViewEntry {

  /** What the cluster holds of a gateway. */
  public enum State {
    /** Registered and not known to have failed. */
    UP,
    /** Decided to have failed; comes back by registering as a new incarnation. */
    FAILED,
    /** Left in good order. */
    STOPPED
  }

  public GatewayEntry {
    portals = List.copyOf(portals);
  }

  /** The same as failed, of the same version: what this entry is about to become. */
  public GatewayEntry failed(String why) {
    return new GatewayEntry(
        name,
        version,
        State.FAILED,
        incarnation,
        portGroup,
        portals,
        relay,
        managementUrl,
        softwareVersion,
        pid,
        since,
        why);
  }

  @Override
  public String entityId() {
    return "gateway|" + name;
  }
}
