package io.moongate.audit;

import io.moongate.cluster.entity.TermReplay;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
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
    private String persistenceId = "";
    private TermReplay<Lineage> lineage;
    private final Deque<JournalRow> candidates = new ArrayDeque<>();

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
      if (wanted(EventKey.of(row, position))) {
        candidates.add(row);
        if (candidates.size() > 2 * query.limit() + 64) {
          if (query.ascending()) {
            candidates.removeLast();
          } else {
            candidates.removeFirst();
          }
        }
      }
    }

    void end() {
      for (JournalRow row : candidates) {
        TermReplay.Position position = row.position();
        if (position.version() <= lineage.version() && lineage.state().has(position)) {
          offer(EventKey.of(row, position));
        }
      }
      candidates.clear();
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
    long last = keys.stream().mapToLong(EventKey::version).max().orElseThrow();
    Instant written = keys.stream().map(EventKey::written).max(Instant::compareTo).orElseThrow();
    EntityKind kind = EntityKind.of(persistenceId).orElseThrow();
    Set<EventKey> wanted = Set.copyOf(keys);
    return new EntityHistory(journal, codec, persistenceId, kind)
        .between(
            first,
            last,
            written,
            step ->
                wanted.contains(EventKey.of(step.row(), step.position()))
                    ? Optional.of(AuditEvent.of(step))
                    : Optional.empty());
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
