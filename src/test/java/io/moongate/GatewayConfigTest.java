package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import io.moongate.cluster.NodeSettings;
import io.moongate.cluster.membership.SameAddressLifetime;
import io.moongate.cluster.membership.SameHome;
import io.moongate.cluster.membership.SameLeaseLength;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatewayConfigTest {
  private static final String INCARNATION = "7e84d693-f87a-4cb4-b714-6b5e2baa2fcb";

  @TempDir Path directory;

  private Config load(String text) throws IOException {
    Path file = directory.resolve("gw.conf");
    Files.writeString(file, text);
    return GatewayConfig.load(file, INCARNATION);
  }

  private String mistake(String text) {
    return assertThrows(GatewayConfig.Mistake.class, () -> load(text)).getMessage();
  }

  @Test
  void everySettingButTheNameHasADefault() throws IOException {
    Config config = load("moongate.gateway.name = gw1");
    assertEquals("gw1", NodeSettings.from(config).gateway());
    DataServices.Settings.from(config);
    io.moongate.management.ManagementSettings.from(config);
    assertTrue(config.getStringList("pekko.cluster.roles").contains("incarnation:" + INCARNATION));
    assertEquals(
        "io.moongate.cluster.membership.ProofAwareDetector",
        config.getString("pekko.cluster.failure-detector.implementation-class"));
  }

  @Test
  void aMemberIsOfOneRoleAndHasSomethingToDo() throws IOException {
    Config metadata =
        load("moongate { gateway.name = m1, cluster { role = metadata, entities = metadata } }");
    assertEquals(List.of("metadata", "name:m1"), metadata.getStringList("pekko.cluster.roles"));
    assertEquals("metadata", NodeSettings.from(metadata).entitiesOn());
    assertEquals("gateway", NodeSettings.from(load("moongate.gateway.name = gw1")).entitiesOn());
    String idle = mistake("moongate { gateway.name = m1, cluster.role = metadata }");
    assertTrue(idle.contains("moongate.cluster.entities"), idle);
    String neither = mistake("moongate { gateway.name = m1, cluster.role = portal }");
    assertTrue(neither.contains("expected gateway or metadata"), neither);
  }

  @Test
  void theDriverIsNotLetChooseAVersionInWhichItMisreadsAnError() {
    String key = "datastax-java-driver.advanced.protocol.version";
    for (String other : List.of("V5", "V3", "null")) {
      String refused = mistake("moongate.gateway.name = gw1, " + key + " = " + other);
      assertTrue(refused.contains(key) && refused.contains("expected V4"), refused);
    }
    assertTrue(mistake("moongate.gateway.name = gw1\n" + key + " = V5").contains("gw.conf: 2"));
  }

  @Test
  void aNodeOfCassandraMayBeLostWithTheHostOfAGateway() throws IOException {
    Config config = load("moongate.gateway.name = gw1");
    Config driver = config.getConfig("datastax-java-driver");
    for (String profile : List.of("", "-snapshot")) {
      assertEquals(
          "QUORUM",
          driver.getString(
              "profiles.pekko-persistence-cassandra%s-profile.basic.request.consistency"
                  .formatted(profile)));
    }
    // The driver takes whole seconds: less would be none.
    Duration interval = driver.getDuration("advanced.heartbeat.interval");
    assertEquals(0, interval.toMillisPart());
    Duration silent = interval.plus(driver.getDuration("advanced.heartbeat.timeout"));
    assertTrue(
        silent.compareTo(config.getDuration("moongate.lease.length")) < 0, () -> "" + silent);
  }

  @ParameterizedTest
  @CsvSource({
    "moongate.lease.lenght = 5 s, moongate.lease.length",
    "moongate.iscsi.portal = [], moongate.iscsi.portals",
    "moongate.casandra.datacenter = x, moongate.cassandra.datacenter",
  })
  void aTypoIsNamedWithItsPlaceAndWhatWasMeant(String setting, String meant) {
    String message = mistake("moongate.gateway.name = gw1\n" + setting);
    assertTrue(message.contains("gw.conf: 2"), message);
    assertTrue(message.contains("did you mean " + meant + "?"), message);
  }

  @Test
  void aKeyFileThatOthersCanReadIsNamedAndWhatWasExpected() throws IOException {
    Path key = Files.writeString(directory.resolve("chap.key"), "x");
    Files.setPosixFilePermissions(
        key, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
    Config config = load("moongate { gateway.name = gw1, iscsi.chap.key-file = \"" + key + "\" }");
    String message =
        assertThrows(IllegalArgumentException.class, () -> DataServices.Settings.from(config))
            .getMessage();
    assertTrue(message.contains("moongate.iscsi.chap.key-file"), message);
    assertTrue(message.contains(key.toString()), message);
    assertTrue(message.contains("expected 0600"), message);
  }

  @Test
  void whoIsSilentIsWaitedForAtLeastAsLongAsItsLease() throws IOException {
    Config longer = load("moongate.gateway.name = gw1\nmoongate.lease.length = 6 s");
    assertEquals(
        java.time.Duration.ofSeconds(6),
        io.moongate.cluster.NodeSettings.from(longer).telling().silence());
    Config shorter = load("moongate.gateway.name = gw1\nmoongate.shared.tell-bound = 1 s");
    com.typesafe.config.ConfigException refused =
        assertThrows(
            com.typesafe.config.ConfigException.class,
            () -> io.moongate.cluster.NodeSettings.from(shorter));
    assertTrue(refused.getMessage().contains("moongate.shared.tell-bound"));
  }

  @ParameterizedTest
  @CsvSource({
    "length, 100 ms, 500 ms to 3600000 ms",
    "interval, 10 ms, 20 ms to 1200000 ms",
    "stable-after, 0 s, 100 ms to 600000 ms",
    "takeover, 2 m, 100 ms to 60000 ms",
    "retry, 0 s, 100 ms to 60000 ms",
    "stranded-after, 5 s, 10000 ms to 3600000 ms",
  })
  void timesOfTheLeaseHaveRanges(String key, String value, String expected) throws IOException {
    Config config = load("moongate.gateway.name = gw1\nmoongate.lease." + key + " = " + value);
    String message =
        assertThrows(
                com.typesafe.config.ConfigException.class,
                () -> io.moongate.cluster.NodeSettings.from(config))
            .getMessage();
    assertTrue(message.contains("moongate.lease." + key), message);
    assertTrue(message.contains("gw.conf: 2"), message);
    assertTrue(message.contains("expected " + expected), message);
  }

  /** Whoever says otherwise than the others may not join. */
  @Test
  void whatHasToBeTheSameIsAskedAtEachJoining() throws IOException {
    Config checkers =
        load("moongate.gateway.name = gw1")
            .getConfig("pekko.cluster.configuration-compatibility-check.checkers");
    assertEquals(SameLeaseLength.class.getName(), checkers.getString("moongate"));
    assertEquals(SameHome.class.getName(), checkers.getString("moongate-entities"));
    assertEquals(SameAddressLifetime.class.getName(), checkers.getString("moongate-takeover"));
  }

  @Test
  void aMissingNameIsNamed() {
    assertTrue(mistake("moongate.lease.length = 5 s").contains("moongate.gateway.name"));
  }

  @Test
  void aMissingFileIsNamed() {
    Path nowhere = directory.resolve("nowhere.conf");
    String message =
        assertThrows(GatewayConfig.Mistake.class, () -> GatewayConfig.load(nowhere, INCARNATION))
            .getMessage();
    assertTrue(message.contains(nowhere.toString()), message);
  }

  @Test
  void brokenSyntaxIsNamedWithItsLine() {
    assertTrue(mistake("moongate {\n gateway.name = \n").contains("gw.conf"));
  }

  @Test
  void aMajorityOfTheSeedsFormsACluster() throws IOException {
    Config config =
        load(
            "moongate.gateway.name = gw1\n"
                + "moongate.cluster.seed-nodes = [\"10.0.0.1:8558\", \"10.0.0.2:8558\","
                + " \"10.0.0.3:8558\", \"10.0.0.4:8558\"]");
    assertEquals(
        3,
        config.getInt(
            "pekko.management.cluster.bootstrap.contact-point-discovery"
                + ".required-contact-point-nr"));
    assertEquals(
        List.of("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"),
        config.getConfigList("pekko.discovery.config.services.moongate.endpoints").stream()
            .map(endpoint -> endpoint.getString("host"))
            .toList());
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.1", "pekko://moongate@10.0.0.1:2551", "10.0.0.1:port"})
  void aSeedThatIsNoHostAndPortIsRefused(String seed) {
    String message =
        mistake("moongate.gateway.name = gw1\nmoongate.cluster.seed-nodes = [\"" + seed + "\"]");
    assertTrue(message.contains("moongate.cluster.seed-nodes"), message);
    assertTrue(message.contains(seed), message);
  }
}
