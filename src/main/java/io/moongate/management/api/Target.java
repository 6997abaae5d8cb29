package io.moongate.management.api;

import java.time.Instant;
import java.util.List;

/**
 * A target as the API shows it.
 *
 * @param name iSCSI name
 * @param gateways names of the gateways that export it
 * @param everyGateway whether it is exported by every gateway, those that join later included
 * @param luns what it maps, by LUN
 * @param access {@code open}: whoever comes may log in, or {@code listed}: only initiators on its
 *     list
 * @param initiators how many are on the list
 * @param chap required of initiators without credentials of their own; null: none
 * @param mutualChap by which the target authenticates itself; null: it can't
 * @param explicitAlua whether hosts may choose a unit's owner by SET TARGET PORT GROUPS
 */
public record Target(
    String name,
    List<String> gateways,
    boolean everyGateway,
    List<Mapping> luns,
    Instant since,
    String access,
    int initiators,
    Chap chap,
    Chap mutualChap,
    boolean explicitAlua) {

  /**
   * A LUN of a target.
   *
   * @param lun 0 to 16383
   * @param id the logical unit's UUID
   */
  public record Mapping(int lun, String id) {}
}
