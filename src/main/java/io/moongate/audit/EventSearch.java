package io.moongate.audit;

import io.moongate.cluster.entity.TermReplay;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds events. Of one entity it reads the rows of that one; of all, the places of all rows, and
 * the events only where the place does not say enough. It holds no more than is asked for.
 */
final class EventSearch {
  private final Journal journal;
  private final JournalCodec codec;
  private final EventQuery query;
  private final Comparator<EventKey> order;

  /** What is found by now, the first in order at the front, one more than is asked for. */
  private final TreeSet<EventKey> found;

  EventSearch(Journal journal, JournalCodec codec, EventQuery query) {
    this.journal = journal;
    this.codec = codec;
    this.query = query;
    this.order = query.ascending() ? Comparator.naturalOrder() : Comparator.reverseOrder();
    this.found = new TreeSet<>(order);
  }

  /** Looks at one entity. */
  void entity(String persistenceId) {
    EntityKind.of(persistenceId)
        .ifPresent(
            kind ->
                new EntityHistory(journal, codec, persistenceId, kind)
                    .all(
                        step -> {
                          EventKey key = EventKey.of(step.row(), step.position());
                          if (query.matches(persistenceId, step.read())) {
                            offer(key);
                          }
                          return true;
                        }));
  }

  /** Looks at a part of the journal by the places of its rows alone. */
  void places(int part, int parts) {
    Places places = new Places();
    journal.places(part, parts, places::row);
    places.end();
  }

  /** Whether an entity may have something that is wanted and not found yet. */
  private boolean wanted(EventKey key) {
    if (!query.spans(key.written())
        || query.after().filter(after -> order.compare(key, after) <= 0).isPresent()) {
      return false;
    }
    synchronized (found) {
      return found.size() <= query.limit() || order.compare(key, found.last()) < 0;
    }
  }

  private void offer(EventKey key) {
    if (wanted(key)) {
      synchronized (found) {
        found.add(key);
        if (found.size() > query.limit() + 1) {
          found.pollLast();
        }
      }
    }
  }

  /** One entity after another, and of each only what may be wanted. */
  private final class Places {
    /** More than are asked for: some may turn out to be of a stale incarnation. */
    private final int most = query.limit() + 65;

    private final TreeSet<EventKey> candidates = new TreeSet<>(order);
    private String persistenceId = "";
    private TermReplay<Lineage> lineage;

    /** The first in order that there was no room for; null for none. */
    private EventKey left;

    void row(JournalRow row) {
      if (!row.persistenceId().equals(persistenceId)) {
        end();
        persistenceId = row.persistenceId();
        lineage = new TermReplay<>(Lineage.upTo(0, 0), 0, 0);
      }
      if (row.mark() || EntityKind.of(persistenceId).isEmpty()) {
        return;
      }
      TermReplay.Position position = row.position();
      try {
        lineage.event(position, before -> before.with(position));
      } catch (IllegalStateException failure) {
        throw new JournalFault(persistenceId, row.sequenceNr(), failure.getMessage());
      }
      EventKey key = EventKey.of(row, position);
      if (wanted(key) && (left == null || order.compare(key, left) < 0)) {
        candidates.add(key);
        if (candidates.size() > most) {
          left = candidates.pollLast();
        }
      }
    }

    void end() {
      candidates.stream().filter(this::counts).forEach(EventSearch.this::offer);
      if (left != null && wanted(left)) {
        // So many of them did not count that some which were left out are wanted.
        journal
            .rows(persistenceId, 1)
            .forEachRemaining(
                row -> {
                  if (!row.mark() && counts(EventKey.of(row, row.position()))) {
                    offer(EventKey.of(row, row.position()));
                  }
                });
      }
      candidates.clear();
      left = null;
    }

    private boolean counts(EventKey key) {
      return key.version() <= lineage.version()
          && lineage.state().has(new TermReplay.Position(key.term(), 0, key.version()));
    }
  }

  /** What was found, with the states before and after it. */
  List<AuditEvent> events() {
    Map<String, List<EventKey>> byEntity = new HashMap<>();
    found.stream()
        .limit(query.limit())
        .forEach(
            key -> byEntity.computeIfAbsent(key.persistenceId(), id -> new ArrayList<>()).add(key));
    List<AuditEvent> events = new ArrayList<>();
    byEntity.forEach((id, keys) -> events.addAll(events(id, keys)));
    events.sort(Comparator.comparing(AuditEvent::key, order));
    return events;
  }

  private List<AuditEvent> events(String persistenceId, List<EventKey> keys) {
    long first = keys.stream().mapToLong(EventKey::version).min().orElseThrow();
    EventKey last = keys.stream().max(Comparator.comparingLong(EventKey::version)).orElseThrow();
    Instant written = keys.stream().map(EventKey::written).max(Instant::compareTo).orElseThrow();
    EntityKind kind = EntityKind.of(persistenceId).orElseThrow();
    Set<EventKey> wanted = Set.copyOf(keys);
    List<AuditEvent> events =
        new EntityHistory(journal, codec, persistenceId, kind)
            .between(
                first,
                last,
                written,
                step ->
                    wanted.contains(EventKey.of(step.row(), step.position()))
                        ? Optional.of(AuditEvent.of(step))
                        : Optional.empty());
    if (events.size() != keys.size()) {
      throw new JournalFault(
          persistenceId,
          "%d events of versions %d to %d were found, and its history has %d of them"
              .formatted(keys.size(), first, last.version(), events.size()));
    }
    return events;
  }

  /** Where the next page begins; empty when there is none. */
  Optional<EventKey> next() {
    if (found.size() <= query.limit()) {
      return Optional.empty();
    }
    Iterator<EventKey> keys = found.iterator();
    EventKey last = null;
    for (int at = 0; at < query.limit(); at++) {
      last = keys.next();
    }
    return Optional.ofNullable(last);
  }
}
