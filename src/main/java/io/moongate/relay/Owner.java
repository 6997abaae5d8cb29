package io.moongate.relay;

import java.net.InetSocketAddress;
import java.util.UUID;

/**
 * The process that commands are relayed to.
 *
 * @param address where it listens; looked up at each attempt when it is not resolved
 * @param incarnation another process at that address is not talked to
 */
record Owner(InetSocketAddress address, UUID incarnation) {

  /** For people: where it is. */
  @Override
  public String toString() {
    return address.getHostString() + ":" + address.getPort();
  }
}
