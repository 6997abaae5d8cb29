package io.moongate.cluster.cassandra;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** With what the driver is asked; what Cassandra does with it is shown by real ones. */
class SerialTest {

  /** What was set of the statement that is executed, by the driver's method. */
  private final Map<String, Object> asked = new HashMap<>();

  private final Serial serial = new Serial(() -> CompletableFuture.completedStage(session()));

  private CqlSession session() {
    BoundStatement bound =
        stub(
            BoundStatement.class,
            (self, method, arguments) -> {
              asked.put(method.getName(), arguments[0]);
              return self;
            });
    PreparedStatement prepared = stub(PreparedStatement.class, (self, method, arguments) -> bound);
    return stub(
        CqlSession.class,
        (self, method, arguments) ->
            method.getName().equals("prepareAsync")
                ? CompletableFuture.completedStage(prepared)
                : CompletableFuture.completedStage(null));
  }

  private static <T> T stub(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  @Test
  void aTransactionIsSentToAnotherNodeWhenTheFirstIsLost() {
    serial.transact("UPDATE t SET a = ? WHERE id = ? IF a = ?", 2, "x", 1);
    assertEquals(
        Map.of(
            "setConsistencyLevel",
            ConsistencyLevel.QUORUM,
            "setSerialConsistencyLevel",
            ConsistencyLevel.SERIAL,
            "setIdempotent",
            true),
        asked);
  }

  @Test
  void aSerialReadToo() {
    serial.read("SELECT a FROM t WHERE id = ?", "x");
    assertEquals(ConsistencyLevel.SERIAL, asked.get("setConsistencyLevel"));
    assertEquals(true, asked.get("setIdempotent"));
  }
}
