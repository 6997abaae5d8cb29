package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverTimeoutException;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.servererrors.WriteTimeoutException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import io.moongate.cluster.cassandra.CassandraOwnershipRows;
import io.moongate.cluster.schema.SchemaConnection;
import io.moongate.cluster.schema.SchemaTool;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.unit.OwnershipRows.Row;
import io.moongate.cluster.unit.OwnershipRows.TakeOver;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.TestCluster;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The ownership rows in a real Cassandra, in a keyspace of their own. */
@ClusterAlone
class OwnershipRowsIT {
  private static final String KEYSPACE = "rows_it";
  private static final Duration BOUND = Duration.ofSeconds(30);

  /** Above what a gateway puts into one transaction, and above 50 KiB, which Cassandra refuses. */
  private static final int MANY = 300;

  /** Transactions on one row at once: far more than Cassandra decides before it gives some up. */
  private static final int CONTENDERS = 400;

  /** How many must have been given up: what comes after the first is what could be misread. */
  private static final int GIVEN_UP = 20;

  private static CqlSession session;
  private static OwnershipRows rows;

  @BeforeAll
  static void open(TestCluster cluster) {
    session =
        new SchemaConnection(
                List.of(cluster.cassandra().contactPoint()),
                "datacenter1",
                KEYSPACE,
                1,
                "",
                "",
                false,
                Optional.empty())
            .open(BOUND);
    drop();
    assertEquals(0, SchemaTool.apply(session, KEYSPACE, 1));
    rows =
        new CassandraOwnershipRows(
            () -> CompletableFuture.completedStage(session), KEYSPACE, Clock.systemUTC());
  }

  @AfterAll
  static void close() {
    drop();
    session.close();
  }

  private static void drop() {
    session.execute(
        SimpleStatement.newInstance("DROP KEYSPACE IF EXISTS " + KEYSPACE).setTimeout(BOUND));
  }

