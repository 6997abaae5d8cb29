package io.moongate.management;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/** Where requests come from. */
final class Addresses {
  private static final String UNKNOWN = "an unknown address";

  /** What one customer of a provider has of IPv6 (RFC 6177). */
  private static final int NETWORK_BYTES = 8;

  private Addresses() {}

  /** The address of who sends a request. */
  static String of(HttpRequest request) {
    return address(request).map(InetAddress::getHostAddress).orElse(UNKNOWN);
  }

  /** The same, or the network of 64 bits of an IPv6 address: whoever has one has all of it. */
  static String group(HttpRequest request) {
    return address(request)
        .map(
            address ->
                address instanceof Inet6Address
                    ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES))
                    : address.getHostAddress())
        .orElse(UNKNOWN);
  }

  private static Optional<InetAddress> address(HttpRequest request) {
    return request
        .getAttribute(AttributeKeys.remoteAddress)
        .flatMap(address -> address.getAddress());
  }
}
