package io.moongate.management.api;

import java.time.Instant;

/**
 * A snapshot of a logical unit as the API shows it.
 *
 * @param name unique in the unit
 * @param size bytes that the unit had
 * @param createdAt when it was made, by the store's clock
 * @param clones how many units were cloned from it: it can't be deleted before they are
 * @param locked whether the store's own tools keep it from being deleted
 */
public record Snapshot(String name, long size, Instant createdAt, int clones, boolean locked) {}
