package io.moongate.management.api;

/**
 * Body of {@code PUT /targets/{name}/luns/{lun}}.
 *
 * @param id the logical unit's UUID
 */
public record MapLun(String id) {}
