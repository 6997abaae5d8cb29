package io.moongate.management.api;

import java.time.Instant;

/**
 * What one gateway saw of another, or of itself.
 *
 * @param observer gateway that saw it
 * @param subject gateway that it is about
 * @param incarnation the subject's process
 * @param part the portal as {@code address:port}, the id of the unit whose store it is about, or
 *     the kind of a store as a whole; null when it is about the whole gateway
 * @param kind what was seen, as {@code process-gone}
 * @param at wall-clock time at the observer
 * @param detail for people
 */
public record Evidence(
    String observer,
    String subject,
    String incarnation,
    String part,
    String kind,
    Instant at,
    String detail) {}
