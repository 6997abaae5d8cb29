package io.moongate.volume;

import java.time.Instant;

/**
 * A snapshot of a volume: its content at one moment, which nothing changes any more.
 *
 * @param name unique in the volume
 * @param size bytes that the volume had
 * @param at when it was made, by the store's clock
 * @param clones how many volumes were cloned from it and still share blocks with it
 * @param locked whether the store's own tools keep it from being deleted
 */
public record VolumeSnapshot(String name, long size, Instant at, int clones, boolean locked) {}
