package io.moongate.bootstrap;

import static io.moongate.bootstrap.BootstrapFiles.at;
import static io.moongate.bootstrap.BootstrapFiles.list;
import static io.moongate.bootstrap.BootstrapFiles.map;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The manifests say what a gateway and its image take, and agree with one another. */
class KubernetesManifestsTest {
  private final Map<String, Map<String, Object>> byKind = new HashMap<>();
  private Object gateway;

  @BeforeEach
  void read() {
    for (Map<String, Object> document :
        BootstrapFiles.yaml("cluster-bootstrap", "kubernetes", "moongate.yaml")) {
      assertEquals(null, byKind.put((String) document.get("kind"), document), "one of a kind");
    }
    gateway = container("StatefulSet");
  }

  private Object container(String kind) {
    List<Object> containers = list(at(byKind.get(kind), "spec", "template", "spec", "containers"));
    assertEquals(1, containers.size());
    return containers.get(0);
  }

  private Map<String, Object> pod() {
    return map(at(byKind.get("StatefulSet"), "spec", "template", "spec"));
  }

  @Test
  void allThatIsNeededIsThere() {
    assertEquals(
        Set.of("Namespace", "ConfigMap", "Service", "PodDisruptionBudget", "StatefulSet", "Job"),
        byKind.keySet());
    byKind.forEach(
        (kind, document) -> {
          if (!kind.equals("Namespace")) {
            assertEquals("moongate", at(document, "metadata", "namespace"), kind);
          }
        });
  }

  @Test
  void variablesAreKnownToAGateway() {
    Set<String> known = BootstrapFiles.variables();
    Set<String> named = new TreeSet<>(map(byKind.get("ConfigMap").get("data")).keySet());
    for (String kind : List.of("StatefulSet", "Job")) {
      for (Object variable : list(at(container(kind), "env"))) {
        named.add((String) map(variable).get("name"));
      }
      assertEquals(
          "moongate", at(list(at(container(kind), "envFrom")).get(0), "configMapRef", "name"));
    }
    named.removeAll(known);
    assertEquals(Set.of(), named);
    map(byKind.get("ConfigMap").get("data"))
        .forEach((name, value) -> assertTrue(value instanceof String, name + " is no text"));
  }

  @Test
  void aGatewayHasTheAddressAndTheNameOfItsNode() {
    assertEquals(Boolean.TRUE, pod().get("hostNetwork"));
    Map<String, String> from = new HashMap<>();
    for (Object variable : list(at(gateway, "env"))) {
      from.put(
          (String) map(variable).get("name"),
          (String) at(variable, "valueFrom", "fieldRef", "fieldPath"));
    }
    assertEquals("spec.nodeName", from.get("MOONGATE_GATEWAY_NAME"));
    assertEquals("status.hostIP", from.get("MOONGATE_GATEWAY_HOST"));
    assertEquals(
        "kubernetes.io/hostname",
        at(
            list(at(
                    pod(),
                    "affinity",
                    "podAntiAffinity",
                    "requiredDuringSchedulingIgnoredDuringExecution"))
                .get(0),
            "topologyKey"));
    String seeds = (String) at(byKind.get("ConfigMap"), "data", "MOONGATE_CLUSTER_SEED_NODES");
    assertEquals(at(byKind.get("StatefulSet"), "spec", "replicas"), seeds.split(",").length);
    // One after another none would ever be ready.
    assertEquals("Parallel", at(byKind.get("StatefulSet"), "spec", "podManagementPolicy"));
  }

  @Test
  void portsAreThoseOfTheSettings() {
    Map<Object, Integer> ports = new HashMap<>();
    for (Object port : list(at(gateway, "ports"))) {
      ports.put(map(port).get("name"), (Integer) map(port).get("containerPort"));
    }
    assertEquals(BootstrapFiles.ports(), new TreeSet<>(ports.values()));
    assertEquals(8080, ports.get("api"));
    for (Object port : list(at(byKind.get("Service"), "spec", "ports"))) {
      assertEquals(map(port).get("port"), ports.get(map(port).get("name")));
    }
    Map<String, String> asked =
        Map.of(
            "startupProbe", "/health/live",
            "livenessProbe", "/health/live",
            "readinessProbe", "/health/ready");
    asked.forEach(
        (probe, path) -> {
          assertEquals(path, at(gateway, probe, "httpGet", "path"));
          assertEquals("api", at(gateway, probe, "httpGet", "port"));
          assertEquals("HTTPS", at(gateway, probe, "httpGet", "scheme"));
        });
  }

