package io.moongate;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.wire.AddressText;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The portals of a gateway, from {@code moongate.iscsi.portals}: what it binds, and what hosts are
 * told. A wildcard can't be told to anybody (RFC 7143 section 13.8), so it stands for every address
 * of its family that the host has when the gateway starts.
 */
final class PortalSettings {
  private static final String KEY = "moongate.iscsi.portals";

  private PortalSettings() {}

  /**
   * Reads the portals.
   *
   * @throws ConfigException that names the key and what was expected
   */
  static List<PortalAddress> from(Config config) {
    return from(config, PortalSettings::hostAddresses);
  }

  /**
   * @param host the addresses of this host, asked for when there is a wildcard
   */
  static List<PortalAddress> from(Config config, Supplier<List<InetAddress>> host) {
    Set<PortalAddress> portals = new LinkedHashSet<>();
    for (String text : config.getStringList(KEY)) {
      PortalAddress portal = portal(config, text);
      if (isWildcard(portal.address())) {
        List<PortalAddress> all = all(portal, host.get());
        if (all.isEmpty()) {
          throw wrong(config, "this host has no address that " + text + " could stand for", null);
        }
        portals.addAll(all);
      } else {
        portals.add(portal);
      }
    }
    if (portals.isEmpty()) {
      throw wrong(config, "expected at least one portal", null);
    }
    return List.copyOf(portals);
  }

  private static PortalAddress portal(Config config, String text) {
    int colon = text.lastIndexOf(':');
    try {
      String host = text.substring(0, colon);
      boolean bracketed = host.startsWith("[") && host.endsWith("]");
      String address = bracketed ? host.substring(1, host.length() - 1) : host;
      int port = Integer.parseInt(text.substring(colon + 1));
      boolean valid =
          !address.isEmpty() && bracketed == address.contains(":") && port >= 1 && port <= 65_535;
      if (valid) {
        return new PortalAddress(bracketed ? canonical(config, text, address) : address, port);
      }
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw malformed(config, text, e);
    }
    throw malformed(config, text, null);
  }

  /** An IPv6 address as hosts are told it, however it was typed. */
  private static String canonical(Config config, String text, String address) {
    if (address.indexOf('%') >= 0) {
      throw wrong(
          config,
          "a zone means nothing to other hosts, so \"" + text + "\" can't be told to them",
          null);
    }
    try {
      // In brackets it can only be a literal: nothing is looked up.
      return AddressText.of(InetAddress.getByName("[" + address + "]"));
    } catch (UnknownHostException e) {
      throw malformed(config, text, e);
    }
  }

  /** Every address of the wildcard's family; loopback only on a host that has nothing else. */
  private static List<PortalAddress> all(PortalAddress wildcard, List<InetAddress> host) {
    boolean six = wildcard.address().contains(":");
    List<InetAddress> fitting =
        host.stream()
            .filter(address -> (address instanceof Inet6Address) == six)
            // A link-local address means nothing without the name of a host's own interface.
            .filter(address -> !address.isLinkLocalAddress() && !address.isAnyLocalAddress())
            .toList();
    List<InetAddress> outward =
        fitting.stream().filter(address -> !address.isLoopbackAddress()).toList();
    return (outward.isEmpty() ? fitting : outward)
        .stream()
            .map(address -> new PortalAddress(AddressText.of(address), wildcard.port()))
            .toList();
  }

  private static boolean isWildcard(String address) {
    return address.equals("0.0.0.0") || address.equals("::");
  }

  private static List<InetAddress> hostAddresses() {
    try {
      List<InetAddress> addresses = new ArrayList<>();
      for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
        if (each.isUp()) {
          each.inetAddresses().forEach(addresses::add);
        }
      }
      return addresses;
    } catch (SocketException e) {
      return List.of();
    }
  }

  private static ConfigException malformed(Config config, String text, Exception cause) {
    return wrong(
        config,
        "expected \"address:port\" or \"[IPv6 address]:port\", not \"" + text + "\"",
        cause);
  }

  private static ConfigException wrong(Config config, String what, Exception cause) {
    return new ConfigException.BadValue(config.getValue(KEY).origin(), KEY, what, cause);
  }
}
