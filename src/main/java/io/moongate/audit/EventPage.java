package io.moongate.audit;

import java.util.List;
import java.util.Optional;

/**
 * Events in the order that was asked for.
 *
 * @param next after which the next page begins; empty when there are no more
 */
public record EventPage(List<AuditEvent> events, Optional<EventKey> next) {}
