package io.moongate.bootstrap;

import static io.moongate.bootstrap.BootstrapFiles.at;
import static io.moongate.bootstrap.BootstrapFiles.list;
import static io.moongate.bootstrap.BootstrapFiles.map;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The compose file says what a gateway, its image and Cassandra take. */
class ComposeFileTest {
  private static final Path DIRECTORY = Path.of("cluster-bootstrap", "compose");

  private final Map<String, Object> compose =
      BootstrapFiles.yaml("cluster-bootstrap", "compose", "compose.yaml").get(0);
  private final Map<String, Object> services = map(compose.get("services"));

  private static String address(Object service) {
    return (String) at(service, "networks", "cluster", "ipv4_address");
  }

  private static boolean ours(Object service) {
    return map(service).containsKey("build");
  }

  @Test
  void variablesAreKnownToAGateway() {
    Set<String> known = BootstrapFiles.variables();
    services.forEach(
        (name, service) -> {
          if (ours(service)) {
            for (String variable : map(at(service, "environment")).keySet()) {
              assertTrue(known.contains(variable), name + ": " + variable);
            }
          }
        });
  }

  @Test
  void gatewaysAndNodesHaveAddressesOfTheirOwnWhereTheyAreLookedFor() {
    Set<String> gateways = new TreeSet<>();
    Set<String> nodes = new TreeSet<>();
    Set<String> all = new HashSet<>();
    services.forEach(
        (name, service) -> {
          assertTrue(all.add(address(service)), name + " has another's address");
          if (name.startsWith("gw")) {
            assertEquals(name, at(service, "environment", "MOONGATE_GATEWAY_NAME"));
            assertEquals(
                address(service), at(service, "environment", "MOONGATE_GATEWAY_HOST"), name);
            gateways.add(address(service) + ":8558");
          } else if (name.startsWith("cassandra")) {
            nodes.add(address(service));
          }
        });
    assertEquals(3, gateways.size());
    for (String name : List.of("gw1", "gw2", "gw3", "schema")) {
      Map<String, Object> environment = map(at(services, name, "environment"));
      assertEquals(
          gateways,
          new TreeSet<>(
              List.of(((String) environment.get("MOONGATE_CLUSTER_SEED_NODES")).split(","))));
      assertEquals(
          nodes.stream().map(node -> node + ":9042").toList(),
          List.of(((String) environment.get("MOONGATE_CASSANDRA_CONTACT_POINTS")).split(",")));
    }
    for (String node : List.of("cassandra1", "cassandra2", "cassandra3")) {
      assertEquals(
          nodes,
          new TreeSet<>(
              List.of(((String) at(services, node, "environment", "CASSANDRA_SEEDS")).split(","))));
    }
  }

  @Test
  void servicesWaitForWhatTheyNeed() {
    services.forEach(
        (name, service) -> {
          if (map(service).containsKey("depends_on")) {
            map(at(service, "depends_on"))
                .forEach(
                    (other, how) -> {
                      assertTrue(services.containsKey(other), name + " waits for " + other);
                      String condition = (String) at(how, "condition");
                      if (condition.equals("service_healthy")) {
                        assertTrue(map(services.get(other)).containsKey("healthcheck"), other);
                      } else {
                        assertEquals("service_completed_successfully", condition);
                      }
                    });
          }
        });
    // The command's last word but the configuration, which the entry point adds.
    assertEquals(
        List.of("schema", "apply", "--replication-factor", "3", "--wait", "120"),
        at(services, "schema", "command"));
  }

  @Test
  void nothingRunsWithMoreRightsThanItNeeds() {
    services.forEach(
        (name, service) -> {
          if (ours(service)) {
            assertEquals("3260:3260", at(service, "user"), name);
            assertEquals(Boolean.TRUE, at(service, "read_only"), name);
            assertEquals(List.of("ALL"), at(service, "cap_drop"), name);
          }
        });
  }

  @Test
  void filesAndNamesAreThere() {
    Object build = at(services, "gw1", "build");
    assertTrue(Files.exists(DIRECTORY.resolve((String) build).resolve("Dockerfile")));
    for (Object secret : list(at(services, "gw1", "secrets"))) {
      assertTrue(map(compose.get("secrets")).containsKey(secret), "" + secret);
      // What the entry point takes by that name.
      assertTrue(
          BootstrapFiles.text("cluster-bootstrap", "container", "entrypoint")
              .contains(" " + secret + " "),
          "" + secret);
    }
    Set<String> volumes = map(compose.get("volumes")).keySet();
    services.forEach(
        (name, service) -> {
          if (map(service).containsKey("volumes")) {
            for (Object volume : list(at(service, "volumes"))) {
              assertTrue(volumes.contains(((String) volume).split(":")[0]), name);
            }
          }
        });
  }
}
