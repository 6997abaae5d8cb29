package io.moongate.cluster.portal;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/** The links of this host that its own portals are on. Addresses are IPv4, in dotted decimal. */
public interface PortalLink extends AutoCloseable {
  /** Whether one of these links, which is up, has the subnet of an address that is not its own. */
  boolean reaches(String address);

  /** Whether this host has the address already. */
  boolean has(String address) throws IOException;

  /** Whether some process of this host listens on the port at every address that the host has. */
  boolean isListenedOn(int port) throws IOException;

  /** Asks everybody on the link who has the address (an ARP Probe). */
  void probe(String address) throws IOException;

  /** Tells everybody on the link that this host has the address (an ARP Announcement). */
  void announce(String address) throws IOException;

  /**
   * Who else has spoken from which address, as far as that was heard since the last call: names of
   * stations by addresses.
   */
  Map<String, String> heard() throws IOException;

  /** Has the host have the address for so long from now on, and not longer by itself. */
  void hold(String address, Duration lifetime) throws IOException;

  /** Takes the address from the host; fine when it has none. */
  void drop(String address) throws IOException;

  /** Nothing is to be heard for now. */
  void rest();

  @Override
  default void close() {
    rest();
  }
}
