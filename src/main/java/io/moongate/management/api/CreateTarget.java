package io.moongate.management.api;

import java.util.List;

/**
 * Body of {@code POST /targets}.
 *
 * @param name iSCSI name (RFC 7143 section 4.2.7)
 * @param gateways those that export it; null or empty for every gateway
 */
public record CreateTarget(String name, List<String> gateways) {}
