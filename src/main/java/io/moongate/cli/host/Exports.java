package io.moongate.cli.host;

import io.moongate.management.api.Gateway;
import io.moongate.management.api.Target;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a host can log in to.
 *
 * @param portals {@code address:port} of every portal, where discovery may begin
 * @param targets what is exported, and through which of them
 */
public record Exports(List<String> portals, List<Exported> targets) {

  /**
   * One target.
   *
   * @param name iSCSI name
   * @param portals {@code address:port}
   * @param listed whether only initiators on its list may log in
   * @param chapUser name that initiators without credentials of their own use; null: none
   * @param mutualUser name by which the target authenticates itself; null: it can't
   * @param explicitAlua whether hosts may choose a unit's owner
   */
  public record Exported(
      String name,
      List<String> portals,
      boolean listed,
      String chapUser,
      String mutualUser,
      boolean explicitAlua) {
    public Exported {
      portals = List.copyOf(portals);
    }
  }

  public Exports {
    portals = List.copyOf(portals);
    targets = List.copyOf(targets);
  }

  /** From the API's own records: the portals of all gateways, also of those that are down now. */
  public static Exports of(List<Gateway> gateways, List<Target> targets) {
    Set<String> all = new LinkedHashSet<>();
    List<Exported> exported = new ArrayList<>();
    for (Target target : targets) {
      Set<String> own = new LinkedHashSet<>();
      for (Gateway gateway : gateways) {
        if (target.gateways().contains(gateway.name())) {
          own.addAll(gateway.portals());
        }
      }
      all.addAll(own);
      exported.add(
          new Exported(
              target.name(),
              List.copyOf(own),
              "listed".equals(target.access()),
              target.chap() == null ? null : target.chap().user(),
              target.mutualChap() == null ? null : target.mutualChap().user(),
              target.explicitAlua()));
    }
    return new Exports(List.copyOf(all), exported);
  }

  /** The address of a portal, without the brackets of IPv6. */
  static String address(String portal) {
    String address = portal.substring(0, portal.lastIndexOf(':'));
    return address.startsWith("[") ? address.substring(1, address.length() - 1) : address;
  }

  static String port(String portal) {
    return portal.substring(portal.lastIndexOf(':') + 1);
  }
}
