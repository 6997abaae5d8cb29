package io.moongate.cluster.portal;

import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.HeldPortal;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The portal addresses of a gateway that comes back: when they are its own alone again, and that
 * its hosts learn of it. Plain: time and view go in. Not thread-safe.
 */
final class OwnPortals {
  private final String self;
  private final String incarnation;
  private final Takeover.Settings settings;
  private final PortalLink link;
  private final Takeover.Entities entities;

  /** By holder, since when it is known to be gone. */
  private final Map<HeldPortal, Long> gone = new HashMap<>();

  private final Map<HeldPortal, Long> told = new HashMap<>();
  private List<String> announced = List.of();
  private int announcements;
  private long announcedAt;

  OwnPortals(
      String self,
      String incarnation,
      Takeover.Settings settings,
      PortalLink link,
      Takeover.Entities entities) {
    this.self = self;
    this.incarnation = incarnation;
    this.settings = settings;
    this.link = link;
    this.entities = entities;
  }

  /**
   * Looks once; speaks for holders that have ended.
   *
   * @return whether nobody else holds any of its addresses
   */
  boolean look(Collection<GatewayEntry> gateways, long now) throws IOException {
    if (announcements > 0 && now - announcedAt >= Takeover.CHECK.toNanos()) {
      announce(now);
    }
    Optional<GatewayEntry> own =
        gateways.stream()
            .filter(each -> each.name().equals(self) && each.incarnation().equals(incarnation))
            .findFirst();
    if (own.isEmpty()) {
      return false;
    }
    List<HeldPortal> held = own.get().takeover().held();
    gone.keySet().retainAll(held);
    told.keySet().retainAll(held);
    for (HeldPortal each : held) {
      if (Takeover.lives(each, gateways)) {
        gone.remove(each);
      } else if (now - gone.computeIfAbsent(each, fresh -> now) >= settings.gone().toNanos()) {
        release(each, now);
      }
    }
    return held.isEmpty();
  }

  private void release(HeldPortal held, long now) {
    Long before = told.get(held);
    if (before == null || now - before >= Takeover.REPEAT.toNanos()) {
      told.put(held, now);
      entities.tell(self, new Gateway.ReleasePortal(held, "its holder is gone"));
    }
  }

  /** They are open: hosts that have learnt of another station are told. */
  void opened(List<String> addresses, long now) throws IOException {
    announced = List.copyOf(addresses);
    announcements = Takeover.ANNOUNCEMENTS;
    announce(now);
  }

  private void announce(long now) throws IOException {
    announcements--;
    announcedAt = now;
    for (String address : announced) {
      link.announce(address);
    }
  }
}
