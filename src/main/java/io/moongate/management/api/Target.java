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
 */
public record Target(
    String name, List<String> gateways, boolean everyGateway, List<Mapping> luns, Instant since) {

  /**
   * A LUN of a target.
   *
   * @param lun 0 to 16383
   * @param id the logical unit's UUID
   */
  public record Mapping(int lun, String id) {}
}
