package io.moongate.management.api;

import java.util.List;

/**
 * Body of {@code POST /targets}.
 *
 * @param name iSCSI name (RFC 7143 section 4.2.7)
 * @param gateways those that export it; null or empty for every gateway
 * @param explicitAlua whether hosts may choose a unit's owner by SET TARGET PORT GROUPS; null: not,
 *     and for a target that is there as it is
 */
public record CreateTarget(String name, List<String> gateways, Boolean explicitAlua) {}
