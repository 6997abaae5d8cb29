package io.moongate;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.moongate.cluster.portal.PortalLink;
import io.moongate.cluster.portal.Takeover;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.link.HostLinks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code moongate.portal-takeover}: whether it is on, and the links that it is about. */
final class PortalLinks implements PortalLink {
  private static final String SECTION = "moongate.portal-takeover";
  private static final String ENABLED = SECTION + ".enabled";
  private static final String LIFETIME = SECTION + ".address-lifetime";
  private static final String PORTALS = "moongate.iscsi.portals";
  private static final Duration SHORTEST = Duration.ofSeconds(3);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /** Whose addresses others have to be able to rely on: that nobody else answers there. */
  private static final List<String> HOSTS =
      List.of("moongate.gateway.host", "moongate.relay.host", "moongate.management.host");

  private static final List<String> HOST_LISTS =
      List.of("moongate.cluster.seed-nodes", "moongate.cassandra.contact-points");

  private final HostLinks links;

  private PortalLinks(HostLinks links) {
    this.links = links;
  }

  /**
   * Reads the settings; empty when it is off.
   *
   * @throws ConfigException that names the key, where it was set, and what was expected
   */
  static Optional<Takeover.Settings> settings(Config config, List<PortalAddress> portals) {
    Duration lifetime = config.getDuration(LIFETIME);
    if (lifetime.compareTo(SHORTEST) < 0
        || lifetime.compareTo(LONGEST) > 0
        || !lifetime.equals(Duration.ofSeconds(lifetime.toSeconds()))) {
      throw wrong(config, LIFETIME, "expected whole seconds, 3 s to 60 s, not " + lifetime);
    }
    if (!config.getBoolean(ENABLED)) {
      return Optional.empty();
    }
    for (String portal : config.getStringList(PORTALS)) {
      if (portal.startsWith("0.0.0.0:") || portal.startsWith("[::]:")) {
        throw wrong(
            config,
            PORTALS,
            "expected addresses and no wildcard, which is " + portal + ", as " + onSays());
      }
    }
    for (PortalAddress portal : portals) {
      if (portal.address().indexOf(':') >= 0) {
        throw wrong(
            config,
            PORTALS,
            "expected IPv4, not "
                + portal
                + ": other addresses can't be taken over, as "
                + onSays());
      }
      requireOfItsOwn(config, portal.address());
    }
    return Optional.of(new Takeover.Settings(lifetime));
  }

  private static String onSays() {
    return ENABLED + " is on";
  }

  /** What else has the address would be taken for gone, or for another one. */
  private static void requireOfItsOwn(Config config, String portal) {
    for (String key : HOSTS) {
      if (addresses(config.getString(key)).contains(portal)) {
        throw shared(config, key, portal);
      }
    }
    for (String key : HOST_LISTS) {
      for (String each : config.getStringList(key)) {
        int colon = each.lastIndexOf(':');
        if (addresses(colon < 0 ? each : each.substring(0, colon)).contains(portal)) {
          throw shared(config, key, portal);
        }
      }
    }
  }

  private static ConfigException shared(Config config, String key, String portal) {
    return wrong(
        config,
        PORTALS,
        "expected addresses for portals alone, as %s: %s is in %s, too"
            .formatted(onSays(), portal, key));
  }

  /** What a name stands for now; itself when it stands for nothing. */
  private static Set<String> addresses(String host) {
    Set<String> all = new HashSet<>(Set.of(host));
    try {
      Arrays.stream(InetAddress.getAllByName(host))
          .map(InetAddress::getHostAddress)
          .forEach(all::add);
    } catch (UnknownHostException unknown) {
      return all;
    }
    return all;
  }

  private static ConfigException wrong(Config config, String key, String what) {
    return new ConfigException.BadValue(config.getValue(key).origin(), key, what);
  }

  /**
   * The links of the portals.
   *
   * @throws IOException when this host has not their addresses, or the process may not do what is
   *     to be done there
   */
  static PortalLinks open(List<PortalAddress> portals) throws IOException {
    List<String> addresses = new ArrayList<>();
    portals.forEach(portal -> addresses.add(portal.address()));
    try {
      return new PortalLinks(HostLinks.of(addresses));
    } catch (IOException | LinkageError | UnsupportedOperationException failure) {
      throw new IOException(onSays() + ": " + failure.getMessage(), failure);
    }
  }

  @Override
  public boolean reaches(String address) {
    return links.reaches(address);
  }

  @Override
  public boolean has(String address) throws IOException {
    return links.has(address);
  }

  @Override
  public boolean isListenedOn(int port) throws IOException {
    return links.isListenedOn(port);
  }

  @Override
  public void probe(String address) throws IOException {
    links.probe(address);
  }

  @Override
  public void announce(String address) throws IOException {
    links.announce(address);
  }

  @Override
  public Map<String, String> heard() throws IOException {
    return links.heard();
  }

  @Override
  public void hold(String address, Duration lifetime) throws IOException {
    links.hold(address, lifetime);
  }

  @Override
  public void drop(String address) throws IOException {
    links.drop(address);
  }

  @Override
  public void rest() {
    links.rest();
  }
}
