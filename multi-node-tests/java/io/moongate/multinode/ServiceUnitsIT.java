package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The units of systemd, as systemd itself reads them. That their command starts a gateway which
 * tells how far it is, {@link PackageIT} shows.
 */
class ServiceUnitsIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final Path UNITS = Installation.find().home().resolve("cluster-bootstrap/systemd");

  @Test
  void systemdFindsNothingWrongWithThem() throws Exception {
    // Of a name that is not installed on this host, with a command that is there.
    Path directory = Files.createTempDirectory("moongate-units");
    try {
      for (String name : List.of("moongate.service", "moongate@.service")) {
        Path unit = directory.resolve(name);
        Files.writeString(
            unit,
            Files.readString(UNITS.resolve(name)).replace("=/usr/bin/moongate ", "=/bin/true "));
        Tool.Output verified =
            Tool.SYSTEMD_ANALYZE.run(BOUND, "verify", "--man=no", unit.toString());
        assertEquals("", verified.succeeded().text(), name);
        Files.delete(unit);
      }
    } finally {
      Files.delete(directory);
    }
  }

  /** Of 10.0: a service without any of it has 9.6. */
  @Test
  void littleOfTheHostIsExposed() {
    for (String name : List.of("moongate.service", "moongate@.service")) {
      Tool.Output exposure =
          Tool.SYSTEMD_ANALYZE.run(
              BOUND,
              "security",
              "--offline=true",
              "--threshold=20",
              "--no-pager",
              UNITS.resolve(name).toString());
      assertEquals(0, exposure.status(), exposure.text());
    }
  }

  @Test
  void bothUnitsRunTheSameButForTheirConfiguration() throws Exception {
    String one = body("moongate.service");
    assertEquals(one, body("moongate@.service").replace("%i.conf", "gateway.conf"));
    assertTrue(one.contains("--config /etc/moongate/gateway.conf"), one);
  }

  private static String body(String name) throws Exception {
    String unit = Files.readString(UNITS.resolve(name));
    return unit.substring(unit.indexOf("[Service]"));
  }
}
