package io.moongate.audit;

import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.failure.Observation;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.serialization.Serialization;

/**
 * A journal of one unit with many large events and a snapshot after each, none of which is held:
 * they are made anew whenever they are read.
 */
final class GrowingJournal implements Journal {
  static final String UNIT = "grows";

  private final Serialization serialization;
  private final int events;
  private final int eventBytes;

  GrowingJournal(Serialization serialization, int events, int eventBytes) {
    this.serialization = serialization;
    this.events = events;
    this.eventBytes = eventBytes;
  }

  private void write(HistoryWriter writer, int event) {
    Instant at = AuditFixture.second(event);
    if (event == 0) {
      writer.write(AuditFixture.created(UNIT, at), AuditFixture.OPERATOR);
    } else if (event == events - 1) {
      writer.write(AuditFixture.served(event - 1L, at), AuditFixture.OPERATOR);
    } else {
      String detail = "seen " + event + " ".repeat(eventBytes);
      writer.write(
          new LogicalUnit.OwnerChosen(
              "gw" + (1 + event % 3),
              "i",
              event,
              "gateway gone",
              List.of(
                  new Observation(
                      "gw3", "gw9", "i-gw9", Observation.Kind.PROCESS_GONE, at, detail)),
              at,
              false),
          AuditFixture.GW1);
    }
  }

  /** What is made of each event, in their order. */
  private abstract class Made<T> implements Iterator<T> {
    final Deque<T> ready = new ArrayDeque<>();
    final HistoryWriter writer =
        new HistoryWriter(serialization, AuditFixture.unit(UNIT), this::written);
    private int event;

    void written(JournalRow row) {}

    void wasWritten() {}

    @Override
    public boolean hasNext() {
      while (ready.isEmpty() && event < events) {
        write(writer, event++);
        wasWritten();
      }
      return !ready.isEmpty();
    }

    @Override
    public T next() {
      return ready.remove();
    }
  }

  @Override
  public Iterator<Entity> entities(long afterToken) {
    return List.of(new Entity(AuditFixture.unit(UNIT), 1)).iterator();
  }

  @Override
  public Iterator<JournalRow> rows(String persistenceId, long fromSequenceNr) {
    return new Made<>() {
      @Override
      void written(JournalRow row) {
        if (row.sequenceNr() >= fromSequenceNr) {
          ready.add(row);
        }
      }
    };
  }

  @Override
  public Iterator<StoredSnapshot> snapshots(String persistenceId, Instant until) {
    return Collections.emptyIterator();
  }

  @Override
  public Iterator<StoredSnapshot> snapshots(String persistenceId) {
    return new Made<>() {
      @Override
      void wasWritten() {
        ready.add(writer.snapshot(AuditFixture.BEGIN));
      }
    };
  }

  @Override
  public void places(int part, int parts, Consumer<JournalRow> row) {
    rows(AuditFixture.unit(UNIT), 1)
        .forEachRemaining(
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
