package io.moongate.volume.rbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RbdSettingsTest {
  @TempDir Path directory;

  private Config config(String text) throws IOException {
    Path ceph = Files.writeString(directory.resolve("ceph.conf"), "");
    Path file = directory.resolve("gw.conf");
    Files.writeString(file, "moongate.volume.rbd.conf-file = \"%s\"%n%s%n".formatted(ceph, text));
    return ConfigFactory.parseFile(file.toFile())
        .withFallback(ConfigFactory.parseFile(new File("conf/volume.conf")))
        .resolve();
  }

  @Test
  void withoutAPoolThereIsNoStore() {
    assertEquals(
        Optional.empty(),
        RbdSettings.from(ConfigFactory.parseFile(new File("conf/volume.conf")).resolve()));
  }

  @Test
  void aPoolIsEnough() throws IOException {
    RbdSettings settings =
        RbdSettings.from(config("moongate.volume.rbd.pool = disks")).orElseThrow();
    assertEquals("disks", settings.pool());
    assertEquals("moongate", settings.user());
    assertEquals("x", settings.image("x"));
    assertEquals(4 << 20, settings.objectSize());
    assertEquals(Optional.empty(), settings.keyring());
    assertEquals(Optional.of(Duration.ofHours(1)), settings.removeAfter());
  }

  @Test
  void entriesOfTheBlocklistCanBeLeftAlone() throws IOException {
    RbdSettings settings =
        RbdSettings.from(
                config(
                    """
                    moongate.volume.rbd.pool = disks
                    moongate.volume.rbd.blocklist-removal.enabled = false
                    """))
            .orElseThrow();
    assertEquals(Optional.empty(), settings.removeAfter());
  }

  @ParameterizedTest
  @CsvSource({
    "pool, a/b, a pool's name",
    "user, client/x, a Ceph user's name",
    "keyring, nowhere/keyring, a file",
    "conf-file, nowhere/ceph.conf, a file",
    "namespace, a/b, a namespace",
    "image-prefix, 'a b', letters",
    "object-size, 3MiB, a power of two",
    "object-size, 64MiB, a power of two",
    "threads, 0, a number from 1 to 1024",
    "threads, many, a number from 1 to 1024",
    "in-flight, 0, a number from 1",
    "monitor-timeout, 10ms, a time",
    "blocklist-for, 10m, a time",
    "blocklist-removal.enabled, perhaps, true or false",
    "blocklist-removal.margin, 10m, a time",
    "close-timeout, soon, a time"
  })
  void aMistakeNamesKeyFileAndWhatWasExpected(String key, String value, String expected)
      throws IOException {
    Config config =
        config(
            "moongate.volume.rbd.pool = p%nmoongate.volume.rbd.%s = \"%s\"".formatted(key, value));
    String message =
        assertThrows(IllegalArgumentException.class, () -> RbdSettings.from(config)).getMessage();
    assertTrue(message.startsWith("moongate.volume.rbd." + key + ": found " + value), message);
    assertTrue(message.contains("expected " + expected), message);
    assertTrue(message.contains("gw.conf"), message);
  }
}
