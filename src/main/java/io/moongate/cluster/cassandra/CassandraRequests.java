package io.moongate.cluster.cassandra;

import com.datastax.oss.driver.api.core.config.DriverExecutionProfile;
import com.datastax.oss.driver.api.core.context.DriverContext;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.session.Request;
import com.datastax.oss.driver.api.core.tracker.RequestTracker;
import io.moongate.measure.Latencies;
import io.moongate.measure.SharedLatencies;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Times what is asked of Cassandra, by this process's tables and by the journal. The driver makes
 * it by name from {@code datastax-java-driver.advanced.request-tracker.classes}.
 */
public final class CassandraRequests implements RequestTracker {

  /**
   * What was asked.
   *
   * @param kind what for: journal_write, journal_read, snapshot, ownership, charter, term or other
   * @param failed whether it failed, or no answer came in time
   */
  public record Asked(String kind, boolean failed) implements Comparable<Asked> {
    @Override
    public int compareTo(Asked other) {
      int order = kind.compareTo(other.kind);
      return order != 0 ? order : Boolean.compare(failed, other.failed);
    }
  }

  private static final Map<Asked, SharedLatencies> TIMES = new ConcurrentHashMap<>();

  /** The constructor that the driver calls. */
  public CassandraRequests(DriverContext context) {}

  @Override
  public void onSuccess(
      Request request,
      long latencyNanos,
      DriverExecutionProfile profile,
      Node node,
      String requestLogPrefix) {
    record(request, false, latencyNanos);
  }

  @Override
  public void onError(
      Request request,
      Throwable error,
      long latencyNanos,
      DriverExecutionProfile profile,
      Node node,
      String requestLogPrefix) {
    record(request, true, latencyNanos);
  }

  @Override
  public void close() {}

  private static void record(Request request, boolean failed, long nanos) {
    TIMES
        .computeIfAbsent(new Asked(kind(query(request)), failed), first -> new SharedLatencies())
        .record(nanos);
  }

  private static String query(Request request) {
    if (request instanceof BoundStatement bound) {
      return bound.getPreparedStatement().getQuery();
    }
    if (request instanceof SimpleStatement simple) {
      return simple.getQuery();
    }
    if (request instanceof BatchStatement batch) {
      Iterator<? extends Request> statements = batch.iterator();
      return statements.hasNext() ? query(statements.next()) : "";
    }
    return "";
  }

  /** What a query is for, by the table that it is about. */
  static String kind(String query) {
    String text = query.toLowerCase(Locale.ROOT);
    if (text.contains(".messages")) {
      return text.stripLeading().startsWith("select") ? "journal_read" : "journal_write";
    }
    if (text.contains(".snapshots")) {
      return "snapshot";
    }
    if (text.contains(".unit_owners")) {
      return "ownership";
    }
    if (text.contains(".lease_charter")) {
      return "charter";
    }
    return text.contains(".entity_terms") ? "term" : "other";
  }

  /** How long requests took so far. */
  public static Map<Asked, Latencies> read() {
    Map<Asked, Latencies> all = new TreeMap<>();
    TIMES.forEach((asked, times) -> all.put(asked, times.read()));
    return all;
  }
}
