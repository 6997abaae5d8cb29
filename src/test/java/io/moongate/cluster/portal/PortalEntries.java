package io.moongate.cluster.portal;

import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.failure.Observation;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The entities of gateways, as far as their portals are concerned, without a journal. */
final class PortalEntries {
  static final Instant WHEN = Instant.parse("2026-11-22T03:12:00Z");

  private PortalEntries() {}

  static String address(int group) {
    return "192.0.2." + group;
  }

  /** What follows when a process registers. */
  static Gateway.State registered(
      Gateway.State before, String name, int group, String incarnation, boolean takeover) {
    return before.apply(
        new Gateway.Registered(
            name,
            group,
            new Gateway.Registration(
                incarnation,
                List.of(new PortalAddress(address(group), 3260)),
                new PortalAddress("198.51.100." + group, 2553),
                "",
                "",
                1,
                takeover),
            WHEN));
  }

  static Gateway.State nothing() {
    return new Gateway.State(Optional.empty());
  }

  static Gateway.Failed failed(String incarnation) {
    return new Gateway.Failed(incarnation, List.<Observation>of(), WHEN);
  }
}
