package io.moongate.audit;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * How a gateway answers from the journal.
 *
 * @param keyspace of the journal
 * @param threads that replay, 1 to 64
 * @param bound in which an answer has to be there
 */
public record AuditSettings(String keyspace, int threads, Duration bound) {
  private static final int MOST_THREADS = 64;

  /**
   * Reads them.
   *
   * @param config a gateway's
   * @throws IllegalArgumentException when {@code moongate.audit.threads} is out of its range
   */
  public static AuditSettings from(Config config) {
    int threads = config.getInt("moongate.audit.threads");
    if (threads < 1 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "moongate.audit.threads must be 1 to %d, and is %d".formatted(MOST_THREADS, threads));
    }
    return new AuditSettings(
        config.getString("moongate.cassandra.keyspace"),
        threads,
        config.getDuration("moongate.management.request-timeout"));
  }
}
