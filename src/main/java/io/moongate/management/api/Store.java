package io.moongate.management.api;

import java.util.List;

/**
 * A volume store as the gateway that was asked sees it.
 *
 * @param kind {@code file}, {@code rbd} or {@code memory}
 * @param state {@code well}, {@code near-full}, {@code full}, or {@code unknown}
 * @param available bytes that its volumes together can still take; null where that is not known
 * @param warnings what an operator should see to
 */
public record Store(String kind, String state, Long available, List<String> warnings) {}
