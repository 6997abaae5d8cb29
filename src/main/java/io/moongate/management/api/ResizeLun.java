package io.moongate.management.api;

/**
 * Body of {@code POST /luns/{id}/resize}.
 *
 * @param size bytes, a multiple of the block size and not less than it has
 */
public record ResizeLun(Long size) {}
