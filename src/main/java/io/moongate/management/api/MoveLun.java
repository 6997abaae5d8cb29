package io.moongate.management.api;

/**
 * Body of {@code POST /luns/{id}/move}.
 *
 * @param gateway name of the gateway that is to own the unit
 */
public record MoveLun(String gateway) {}