  private static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(BOUND.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Units of one group, each owned by gw1 under epoch 1. */
  private static List<String> units(String name, int count) {
    int group = OwnershipRows.group(name);
    List<String> ids = new ArrayList<>();
    for (int number = 0; ids.size() < count; number++) {
      String id = name + "-" + number;
      if (OwnershipRows.group(id) == group) {
        ids.add(id);
      }
    }
    ids.forEach(id -> get(rows.claim(id, new Row(1, "gw1", "gw1-p1"), 0, "first owner")));
    return ids;
  }

  private static Row by(String gateway) {
    return new Row(2, gateway, gateway + "-p1", true);
  }

  private static List<TakeOver> wanted(List<String> ids, String gateway) {
    return ids.stream().map(id -> new TakeOver(id, by(gateway), 0, "failover from gw1")).toList();
  }

  private static Map<String, Row> all(List<String> ids, Row row) {
    Map<String, Row> expected = new HashMap<>();
    ids.forEach(id -> expected.put(id, row));
    return expected;
  }

  @Test
  void manyAreSetByOneTransaction() {
    List<String> ids = units("many", MANY);
    assertEquals(all(ids, by("gw2")), get(rows.takeOver(wanted(ids, "gw2"))));
    assertEquals(Optional.of(by("gw2")), get(rows.read(ids.get(MANY - 1))));
    assertEquals(all(ids, by("gw2")), get(rows.takeOver(wanted(ids, "gw3"))), "they are gw2's");
  }

  @Test
  void whatOneRowRefusesIsNotRefusedTheOthers() {
    List<String> ids = units("some", 8);
    Row elsewhere = new Row(2, "gw3", "gw3-p1");
    assertEquals(elsewhere, get(rows.claim(ids.get(1), elsewhere, 0, "entity")));
    assertEquals(Optional.empty(), get(rows.raise(ids.get(2), 1, 1)));
    List<TakeOver> wanted = new ArrayList<>(wanted(ids, "gw2"));
    String none = ids.get(0) + "-none";
    while (OwnershipRows.group(none) != OwnershipRows.group(ids.get(0))) {
      none += "x";
    }
    wanted.add(new TakeOver(none, by("gw2"), 0, "it has no row"));
    Map<String, Row> expected = all(ids, by("gw2"));
    expected.put(ids.get(1), elsewhere);
    expected.put(ids.get(2), new Row(1, "gw1", "gw1-p1"));
    assertEquals(expected, get(rows.takeOver(wanted)));
    assertEquals(Optional.empty(), get(rows.read(none)), "nothing came into being");
    assertEquals(expected, get(rows.takeOver(wanted)), "asked for again");
  }

  /** gw1 has given them to gw2 with a change that gw2, which claims them as well, does not know. */
  @Test
  void whatWasHandedOverUponAnotherVersionIsNotTakenForAClaim() {
    List<String> ids = units("given", 3);
    assertEquals(Optional.empty(), get(rows.raise(ids.get(0), 1, 1)));
    List<TakeOver> given = List.of(new TakeOver(ids.get(0), by("gw2"), 1, "move"));
    assertEquals(Map.of(ids.get(0), by("gw2")), get(rows.takeOver(given)));
    Map<String, Row> others = all(ids.subList(1, 3), by("gw2"));
    assertEquals(others, get(rows.takeOver(wanted(ids, "gw2"))));
    assertEquals(Map.of(ids.get(0), by("gw2")), get(rows.takeOver(given)), "whose own it is");
  }

  /** Of two that take different units of one group over at the same time each gets its own. */
  @Test
  void twoClaimantsOfOneGroup() {
    List<String> ids = units("two", 20);
    CompletionStage<Map<String, Row>> one = rows.takeOver(wanted(ids.subList(0, 10), "gw2"));
    CompletionStage<Map<String, Row>> other = rows.takeOver(wanted(ids.subList(10, 20), "gw3"));
    assertEquals(all(ids.subList(0, 10), by("gw2")), get(one));
    assertEquals(all(ids.subList(10, 20), by("gw3")), get(other));
  }

  /** And of two that want the same units one gets each. */
  @Test
  void twoClaimantsOfTheSameUnits() {
    List<String> ids = units("same", 10);
    CompletionStage<Map<String, Row>> one = rows.takeOver(wanted(ids, "gw2"));
    CompletionStage<Map<String, Row>> other = rows.takeOver(wanted(ids.subList(5, 10), "gw3"));
    assertEquals(get(one).get(ids.get(0)), by("gw2"));
    for (String id : ids.subList(5, 10)) {
      Row said = get(one).get(id);
      assertTrue(said.equals(by("gw2")) || said.equals(by("gw3")), said::toString);
      assertEquals(said, get(other).get(id));
      assertEquals(Optional.of(said), get(rows.read(id)));
    }
  }

  @Test
  void unitsOfSeveralGroupsAreNoTransaction() {
    List<String> ids = List.of(units("left", 1).get(0), units("right", 1).get(0));
    assertThrows(IllegalArgumentException.class, () -> rows.takeOver(wanted(ids, "gw2")));
  }

  @Test
  void rowsOfTheFormerTableAreCarriedOver() {
    session.execute(
        ("CREATE TABLE %s.unit_ownership (unit_id text PRIMARY KEY, epoch bigint, owner text,"
                + " incarnation text, serving boolean, shared_version bigint, cause text,"
                + " changed_at timestamp)")
            .formatted(KEYSPACE));
    for (String unit : List.of("'carried-1', 7", "'carried-2', 3")) {
      session.execute(
          ("INSERT INTO %s.unit_ownership (unit_id, epoch, owner, incarnation, serving,"
                  + " shared_version, cause, changed_at)"
                  + " VALUES (%s, 'gw1', 'gw1-p1', true, 4, 'test', toTimestamp(now()))"
                  + " IF NOT EXISTS")
              .formatted(KEYSPACE, unit));
    }
    assertEquals(2, SchemaTool.apply(session, KEYSPACE, 1));
    assertEquals(Optional.of(new Row(7, "gw1", "gw1-p1", true)), get(rows.read("carried-1")));
    assertEquals(Optional.empty(), get(rows.raise("carried-1", 7, 4)));
    Row next = new Row(4, "gw2", "gw2-p1", true);
    assertEquals(
        Map.of("carried-2", next),
        get(rows.takeOver(List.of(new TakeOver("carried-2", next, 4, "bound as it was")))));
    assertEquals(0, SchemaTool.apply(session, KEYSPACE, 1), "what has gone on stays");
    assertEquals(Optional.of(next), get(rows.read("carried-2")));
    session.execute(
        "UPDATE %s.unit_ownership SET epoch = 9 WHERE unit_id = 'carried-2' IF epoch = 3"
            .formatted(KEYSPACE));
    assertEquals(1, SchemaTool.apply(session, KEYSPACE, 1), "the former version was run again");
    assertEquals(Optional.of(new Row(9, "gw1", "gw1-p1", true)), get(rows.read("carried-2")));
    session.execute("DROP TABLE %s.unit_ownership".formatted(KEYSPACE));
  }

  /**
   * With a gateway's own settings of the driver: what one transaction is told costs no other its
   * answer, nor the connection (decision 36).
   */
  @Test
  void aTransactionThatOthersKeptFromDecidingCostsOnlyItself(TestCluster cluster) throws Exception {
    String id = units("contended", 1).get(0);
    LongAdder kept = new LongAdder();
    Set<String> others = ConcurrentHashMap.newKeySet();
    try (CqlSession gateways = asOfAGateway(cluster.cassandra().contactPoint())) {
      PreparedStatement change =
          gateways.prepare(
              "UPDATE %s.unit_owners SET shared_version = ? WHERE unit_group = ? AND unit_id = ?"
                      .formatted(KEYSPACE)
                  + " IF epoch = 1");
      PreparedStatement read =
          gateways.prepare(
              "SELECT owner FROM %s.unit_owners WHERE unit_group = ? AND unit_id = ?"
                  .formatted(KEYSPACE));
      int group = OwnershipRows.group(id);
      Semaphore room = new Semaphore(CONTENDERS);
      long end = System.nanoTime() + BOUND.multipliedBy(2).toNanos();
      for (long i = 0; isToGoOn(kept, others, end); i++) {
        assertTrue(room.tryAcquire(BOUND.toSeconds(), TimeUnit.SECONDS));
        BoundStatement one = i % 4 == 0 ? read.bind(group, id) : change.bind(i, group, id);
        var unused =
            gateways
                .executeAsync(one)
                .whenComplete(
                    (applied, failure) -> {
                      note(failure, kept, others);
                      room.release();
                    });
      }
      assertTrue(room.tryAcquire(CONTENDERS, BOUND.toSeconds(), TimeUnit.SECONDS));
    }
    assertEquals(Set.of(), others);
    assertTrue(kept.sum() >= GIVEN_UP, "too few were kept from deciding: that shows nothing");
  }

  private static boolean isToGoOn(LongAdder kept, Set<String> others, long end) {
    return kept.sum() < GIVEN_UP && others.isEmpty() && System.nanoTime() - end < 0;
  }

  private static CqlSession asOfAGateway(String contactPoint) {
    Config conf =
        ConfigFactory.parseMap(Map.of("moongate.cassandra.contact-points", List.of(contactPoint)))
            .withFallback(ConfigFactory.parseResources("persistence.conf"));
    Config ofTheDriver =
        conf.withOnlyPath("moongate.cassandra")
            .withFallback(conf.withOnlyPath("datastax-java-driver"))
            .resolve()
            .withOnlyPath("datastax-java-driver");
    return CqlSession.builder()
        .withConfigLoader(
            DriverConfigLoader.fromString(ofTheDriver.root().render(ConfigRenderOptions.concise())))
        .build();
  }

  private static void note(Throwable failure, LongAdder kept, Set<String> others) {
    if (failure instanceof WriteTimeoutException) {
      kept.increment();
    } else if (failure != null && !(failure instanceof DriverTimeoutException)) {
      others.add(failure.toString());
    }
  }
}
