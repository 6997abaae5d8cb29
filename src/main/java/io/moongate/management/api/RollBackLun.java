package io.moongate.management.api;

/**
 * Body of {@code POST /luns/{id}/snapshots/{name}/rollback}.
 *
 * @param confirm true: what was written since the snapshot is to be lost
 */
public record RollBackLun(Boolean confirm) {}
