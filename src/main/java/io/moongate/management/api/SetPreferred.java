package io.moongate.management.api;

import java.util.List;

/**
 * Changes by which gateways a logical unit is to be owned.
 *
 * @param gateways the most wanted first; empty for no preference
 */
public record SetPreferred(List<String> gateways) {}
