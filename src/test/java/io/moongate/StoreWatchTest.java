package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.moongate.failure.StoreTrend;
import io.moongate.volume.Volume;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StoreWatchTest {
  private static final StoreTrend.Settings SETTINGS =
      new StoreTrend.Settings(
          Duration.ofSeconds(2),
          3,
          Duration.ofSeconds(2),
          Duration.ofSeconds(5),
          Duration.ofSeconds(15),
          Duration.ofSeconds(60));

  private final Map<String, Volume> open = new HashMap<>();
  private final List<String> said = new ArrayList<>();
  private Set<String> units = Set.of("u1", "u2");
  private Volume.Health health = Volume.Health.UNKNOWN;
  private boolean fenced;
  private boolean abandonable;
  private boolean lost;
  private long now;

  private final StoreWatch watch =
      new StoreWatch(
          SETTINGS,
          () -> units,
          id -> Optional.ofNullable(open.get(id)),
          () -> now,
          new StoreWatch.Way() {
            @Override
            public boolean isLost(String unitId) {
              return lost;
            }

            @Override
            public void look() {
              said.add("the way");
            }
          },
          new StoreWatch.Listener() {
            @Override
            public void seen(
                String unitId, io.moongate.failure.Observation.Kind kind, String detail) {
              said.add(unitId + " " + kind);
            }

            @Override
            public void fenced(String unitId) {
              said.add(unitId + " fenced");
            }
          });

  private Volume volume() {
    return (Volume)
        Proxy.newProxyInstance(
            Volume.class.getClassLoader(),
            new Class<?>[] {Volume.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "health" -> health;
                  case "isFenced" -> fenced;
                  case "isAbandonable" -> abandonable;
                  case "hashCode" -> System.identityHashCode(proxy);
                  default -> throw new AssertionError(method);
                });
  }

  private List<String> look() {
    now += watch.pause().toNanos();
    said.clear();
    watch.look();
    return List.copyOf(said);
  }

  @Test
  void whatChangesIsSaidOnce() {
    open.put("u1", volume());
    assertEquals(List.of(), look());
    health = new Volume.Health(0, 4, 4, 3, 4, false);
    assertEquals(List.of("u1 STORE_FAILING"), look());
    assertEquals(List.of(), look());
    open.clear();
    now += Duration.ofSeconds(50).toNanos();
    assertEquals(List.of(), look(), "it stands though the unit is elsewhere");
    now += Duration.ofSeconds(20).toNanos();
    assertEquals(List.of("u1 STORE_WELL"), look());
    assertEquals(List.of(), look());
  }

  @Test
  void otherBoundsCountForWhatIsLookedAtAlreadyAndForWhatComes() {
    open.put("u1", volume());
    assertEquals(List.of(), look());
    watch.judgeBy(
        new StoreTrend.Settings(
            SETTINGS.window(),
            9,
            SETTINGS.slowAfter(),
            SETTINGS.stuckAfter(),
            SETTINGS.patience(),
            SETTINGS.standsFor()));
    open.put("u2", volume());
    assertEquals(List.of(), look());
    health = new Volume.Health(0, 4, 4, 3, 4, false);
    assertEquals(List.of(), look(), "three failures are too few");
    watch.judgeBy(SETTINGS);
    assertEquals(
        List.of("u1 STORE_FAILING", "u2 STORE_FAILING"), look().stream().sorted().toList());
  }

  @Test
  void whatIsFencedIsSaidUntilItIsClosed() {
    open.put("u1", volume());
    assertEquals(List.of(), look());
    fenced = true;
    assertEquals(List.of("u1 fenced"), look());
    assertEquals(List.of("u1 fenced"), look());
    open.clear();
    assertEquals(List.of(), look());
  }

  /** Where it can be given up, and the way to the store is lost, another gateway may do better. */
  @Test
  void whatHangsIsAReasonToMoveWhereItCanBeGivenUp() {
    open.put("u1", volume());
    health = new Volume.Health(7, 4, 4, 0, 4, false);
    look();
    now += Duration.ofMillis(900).toNanos();
    List<String> seen = new ArrayList<>();
    for (int looks = 0; looks < 24; looks++) {
      seen.addAll(look());
    }
    assertEquals(List.of("u1 STORE_STUCK", "the way"), seen);
    lost = true;
    assertEquals(List.of(), look(), "a file that hangs can't be released");
    abandonable = true;
    assertEquals(List.of("u1 STORE_WELL", "u1 STORE_FAILING"), look());
    lost = false;
    assertEquals(List.of("u1 STORE_WELL", "u1 STORE_STUCK", "the way"), look());
  }

  @Test
  void anotherTroubleReplacesTheFirst() {
    open.put("u1", volume());
    look();
    health = new Volume.Health(0, 4, 4, 3, 4, false);
    look();
    health = new Volume.Health(0, 4, 4, 3, 4, true);
    assertEquals(List.of("u1 STORE_WELL", "u1 STORE_LOST"), look());
  }

  @Test
  void aUnitThatIsNotThereAnyMoreIsForgotten() {
    open.put("u1", volume());
    look();
    health = new Volume.Health(0, 4, 4, 3, 4, false);
    look();
    units = Set.of("u2");
    assertEquals(List.of("u1 STORE_WELL"), look());
  }

  @Test
  void onlyOfAnOpenVolumeAFailureMayPass() {
    assertFalse(watch.mayPass("u1"));
    open.put("u1", volume());
    look();
    assertTrue(watch.mayPass("u1"));
    for (int i = 1; i <= 3; i++) {
      health = new Volume.Health(0, 10 * i, 10 * i, i, 10, false);
      look();
    }
    assertFalse(watch.mayPass("u1"));
  }

  @Test
  void theSettingsAreReadAndChecked() {
    String all =
        "moongate.volume.watch { window = 2s, errors = 3, slow-after = 2s, stuck-after = 5s,"
            + " patience = 15s, stands-for = 60s }";
    assertEquals(SETTINGS, StoreWatch.settings(ConfigFactory.parseString(all)));
    for (String wrong : List.of("errors = 0", "window = 0s", "patience = -1s")) {
      ConfigException refused =
          assertThrows(
              ConfigException.class,
              () ->
                  StoreWatch.settings(
                      ConfigFactory.parseString("moongate.volume.watch." + wrong)
                          .withFallback(ConfigFactory.parseString(all))));
      assertTrue(
          refused.getMessage().contains("moongate.volume.watch." + wrong.split(" ")[0]),
          refused.getMessage());
    }
  }
}
