package io.moongate.management.api;

/**
 * Body of {@code POST /luns/{id}/snapshots/{name}/rollback}.
 *
 * @param confirm true: what was written since the snapshot is to be lost
 * @param id names this rollback, 1 to 64 of letters, digits, {@code . _ -}: repeated with the same
 *     one, the last is not done again. Null: a new one each time
 */
public record RollBackLun(Boolean confirm, String id) {}
