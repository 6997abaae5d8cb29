package io.moongate.management.api;

/**
 * Body of {@code POST /luns/{id}/snapshots}.
 *
 * @param name 1 to 64 letters, digits and {@code ._-}, the first a letter, a digit or {@code _}
 */
public record MakeSnapshot(String name) {}
