package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PortalLinksTest {
  private static final String ON =
      """
      moongate.gateway.name = gw1
      moongate.portal-takeover.enabled = on
      moongate.iscsi.portals = ["192.0.2.1:3260"]
      """;

  @TempDir Path directory;

  private Config load(String text) throws IOException {
    return GatewayConfig.load(Files.writeString(directory.resolve("gw.conf"), text), "p1");
  }

  private String mistake(String text) throws IOException {
    Config config = load(ON + text);
    String said =
        assertThrows(
                ConfigException.class,
                () -> PortalLinks.settings(config, PortalSettings.from(config)))
            .getMessage();
    assertTrue(said.contains("gw.conf"), said);
    return said;
  }

  @Test
  void isOffUnlessItIsTurnedOn() throws IOException {
    Config config = load("moongate.gateway.name = gw1");
    assertTrue(PortalLinks.settings(config, PortalSettings.from(config)).isEmpty());
    Config on = load(ON);
    assertEquals(
        Duration.ofSeconds(10),
        PortalLinks.settings(on, PortalSettings.from(on)).orElseThrow().lifetime());
  }

  @ParameterizedTest
  @CsvSource({
    "2 s, 3 s to 60 s",
    "61 s, 3 s to 60 s",
    "3500 ms, whole seconds",
  })
  void aLifetimeIsWholeSecondsWithinBounds(String lifetime, String expected) throws IOException {
    String said = mistake("moongate.portal-takeover.address-lifetime = " + lifetime);
    assertTrue(said.contains("address-lifetime") && said.contains(expected), said);
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0:3260, wildcard",
    "'[2001:db8::1]:3260', IPv4",
  })
  void onlyAddressesOfIpv4CanBeHeldByOthers(String portal, String expected) throws IOException {
    String said = mistake("moongate.iscsi.portals = [\"" + portal + "\"]");
    assertTrue(said.contains("moongate.iscsi.portals") && said.contains(expected), said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "moongate.gateway.host = \"192.0.2.1\" | moongate.gateway.host",
        "moongate.relay.host = \"192.0.2.1\" | moongate.relay.host",
        "moongate.management.host = \"192.0.2.1\" | moongate.management.host",
        "moongate.cluster.seed-nodes = [\"192.0.2.9:8558\", \"192.0.2.1:8558\"] | seed-nodes",
        "moongate.cassandra.contact-points = [\"192.0.2.1:9042\"] | contact-points",
      })
  void theAddressOfAPortalIsForNothingElse(String setting, String named) throws IOException {
    String said = mistake(setting);
    assertTrue(said.contains("moongate.iscsi.portals") && said.contains(named), said);
  }

  @Test
  void aHostWithoutTheAddressIsNamed() throws IOException {
    Config config = load(ON);
    String said =
        assertThrows(IOException.class, () -> PortalLinks.open(PortalSettings.from(config)))
            .getMessage();
    assertTrue(said.contains("portal-takeover.enabled") && said.contains("192.0.2.1"), said);
  }
}
