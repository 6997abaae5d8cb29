package io.moongate.management.api;

/**
 * A volume in a store, whether it is a logical unit's or not.
 *
 * @param name as a new logical unit names its {@code volume}
 * @param size bytes; null when it can't be read
 * @param blockSize bytes of a logical block; null when none is on record
 * @param unit id of the logical unit that is on record as its owner; null when none is
 * @param adoptable whether it can become a logical unit's as it is now
 * @param obstacle why not; null when it can
 */
public record StoredVolume(
    String name, Long size, Integer blockSize, String unit, boolean adoptable, String obstacle) {}
