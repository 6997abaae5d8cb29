package io.moongate.cluster.entity;

import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** {@link Terms} in memory. */
public final class FakeTerms implements Terms {
  private record Row(long term, OptionalLong snapshotSequenceNr, long snapshotTerm) {}

  private final Map<String, Row> rows = new ConcurrentHashMap<>();

  /** Before a term is taken. */
  public final Gate take = new Gate();

  /** Before a confirmation reads. */
  public final Gate confirm = new Gate();

  @Override
  public String holder() {
    return "gw1";
  }

  @Override
  public CompletionStage<Term> take(String persistenceId) {
    return take.pass(
        () -> {
          Row row =
              rows.merge(
                  persistenceId,
                  new Row(1, OptionalLong.empty(), 0),
                  (old, first) ->
                      new Row(old.term() + 1, old.snapshotSequenceNr(), old.snapshotTerm()));
          return new Term(row.term(), row.snapshotSequenceNr(), row.snapshotTerm());
        });
  }

  @Override
  public CompletionStage<Boolean> confirm(String persistenceId, Term term) {
    return confirm.pass(() -> rows.get(persistenceId).term() == term.number());
  }

  @Override
  public CompletionStage<Boolean> snapshotSaved(String persistenceId, Term term, long sequenceNr) {
    return new Gate()
        .pass(
            () ->
                term.number()
                    == rows.computeIfPresent(
                            persistenceId,
                            (id, row) ->
                                row.term() == term.number()
                                    ? new Row(
                                        row.term(), OptionalLong.of(sequenceNr), term.number())
                                    : row)
                        .term());
  }

  /** The newest term. */
  public long term(String persistenceId) {
    Row row = rows.get(persistenceId);
    return row == null ? 0 : row.term();
  }

  /** The last snapshot that was recorded. */
  public OptionalLong snapshot(String persistenceId) {
    Row row = rows.get(persistenceId);
    return row == null ? OptionalLong.empty() : row.snapshotSequenceNr();
  }
}
