package io.moongate.management.api;

import java.time.Instant;

/**
 * Something that is under way in the cluster, or waits.
 *
 * @param id names it in {@code /operations}
 * @param kind {@code drain} of a gateway; {@code move} of a logical unit to another gateway; {@code
 *     open} of one by its new owner; {@code wait} of one that nobody owns, or whose owner has
 *     failed
 * @param gateway that is drained, or that is to own the unit; null when nobody is
 * @param from the owner that is to release it, or that has failed; null where there is none
 * @param unit id of the logical unit; null for a drain
 * @param remaining units that a gateway still owns that is drained; null for others
 * @param since when it began
 * @param cause why
 * @param cancellable whether {@code DELETE} takes it back
 */
public record Operation(
    String id,
    String kind,
    String gateway,
    String from,
    String unit,
    Integer remaining,
    Instant since,
    String cause,
    boolean cancellable) {}
