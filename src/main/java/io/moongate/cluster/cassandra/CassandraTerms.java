package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import io.moongate.cluster.entity.Terms;
import java.time.Clock;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** {@link Terms} in the table {@code entity_terms}. */
public final class CassandraTerms implements Terms {
  private static final int ATTEMPTS = 16;

  private final Serial serial;
  private final String table;
  private final String holder;
  private final Clock clock;

  /**
   * Makes them.
   *
   * @param session the driver's session
   * @param keyspace where the table is
   * @param holder who takes terms here, for people that read the table
   */
  public CassandraTerms(
      Supplier<CompletionStage<CqlSession>> session, String keyspace, String holder, Clock clock) {
    this.serial = new Serial(session);
    this.table = keyspace + ".entity_terms";
    this.holder = holder;
    this.clock = clock;
  }

  @Override
  public String holder() {
    return holder;
  }

  @Override
  public CompletionStage<Term> take(String persistenceId) {
    return read(persistenceId)
        .thenCompose(row -> row == null ? first(persistenceId) : next(persistenceId, row, 1));
  }

  private CompletionStage<Term> first(String persistenceId) {
    return serial
        .transact(
            "INSERT INTO %s (persistence_id, term, holder, taken_at) VALUES (?, 1, ?, ?)"
                    .formatted(table)
                + " IF NOT EXISTS",
            persistenceId,
            holder,
            clock.instant())
        .thenCompose(
            result ->
                result.wasApplied()
                    ? CompletableFuture.completedFuture(new Term(1, OptionalLong.empty(), 0))
                    : take(persistenceId));
  }

  private CompletionStage<Term> next(String persistenceId, Row row, int attempt) {
    long term = row.getLong("term");
    return serial
        .transact(
            "UPDATE %s SET term = ?, holder = ?, taken_at = ? WHERE persistence_id = ? IF term = ?"
                .formatted(table),
            term + 1,
            holder,
            clock.instant(),
            persistenceId,
            term)
        .thenCompose(
            result -> {
              if (!result.wasApplied() && attempt < ATTEMPTS) {
                return read(persistenceId)
                    .thenCompose(again -> next(persistenceId, again, attempt + 1));
              } else if (!result.wasApplied()) {
                return CompletableFuture.failedStage(
                    new IllegalStateException(
                        "%s: others took the term %d times".formatted(persistenceId, attempt)));
              }
              // Read again: a snapshot may have been recorded between our read and the update.
              return read(persistenceId)
                  .thenApply(
                      now ->
                          new Term(
                              term + 1,
                              now.isNull("snapshot_seq")
                                  ? OptionalLong.empty()
                                  : OptionalLong.of(now.getLong("snapshot_seq")),
                              now.isNull("snapshot_term") ? 0 : now.getLong("snapshot_term")));
            });
  }

  @Override
  public CompletionStage<Boolean> confirm(String persistenceId, Term term) {
    return read(persistenceId)
        .thenApply(row -> row != null && row.getLong("term") == term.number());
  }

  @Override
  public CompletionStage<Boolean> snapshotSaved(String persistenceId, Term term, long sequenceNr) {
    return serial
        .transact(
            "UPDATE %s SET snapshot_seq = ?, snapshot_term = ? WHERE persistence_id = ? IF term = ?"
                .formatted(table),
            sequenceNr,
            term.number(),
            persistenceId,
            term.number())
        .thenApply(result -> result.wasApplied());
  }

  private CompletionStage<Row> read(String persistenceId) {
    return serial
        .read(
            "SELECT term, snapshot_seq, snapshot_term FROM %s WHERE persistence_id = ?"
                .formatted(table),
            persistenceId)
        .thenApply(result -> result.one());
  }
}