  @Test
  void toWaitForCassandraIsNoReasonToBeKilled() {
    int seconds =
        (int) at(gateway, "startupProbe", "periodSeconds")
            * (int) at(gateway, "startupProbe", "failureThreshold");
    assertTrue(seconds >= 24 * 3600, seconds + " s");
  }

  @Test
  void oneGatewayAtATimeIsTakenAway() {
    assertEquals(1, at(byKind.get("PodDisruptionBudget"), "spec", "maxUnavailable"));
    Object labels = at(byKind.get("StatefulSet"), "spec", "template", "metadata", "labels");
    assertEquals(labels, at(byKind.get("PodDisruptionBudget"), "spec", "selector", "matchLabels"));
    assertEquals(labels, at(byKind.get("StatefulSet"), "spec", "selector", "matchLabels"));
    assertEquals(labels, at(byKind.get("Service"), "spec", "selector"));
    assertEquals(90, pod().get("terminationGracePeriodSeconds"));
  }

  @Test
  void secretsAreWhatTheEntryPointTakes() {
    String entrypoint = BootstrapFiles.text("cluster-bootstrap", "container", "entrypoint");
    String made =
        BootstrapFiles.text("cluster-bootstrap", "kubernetes", "README.md")
            .lines()
            .filter(line -> line.contains("create secret generic moongate --namespace"))
            .findFirst()
            .orElseThrow();
    Matcher file = Pattern.compile("--from-file=(\\S+)").matcher(made);
    Set<String> files = new TreeSet<>();
    while (file.find()) {
      files.add(file.group(1));
      assertTrue(entrypoint.contains(" " + file.group(1) + " "), file.group(1));
    }
    assertEquals(Set.of("users", "chap.key", "api.pem", "api.key"), files);
    for (String kind : List.of("StatefulSet", "Job")) {
      Map<Object, Object> from = new HashMap<>();
      for (Object volume : list(at(byKind.get(kind), "spec", "template", "spec", "volumes"))) {
        if (map(volume).containsKey("secret")) {
          from.put(map(volume).get("name"), at(volume, "secret", "secretName"));
        }
      }
      assertEquals("moongate", from.get("secrets"), kind + ": a password of Cassandra's");
      assertTrue(
          list(at(container(kind), "volumeMounts"))
              .contains(Map.of("name", "secrets", "mountPath", "/run/secrets", "readOnly", true)),
          kind);
      assertEquals(
          3260,
          at(byKind.get(kind), "spec", "template", "spec", "securityContext", "fsGroup"),
          "only its group may read them");
    }
    Map<Object, Object> mounts = new HashMap<>();
    for (Object mount : list(at(gateway, "volumeMounts"))) {
      mounts.put(map(mount).get("name"), map(mount).get("mountPath"));
    }
    assertEquals("/run/secrets", mounts.get("secrets"));
    assertEquals("/run/moongate", mounts.get("run"));
    Set<Object> volumes = new java.util.HashSet<>();
    list(pod().get("volumes")).forEach(volume -> volumes.add(map(volume).get("name")));
    assertEquals(mounts.keySet(), volumes);
  }

  @Test
  void nothingRunsWithMoreRightsThanItNeeds() {
    for (String kind : List.of("StatefulSet", "Job")) {
      Map<String, Object> spec = map(at(byKind.get(kind), "spec", "template", "spec"));
      assertEquals(Boolean.TRUE, at(spec, "securityContext", "runAsNonRoot"));
      assertEquals(3260, at(spec, "securityContext", "runAsUser"));
      assertEquals(Boolean.FALSE, spec.get("automountServiceAccountToken"));
      // Variables of the Service would be taken for settings.
      assertEquals(Boolean.FALSE, spec.get("enableServiceLinks"));
      Object rights = at(container(kind), "securityContext");
      assertEquals(Boolean.FALSE, at(rights, "allowPrivilegeEscalation"));
      assertEquals(Boolean.TRUE, at(rights, "readOnlyRootFilesystem"));
      assertEquals(List.of("ALL"), at(rights, "capabilities", "drop"));
    }
    assertFalse(
        map(at(gateway, "resources", "limits")).containsKey("cpu"),
        "throttled it misses heartbeats");
  }
}
