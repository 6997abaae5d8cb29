package io.moongate.management.api;

/**
 * Body of {@code PUT /luns/{id}/read-only}.
 *
 * @param readOnly whether hosts are refused to write
 */
public record SetReadOnly(Boolean readOnly) {}
