package io.moongate.management.api;

/**
 * Drains or undrains a gateway.
 *
 * @param cause why, for the record; may be absent
 */
public record Maintain(String cause) {}
