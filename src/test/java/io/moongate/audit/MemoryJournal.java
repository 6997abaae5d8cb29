package io.moongate.audit;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** A {@link Journal} in memory. */
final class MemoryJournal implements Journal {
  private static final Comparator<JournalRow> ORDER =
      Comparator.comparingLong(JournalRow::sequenceNr).thenComparing(JournalRow::written);

  final Map<String, List<JournalRow>> rows = new TreeMap<>();
  final Map<String, List<StoredSnapshot>> snapshots = new TreeMap<>();

  void add(JournalRow row) {
    List<JournalRow> all = rows.computeIfAbsent(row.persistenceId(), id -> new ArrayList<>());
    all.add(row);
    all.sort(ORDER);
  }

  void add(String persistenceId, StoredSnapshot snapshot) {
    List<StoredSnapshot> all = snapshots.computeIfAbsent(persistenceId, id -> new ArrayList<>());
    all.removeIf(old -> old.sequenceNr() == snapshot.sequenceNr());
    all.add(snapshot);
    all.sort(Comparator.comparingLong(StoredSnapshot::sequenceNr).reversed());
  }

  List<JournalRow> of(String persistenceId) {
    return rows.get(persistenceId);
  }

  @Override
  public Iterator<Entity> entities(long afterToken) {
    List<Entity> all = new ArrayList<>();
    for (String id : rows.keySet()) {
      all.add(new Entity(id, all.size()));
    }
    all.removeIf(entity -> entity.token() <= afterToken);
    return all.iterator();
  }

  @Override
  public Iterator<JournalRow> rows(String persistenceId, long fromSequenceNr) {
    return rows.getOrDefault(persistenceId, List.of()).stream()
        .filter(row -> row.sequenceNr() >= fromSequenceNr)
        .toList()
        .iterator();
  }

  @Override
  public Iterator<StoredSnapshot> snapshots(String persistenceId, Instant until) {
    return snapshots.getOrDefault(persistenceId, List.of()).stream()
        .filter(snapshot -> !snapshot.saved().isAfter(until))
        .toList()
        .iterator();
  }

  @Override
  public Iterator<StoredSnapshot> snapshots(String persistenceId) {
    List<StoredSnapshot> all = new ArrayList<>(snapshots.getOrDefault(persistenceId, List.of()));
    Collections.reverse(all);
    return all.iterator();
  }

  @Override
  public void places(int part, int parts, Consumer<JournalRow> row) {
    int at = 0;
    for (List<JournalRow> all : rows.values()) {
      if (at++ % parts == part) {
        all.forEach(
            each ->
                row.accept(
                    new JournalRow(
                        each.persistenceId(),
                        each.sequenceNr(),
                        each.written(),
                        each.manifest(),
                        null)));
      }
    }
  }
}
