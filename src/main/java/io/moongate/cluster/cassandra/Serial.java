package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchStatementBuilder;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * Serial statements: lightweight transactions, and reads that see their outcome. Statements are
 * prepared once.
 *
 * <p>A node of Cassandra that is lost with a statement under way may have executed it. The driver
 * then sends it to another node. So a transaction given here must not apply twice to another effect
 * than once: its condition must not hold any more after it, or it must set the same again. And
 * whoever is told that it was not applied has to read who applied it, which may be themselves.
 */
final class Serial {
  private final Supplier<CompletionStage<CqlSession>> session;
  private final Map<String, CompletionStage<PreparedStatement>> prepared =
      new ConcurrentHashMap<>();

  Serial(Supplier<CompletionStage<CqlSession>> session) {
    this.session = session;
  }

  /** A lightweight transaction: paxos at SERIAL, committed at QUORUM. */
  CompletionStage<AsyncResultSet> transact(String cql, Object... values) {
    return execute(cql, ConsistencyLevel.QUORUM, values);
  }

  /**
   * One lightweight transaction of many statements that differ by their values, all on one
   * partition: they are applied when the conditions of all hold, or else none is.
   */
  CompletionStage<AsyncResultSet> transactAll(String cql, List<Object[]> values) {
    return prepared(
        cql,
        (cqlSession, statement) -> {
          // Unlogged: it is one partition, and so one mutation.
          BatchStatementBuilder batch = BatchStatement.builder(DefaultBatchType.UNLOGGED);
          values.forEach(each -> batch.addStatement(statement.bind(each)));
          return cqlSession.executeAsync(serially(batch.build(), ConsistencyLevel.QUORUM));
        });
  }

  /** A serial read: sees, and completes, any transaction that is under way. */
  CompletionStage<AsyncResultSet> read(String cql, Object... values) {
    return execute(cql, ConsistencyLevel.SERIAL, values);
  }

  /** A read of several partitions: Cassandra allows no serial one. */
  CompletionStage<AsyncResultSet> scan(String cql) {
    return execute(cql, ConsistencyLevel.QUORUM);
  }

  private CompletionStage<AsyncResultSet> execute(
      String cql, ConsistencyLevel consistency, Object... values) {
    return prepared(
        cql,
        (cqlSession, statement) ->
            cqlSession.executeAsync(serially(statement.bind(values), consistency)));
  }

  private static <T extends Statement<T>> T serially(T statement, ConsistencyLevel consistency) {
    return statement
        .setConsistencyLevel(consistency)
        .setSerialConsistencyLevel(ConsistencyLevel.SERIAL)
        .setIdempotent(true);
  }

  private CompletionStage<AsyncResultSet> prepared(
      String cql,
      BiFunction<CqlSession, PreparedStatement, CompletionStage<AsyncResultSet>> execution) {
    return session
        .get()
        .thenCompose(
            cqlSession ->
                prepare(cqlSession, cql)
                    .thenCompose(statement -> execution.apply(cqlSession, statement)));
  }

  private CompletionStage<PreparedStatement> prepare(CqlSession cqlSession, String cql) {
    CompletionStage<PreparedStatement> known = prepared.get(cql);
    if (known != null && !known.toCompletableFuture().isCompletedExceptionally()) {
      return known;
    }
    CompletionStage<PreparedStatement> fresh = cqlSession.prepareAsync(cql);
    prepared.put(cql, fresh);
    return fresh;
  }
}
