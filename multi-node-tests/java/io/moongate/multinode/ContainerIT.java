package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.CleanRoot;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The image without an engine: the files that the Dockerfile copies, in a clean root with the Java
 * that it makes, and its entry point run as its user by nothing but an environment.
 */
@ClusterAlone
class ContainerIT {
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final String ENTRYPOINT = "/usr/share/moongate/entrypoint";
  private static final String HOST = "127.0.0.10";

  private final Path home = Installation.find().home();

  @Test
  void aGatewayIsStartedByItsEnvironmentAlone(TestCluster cluster) throws Exception {
    try (CleanRoot root = CleanRoot.make(home.resolve("target/multi-node/container"))) {
      image(root);
      String token = secrets(root);
      List<String> environment = environment(cluster);
      unready(root, environment);
      run(root, environment, ENTRYPOINT, "schema", "apply", "--replication-factor", "1")
          .succeeded();
      Path log = cluster.logs().resolve("container.log");
      Process gateway =
          new ProcessBuilder(command(root, environment, ENTRYPOINT, "gateway"))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      try {
        Await.until(
            "the gateway of the container to be healthy",
            BOUND,
            () -> {
              assertTrue(gateway.isAlive(), "it ended");
              return run(root, environment, ENTRYPOINT, "health").status() == 0;
            },
            () -> tail(log));
        List<String> asking = new ArrayList<>(environment);
        asking.add("MOONGATE_TOKEN=" + token);
        asking.add("MOONGATE_API=http://" + HOST + ":8080");
        String listed = run(root, asking, ENTRYPOINT, "gateway", "list").succeeded().text();
        // Up to its first dot.
        assertTrue(listed.contains("container-1 "), listed);
        assertTrue(listed.contains(HOST + ":3260"), listed);
      } finally {
        gateway.destroy();
        assertTrue(gateway.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS), "it does not end");
      }
      assertTrue(List.of(0, 143).contains(gateway.exitValue()), tail(log));
    }
  }

  /** Builds the Java of the image, and copies what the last stage of the Dockerfile does. */
  private void image(CleanRoot root) throws IOException {
    String dockerfile = Files.readString(home.resolve("Dockerfile"));
    Matcher modules = Pattern.compile("(?m)^ +(java\\.base,[a-z.,]+)$").matcher(dockerfile);
    assertTrue(modules.find(), "the Dockerfile names the modules of its Java");
    Files.createDirectories(root.path("/opt"));
    Tool.Output linked =
        Tool.JLINK.run(
            BOUND,
            "--output",
            root.path("/opt/java").toString(),
            "--no-header-files",
            "--no-man-pages",
            "--add-modules",
            modules.group(1));
    linked.succeeded();
    String last = dockerfile.substring(dockerfile.lastIndexOf("\nFROM "));
    for (String line : last.lines().filter(each -> each.startsWith("COPY ")).toList()) {
      List<String> words = new ArrayList<>(List.of(line.split(" ")));
      words.remove(0);
      words.remove("--from=build");
      Path into = root.path(words.remove(words.size() - 1));
      boolean directory = words.size() > 1 || line.endsWith("/");
      Files.createDirectories(directory ? into : into.getParent());
      for (String source : words) {
        if (!source.equals("/jre")) {
          copy(source, into);
        }
      }
    }
    for (String made : List.of("/run/moongate", "/run/secrets", "/var/lib/moongate")) {
      Files.createDirectories(root.path(made));
      root.run("chown", "3260:3260", made).succeeded();
    }
  }

  private void copy(String source, Path into) {
    String from = source.startsWith("/src/") ? source.substring("/src/".length()) : source;
    // A shell for the name of the jar.
    Tool.SH
        .run(
            BOUND,
            "-c",
            "cd \"$1\" && cp -rLT $2 \"$3\" 2>/dev/null || cp -rL $2 \"$3\"",
            "copy",
            home.toString(),
            from,
            into.toString())
        .succeeded();
  }

  /** As a Kubernetes Secret is mounted: the group may read them. */
  private String secrets(CleanRoot root) throws IOException {
    String token =
        root.run(
                "env",
                "JAVA_HOME=/opt/java",
                "/usr/share/moongate/moongate",
                "token",
                "create",
                "--user",
                "admin",
                "--role",
                "admin",
                "--file",
                "/run/secrets/users")
            .succeeded()
            .text()
            .lines()
            .findFirst()
            .orElseThrow();
    for (String file : List.of("users")) {
      root.run("chown", "root:3260", "/run/secrets/" + file).succeeded();
      Files.setPosixFilePermissions(
          root.path("/run/secrets/" + file), PosixFilePermissions.fromString("r--r-----"));
    }
    return token;
  }

  private static List<String> environment(TestCluster cluster) {
    return List.of(
        "JAVA_HOME=/opt/java",
        "HOME=/var/lib/moongate",
        "HOSTNAME=container-1.example.com",
        "MOONGATE_JAVA_OPTS=-Xms128m -Xmx384m -XX:+UseSerialGC",
        "MOONGATE_GATEWAY_HOST=" + HOST,
        "MOONGATE_MANAGEMENT_HOST=" + HOST,
        "MOONGATE_CLUSTER_SEED_NODES=" + HOST + ":8558",
        "MOONGATE_CASSANDRA_CONTACT_POINTS=" + cluster.cassandra().contactPoint(),
        "MOONGATE_CASSANDRA_KEYSPACE=container");
  }

  private static List<String> command(CleanRoot root, List<String> environment, String... command) {
    List<String> line =
        new ArrayList<>(List.of("setpriv", "--reuid=3260", "--regid=3260", "--clear-groups", "--"));
    line.addAll(List.of(command));
    return root.command(environment, line.toArray(String[]::new));
  }

  private static Tool.Output run(CleanRoot root, List<String> environment, String... command) {
    List<String> line = command(root, environment, command);
    return Tool.CHROOT.run(BOUND, line.subList(1, line.size()).toArray(String[]::new));
  }

  private static void unready(CleanRoot root, List<String> environment) {
    assertNotEquals(0, run(root, environment, ENTRYPOINT, "health").status());
    List<String> wrong = new ArrayList<>(environment);
    wrong.add("MOONGATE_CLUSTER_SEED_NODES=gw1:8558 and more\"");
    Tool.Output refused = run(root, wrong, ENTRYPOINT, "gateway");
    assertEquals(78, refused.status(), refused.text());
    assertTrue(
        refused.text().contains("MOONGATE_CLUSTER_SEED_NODES: expected host:port"), refused.text());
  }

  private static String tail(Path log) {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
