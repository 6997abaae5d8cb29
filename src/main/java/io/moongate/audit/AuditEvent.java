package io.moongate.audit;

import io.moongate.cluster.Origin;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.failure.Observation;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Something that happened, with all that is on record of it.
 *
 * @param key where it stands among all events
 * @param at when, by the clock of the gateway that decided it
 * @param type such as {@code owner-chosen}
 * @param by who asked for it, or the gateway that decided it; empty in one of before that was kept
 * @param cause why; empty when the event does not say
 * @param evidence the observations that led to it
 * @param event itself
 * @param before what the view knew of the entity before it; empty for the first event
 * @param after what it knew after it
 * @param digest empty in an event of before there were digests
 */
public record AuditEvent(
    EventKey key,
    Instant at,
    String type,
    Optional<Origin> by,
    Optional<String> cause,
    List<Observation> evidence,
    Object event,
    Optional<ViewEntry> before,
    ViewEntry after,
    String digest) {

  static AuditEvent of(EntityHistory.Step step) {
    Object event = step.read().event();
    return new AuditEvent(
        EventKey.of(step.row(), step.position()),
        EventFacts.at(event),
        EventFacts.type(event),
        step.read().by(),
        EventFacts.cause(event),
        EventFacts.evidence(event),
        event,
        step.before().entry(),
        step.after().entry().orElseThrow(),
        step.position().digest());
  }
}
