package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.ownership.Movements;
import io.moongate.failure.StoreTrend;
import io.moongate.management.Reloading.Refused;
import io.moongate.management.api.Reloaded;
import io.moongate.management.api.Reloaded.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a gateway takes from its configuration file while it runs, and what it refuses. */
class ReloadTest {
  private static final String INCARNATION = "7e84d693-f87a-4cb4-b714-6b5e2baa2fcb";
  private static final String NAME = "moongate.gateway.name = gw1\n";

  @TempDir Path directory;

  private final List<Movements.Policy> policies = new ArrayList<>();
  private final List<StoreTrend.Settings> bounds = new ArrayList<>();
  private Path file;
  private Reload reload;

  @BeforeEach
  void start() throws IOException {
    file = directory.resolve("gw1.conf");
    write("");
    reload =
        new Reload(
            file,
            INCARNATION,
            GatewaySettings.read(file, INCARNATION),
            List.of(
                new Reload.Part(Reload.MOVEMENTS, read -> policies.add(read.node().movements())),
                new Reload.Part(Reload.STORES, read -> bounds.add(read.services().storeWatch()))));
  }

  private void write(String more) throws IOException {
    Files.writeString(file, NAME + more);
  }

  private String refused() {
    return assertThrows(Refused.class, () -> reload.reload("ada", false)).getMessage();
  }

  private void nothingIsTaken() {
    assertEquals(List.of(), policies);
    assertEquals(List.of(), bounds);
  }

  @Test
  void whatMayChangeIsTakenAndNamed() throws Exception {
    write("moongate.ownership.rebalance { automatic = on, tolerance = 7 }\n");
    Reloaded reloaded = reload.reload("ada", false);
    assertEquals(
        new Reloaded(
            "gw1",
            file.toString(),
            true,
            List.of(
                new Setting("moongate.ownership.rebalance.automatic", "\"off\"", "\"on\""),
                new Setting("moongate.ownership.rebalance.tolerance", "2", "7"))),
        reloaded);
    assertEquals(1, policies.size());
    assertTrue(policies.get(0).rebalance());
    assertEquals(7, policies.get(0).tolerance().units());
    assertEquals(List.of(), bounds, "of which nothing has changed");
    assertEquals(List.of(), reload.reload("ada", false).changed());
    assertEquals(1, policies.size());
  }

  @Test
  void whatIsLeftOutAgainIsAsByDefault() throws Exception {
    write("moongate.volume.watch.slow-after = 700 ms\n");
    reload.reload("ada", false);
    write("");
    assertEquals(1, reload.reload("ada", false).changed().size());
    assertEquals(
        List.of(Duration.ofMillis(700), Duration.ofSeconds(2)),
        bounds.stream().map(StoreTrend.Settings::slowAfter).toList());
  }

  @Test
  void aDryRunTakesNothing() throws Exception {
    write("moongate.ownership.moves-at-once = 9\n");
    Reloaded said = reload.reload("ada", true);
    assertFalse(said.applied());
    assertEquals("moongate.ownership.moves-at-once", said.changed().get(0).key());
    nothingIsTaken();
    assertEquals(said.changed(), reload.reload("ada", false).changed());
    assertEquals(9, policies.get(0).atOnce());
  }

  @ParameterizedTest
  @CsvSource({
    "moongate.ownership.rebalance.tolerance = 1, expected at least 2",
    "moongate.volume.watch.errors = 0, expected at least 1",
    "moongate.ownership.rebalanse.automatic = on, did you mean moongate.ownership.rebalance",
    "moongate.lease.length = 1 ms, moongate.lease.length",
    "moongate.lease.length = 6 s, moongate.iscsi.host-patience.silence",
    "moongate.management.max-connections = 0, moongate.management.max-connections",
    "moongate.ownership.moves-at-once = {, gw1.conf",
  })
  void aMistakeIsNamedAndNothingElseOfTheFileIsTaken(String mistake, String named)
      throws Exception {
    write("moongate.ownership.failback.stable-for = 3 s\n" + mistake + "\n");
    String message = refused();
    assertTrue(message.startsWith(file.toString()), message);
    assertTrue(message.contains(named), message);
    nothingIsTaken();
    write("moongate.ownership.failback.stable-for = 3 s\n");
    assertEquals(1, reload.reload("ada", false).changed().size());
    assertEquals(Duration.ofSeconds(3), policies.get(0).stableFor());
  }

  @Test
  void whatNeedsARestartIsNamedWithoutItsValueAndNothingElseIsTaken() throws Exception {
    write(
        """
        moongate.ownership.failback.stable-for = 3 s
        moongate.cassandra { username = "u", password = "hush-hush" }
        moongate.volume.watch.window = 3 s
        pekko.loglevel = DEBUG
        """);
    String message = refused();
    for (String key :
        List.of(
            "moongate.cassandra.password",
            "moongate.cassandra.username",
            "moongate.volume.watch.window",
            "pekko.loglevel")) {
      assertTrue(message.contains(key), message);
    }
    assertFalse(message.contains("hush"), message);
    assertFalse(message.contains("stable-for"), message);
    nothingIsTaken();
    assertTrue(refused().contains("pekko.loglevel"), "and again");
  }

  @Test
  void aFileThatIsGoneIsNamed() throws Exception {
    Files.delete(file);
    assertTrue(refused().contains(file + ": there is no such file"));
  }

  @Test
  void everySettingThatMayChangeIsThere() {
    Set<String> known = new TreeSet<>();
    GatewaySettings.read(file, INCARNATION)
        .config()
        .entrySet()
        .forEach(entry -> known.add(entry.getKey()));
    assertTrue(known.containsAll(Reload.MOVEMENTS), Reload.MOVEMENTS::toString);
    assertTrue(known.containsAll(Reload.STORES), Reload.STORES::toString);
  }
}
