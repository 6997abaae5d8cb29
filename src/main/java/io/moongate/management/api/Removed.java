package io.moongate.management.api;

/**
 * Data of the event {@code removed} of {@code GET /changes}.
 *
 * @param kind {@code gateway}, {@code target}, {@code lun} or {@code operation}
 * @param id of what is no more; of a gateway or a target its name
 */
public record Removed(String kind, String id) {}
