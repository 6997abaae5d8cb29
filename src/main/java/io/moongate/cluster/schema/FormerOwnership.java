package io.moongate.cluster.schema;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import com.datastax.oss.driver.api.core.cql.ColumnDefinitions;
import com.datastax.oss.driver.api.core.cql.ResultSet;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import io.moongate.cluster.unit.OwnershipRows;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The ownership rows of a keyspace of before they were kept in groups: table {@code
 * unit_ownership}. They are carried over into {@code unit_owners} while all gateways are stopped.
 * Epochs only grow, so it can be repeated: a row that has gone on is left as it is, and one whose
 * former table has gone on (the former version was run again) is brought up to it.
 */
final class FormerOwnership {
  static final String TABLE = "unit_ownership";

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private FormerOwnership() {}

  /**
   * Carries over what is there, by lightweight transactions.
   *
   * @return how many rows were set
   * @throws IllegalStateException when the former table is of a still older shape
   */
  static int carryOver(CqlSession session, String keyspace) {
    if (session
            .execute(
                statement(
                    "SELECT table_name FROM system_schema.tables"
                        + " WHERE keyspace_name = ? AND table_name = ?",
                    keyspace,
                    TABLE))
            .one()
        == null) {
      return 0;
    }
    int carried = 0;
    // Cassandra reads several partitions never serially: this finds which there are.
    for (Row each :
        session.execute(
            statement("SELECT unit_id FROM %s.%s".formatted(keyspace, TABLE))
                .setConsistencyLevel(DefaultConsistencyLevel.QUORUM))) {
      String unitId = each.getString("unit_id");
      Row former =
          session
              .execute(
                  statement(
                          "SELECT * FROM %s.%s WHERE unit_id = ?".formatted(keyspace, TABLE),
                          unitId)
                      .setConsistencyLevel(DefaultConsistencyLevel.SERIAL))
              .one();
      if (former != null && carryOver(session, keyspace, unitId, former)) {
        carried++;
      }
    }
    return carried;
  }

  private static boolean carryOver(CqlSession session, String keyspace, String unitId, Row former) {
    ColumnDefinitions columns = former.getColumnDefinitions();
    if (!columns.contains("shared_version") || !columns.contains("serving")) {
      throw new IllegalStateException(
          "table %s.%s is of before it had shared_version: its rows can't be carried over"
              .formatted(keyspace, TABLE));
    }
    List<Object> values =
        Arrays.asList(
            former.getLong("epoch"),
            former.getString("owner"),
            former.getString("incarnation"),
            former.getBoolean("serving"),
            former.getLong("shared_version"),
            former.getString("cause"),
            former.getInstant("changed_at"),
            OwnershipRows.group(unitId),
            unitId);
    ResultSet inserted =
        transact(
            session,
            "INSERT INTO %s.unit_owners (epoch, owner, incarnation, serving, shared_version, cause,"
                + " changed_at, unit_group, unit_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                + " IF NOT EXISTS",
            keyspace,
            values);
    if (inserted.wasApplied()) {
      return true;
    }
    List<Object> ifBehind = new ArrayList<>(values);
    ifBehind.add(former.getLong("epoch"));
    ResultSet caughtUp =
        transact(
            session,
            "UPDATE %s.unit_owners SET epoch = ?, owner = ?, incarnation = ?, serving = ?,"
                + " shared_version = ?, cause = ?, changed_at = ?"
                + " WHERE unit_group = ? AND unit_id = ? IF epoch < ?",
            keyspace,
            ifBehind);
    return caughtUp.wasApplied() || raise(session, keyspace, unitId, former);
  }

  /** The bound may have gone on under the same epoch. */
  private static boolean raise(CqlSession session, String keyspace, String unitId, Row former) {
    return transact(
            session,
            "UPDATE %s.unit_owners SET shared_version = ? WHERE unit_group = ? AND unit_id = ?"
                + " IF epoch = ? AND shared_version < ?",
            keyspace,
            List.of(
                former.getLong("shared_version"),
                OwnershipRows.group(unitId),
                unitId,
                former.getLong("epoch"),
                former.getLong("shared_version")))
        .wasApplied();
  }

  private static ResultSet transact(
      CqlSession session, String cql, String keyspace, List<Object> values) {
    return session.execute(
        statement(cql.formatted(keyspace), values.toArray())
            .setConsistencyLevel(DefaultConsistencyLevel.QUORUM)
            .setSerialConsistencyLevel(DefaultConsistencyLevel.SERIAL));
  }

  private static SimpleStatement statement(String cql, Object... values) {
    return SimpleStatement.builder(cql).addPositionalValues(values).setTimeout(TIMEOUT).build();
  }
}
