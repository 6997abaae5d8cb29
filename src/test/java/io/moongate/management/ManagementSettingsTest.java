package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The settings that {@code conf/management.conf} gives, and those that are refused. */
class ManagementSettingsTest {

  private static Config with(String... lines) {
    return ConfigFactory.parseString(String.join("\n", lines))
        .withFallback(ConfigFactory.parseResources("management.conf"))
        .resolve();
  }

  @Test
  void defaults() {
    assertEquals(
        new ManagementSettings(
            "127.0.0.1",
            8080,
            false,
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            Duration.ofSeconds(5),
            65536,
            256,
            List.of("file", "rbd", "memory")),
        ManagementSettings.from(with()));
  }

  @Test
  void storesMayBeNamesWithCommas() {
    assertEquals(
        List.of("rbd", "file"),
        ManagementSettings.from(with("moongate.management.stores = \"rbd, file\"")).stores());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.0.0.2", "::1", "localhost"})
  void loopbackIsTaken(String host) {
    ManagementSettings settings =
        ManagementSettings.from(with("moongate.management.host = \"" + host + "\""));
    assertTrue(settings.address().isLoopbackAddress());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1"})
  void otherHostsNeedToBeAllowed(String host) {
    String setting = "moongate.management.host = \"" + host + "\"";
    ManagementSettings refused = ManagementSettings.from(with(setting));
    String message = assertThrows(IllegalArgumentException.class, refused::address).getMessage();
    assertTrue(message.contains("moongate.management.allow-remote = true"), message);
    assertTrue(message.contains("moongate.management.tls"), message);
    ManagementSettings allowed =
        ManagementSettings.from(with(setting, "moongate.management.allow-remote = true"));
    assertFalse(allowed.address().isLoopbackAddress());
  }

  @Test
  void serverRefusesToStartOnOtherHosts() {
    ActorSystem<Void> system =
        ActorSystem.create(Behaviors.empty(), "settings", ConfigFactory.defaultReference());
    try {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              ManagementServer.start(
                  system,
                  ManagementSettings.from(with("moongate.management.host = \"0.0.0.0\"")),
                  TestUsers.settings(),
                  new FakeMetadata(),
                  Optional.empty(),
                  refused -> {},
                  new FakeMonitoring(),
                  new RequestTimes(),
                  new FakeReloading()));
    } finally {
      system.terminate();
    }
  }

  @Test
  void serverIsUnboundWhenTheSystemStops() throws Exception {
    TestServer server = TestServer.start();
    URI base = server.base();
    assertEquals(200, server.get("/health").statusCode());
    server.close();
    assertThrows(ConnectException.class, () -> new Socket(base.getHost(), base.getPort()).close());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "port = 65536",
        "port = -1",
        "host = \"\"",
        "request-timeout = 0 s",
        "idle-timeout = 30 s",
        "body-timeout = -1 s",
        "shutdown-timeout = 0 s",
        "max-request-size = 100",
        "max-request-size = 2 MiB",
        "max-connections = 0",
        "stores = []",
        "stores = \" ,\""
      })
  void nonsenseIsRefusedByName(String setting) {
    String key = setting.substring(0, setting.indexOf(' '));
    Config config = with("moongate.management." + setting);
    String message =
        assertThrows(IllegalArgumentException.class, () -> ManagementSettings.from(config))
            .getMessage();
    assertTrue(message.startsWith("moongate.management." + key + " "), message);
  }
}
