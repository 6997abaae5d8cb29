package io.moongate.cluster.view;

/** Where a portal listens: an IP address and a TCP port. */
public record PortalAddress(String address, int port) {
  @Override
  public String toString() {
    return (address.indexOf(':') >= 0 ? "[" + address + "]" : address) + ":" + port;
  }
}
