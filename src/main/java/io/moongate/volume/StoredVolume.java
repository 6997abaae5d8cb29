package io.moongate.volume;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A volume as its store shows it in a list.
 *
 * @param name by which it is opened, and adopted
 * @param size bytes, where it can be read
 * @param blockSize bytes of a logical block, where one is on record
 * @param unitId the unit whose it is, where one is on record
 * @param obstacle why it could not be adopted now, were it no unit's; empty when it could
 */
public record StoredVolume(
    String name,
    OptionalLong size,
    OptionalInt blockSize,
    Optional<String> unitId,
    Optional<String> obstacle) {}
