package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Serial statements: lightweight transactions, and reads that see their outcome. Statements are
 * prepared once.
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
    return session
        .get()
        .thenCompose(
            cqlSession ->
                prepare(cqlSession, cql)
                    .thenCompose(
                        statement ->
                            cqlSession.executeAsync(
                                statement
                                    .bind(values)
                                    .setConsistencyLevel(consistency)
                                    .setSerialConsistencyLevel(ConsistencyLevel.SERIAL)
                                    .setIdempotent(false))));
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
