package io.moongate.cluster.ownership;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LoadExchangeTest {
  private static final Duration WINDOW = Duration.ofSeconds(3);

  private static ActorTestKit kit;

  private final AtomicLong now = new AtomicLong();
  private final Map<String, Double> work = new ConcurrentHashMap<>();

  @BeforeAll
  static void start() {
    kit = ActorTestKit.create(ConfigFactory.parseString("pekko.loglevel = WARNING"));
  }

  @AfterAll
  static void stop() {
    kit.shutdownTestKit();
  }

  private UnitLoads exchange(String gateway, Map<String, Double> done) {
    UnitLoads loads = new UnitLoads(gateway, WINDOW, () -> now.addAndGet(1_000_000));
    kit.spawn(LoadExchange.create(gateway, loads, WINDOW, () -> Map.copyOf(done)));
    return loads;
  }

  private void eventually(BooleanSupplier condition) {
    kit.createTestProbe()
        .awaitAssert(
            Duration.ofSeconds(20),
            () -> {
              assertTrue(condition.getAsBoolean());
              return null;
            });
  }

  @Test
  void whatOneMeasuresAllKnow() {
    UnitLoads other = exchange("other", Map.of());
    work.put("u", 1_000.0);
    UnitLoads own = exchange("own", work);
    eventually(() -> other.knownOf(Set.of("own")));
    work.put("u", 5_000.0);
    eventually(() -> own.of("u") > 0 && other.of("u") == own.of("u"));
    assertTrue(own.knownOf(Set.of("other")), "who has nothing to say says that");

    UnitLoads late = exchange("late", Map.of());
    eventually(() -> late.of("u") > 0);
  }

  @Test
  void manyUnitsAreToldInPortions() {
    TestProbe<LoadExchange.Command> probe = kit.createTestProbe(LoadExchange.Command.class);
    kit.system().receptionist().tell(Receptionist.register(LoadExchange.SERVICE, probe.getRef()));
    int units = 2 * LoadExchange.PORTION + 1;
    for (int i = 0; i < units; i++) {
      work.put("many" + i, 0.0);
    }
    AtomicLong measurements = new AtomicLong();
    UnitLoads loads = new UnitLoads("many", WINDOW, () -> now.addAndGet(1_000_000));
    kit.spawn(
        LoadExchange.create(
            "many",
            loads,
            WINDOW,
            () -> {
              double done = measurements.incrementAndGet() * 1e6;
              work.replaceAll((unit, before) -> done);
              return Map.copyOf(work);
            }));
    Map<String, Double> heard = new HashMap<>();
    for (int message = 0; heard.size() < units; message++) {
      assertTrue(message < 1_000, "told of " + heard.size());
      if (probe.receiveMessage(Duration.ofSeconds(20)) instanceof LoadExchange.Told told
          && told.gateway().equals("many")) {
        heard.putAll(told.loads());
        assertTrue(told.loads().size() <= LoadExchange.PORTION);
      }
    }
  }

  /** It measures on when the rest of the gateway has failed once. */
  @Test
  void aFailureIsNotItsEnd() {
    AtomicLong asked = new AtomicLong();
    UnitLoads loads = new UnitLoads("failing", WINDOW, () -> now.addAndGet(1_000_000));
    kit.spawn(
        LoadExchange.create(
            "failing",
            loads,
            WINDOW,
            () -> {
              if (asked.incrementAndGet() == 1) {
                throw new IllegalStateException("by the test");
              }
              return Map.of("f", asked.get() * 1e6);
            }));
    eventually(() -> loads.of("f") > 0);
  }
}
