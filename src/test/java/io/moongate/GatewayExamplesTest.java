package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import io.moongate.cluster.NodeSettings;
import io.moongate.cluster.membership.MemberIdentity;
import io.moongate.management.ManagementSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The configurations of {@code cluster-bootstrap} are ones that members of a cluster take. */
class GatewayExamplesTest {
  private static final Path BOOTSTRAP = Path.of("cluster-bootstrap");

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "one-host, 3, 0",
    "systemd/two-gateways, 2, 0",
    "systemd/three-gateways, 3, 0",
    "systemd/metadata-nodes, 3, 2"
  })
  void eachOfAClusterIsTakenAndTheyAgree(String where, int gateways, int metadataNodes)
      throws IOException {
    Set<String> names = new HashSet<>();
    Set<String> hosts = new HashSet<>();
    Set<List<String>> seeds = new HashSet<>();
    Set<List<String>> contactPoints = new HashSet<>();
    Set<String> homes = new HashSet<>();
    int withoutPortals = 0;
    try (Stream<Path> files = Files.list(BOOTSTRAP.resolve(where))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".conf")).toList()) {
        Config config = load(file);
        names.add(NodeSettings.from(config).gateway());
        hosts.add(config.getString("moongate.gateway.host") + ":8558");
        seeds.add(config.getStringList("moongate.cluster.seed-nodes"));
        contactPoints.add(config.getStringList("moongate.cassandra.contact-points"));
        homes.add(NodeSettings.from(config).entitiesOn());
        if (NodeSettings.ownRole(config).equals(MemberIdentity.METADATA_ROLE)) {
          withoutPortals++;
        } else {
          ManagementSettings.from(config);
          assertEquals(1, PortalSettings.from(config).size());
        }
        assertEquals(NodeSettings.from(config).gateway() + ".conf", file.getFileName().toString());
      }
    }
    assertEquals(gateways + metadataNodes, names.size());
    assertEquals(metadataNodes, withoutPortals);
    assertEquals(
        Set.of(metadataNodes > 0 ? MemberIdentity.METADATA_ROLE : MemberIdentity.GATEWAY_ROLE),
        homes);
    assertEquals(1, seeds.size(), "one list in all of them");
    assertEquals(hosts, Set.copyOf(seeds.iterator().next()));
    assertEquals(1, contactPoints.size());
  }

  /** What the package installs says nothing yet; uncommented, it is a configuration. */
  @Test
  void theFileOfThePackageIsOneOnceItIsFilledIn() throws IOException {
    Path installed = BOOTSTRAP.resolve("debian/files/gateway.conf");
    String missing = assertThrows(GatewayConfig.Mistake.class, () -> load(installed)).getMessage();
    assertTrue(missing.contains("moongate.gateway.name is missing"), missing);
    Path filled = directory.resolve("gateway.conf");
    Files.writeString(
        filled, Files.readString(installed).replaceAll("(?m)^  # ([a-z.-]+ = )", "  $1"));
    Config config = load(filled);
    assertEquals("gw1", NodeSettings.from(config).gateway());
    assertEquals(3, config.getStringList("moongate.cluster.seed-nodes").size());
    assertEquals("moongate", config.getString("moongate.volume.rbd.pool"));
  }

  private static Config load(Path file) {
    return GatewayConfig.load(file, "example");
  }
}
