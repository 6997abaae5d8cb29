package io.moongate.management.api;

import java.time.Instant;
import java.util.List;

/**
 * A gateway as the API shows it.
 *
 * @param state {@code up}, {@code failed} or {@code stopped}
 * @param portals where initiators connect, as {@code address:port}
 * @param portGroup target port group id, which is its portal group tag too
 * @param version version of Moongate that it runs
 * @param pid process id on its host
 * @param incarnation id of the process that registered last
 * @param since when the state or the incarnation changed last
 * @param cause why it changed
 * @param luns how many logical units it owns; {@code GET /luns?owner=} lists them
 * @param load what is asked of those, in operations a second: see {@link LogicalUnit}
 * @param api base URL of its HTTP API
 * @param service {@code in-service}, {@code draining} or {@code drained}
 * @param serviceCause why it is out of service; null while it is in service
 * @param observations what stands against its process or parts of it, as the gateway that was asked
 *     knows it
 */
public record Gateway(
    String name,
    String state,
    List<String> portals,
    int portGroup,
    String version,
    long pid,
    String incarnation,
    Instant since,
    String cause,
    int luns,
    double load,
    String api,
    String service,
    String serviceCause,
    List<Evidence> observations) {
  public Gateway {
    observations = observations == null ? List.of() : List.copyOf(observations);
  }
}
