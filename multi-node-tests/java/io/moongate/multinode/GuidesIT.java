package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.demo.DemoAccess;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * The README and the guides for operators, command by command as they stand there, on a cluster of
 * three.
 */
@ClusterAlone
class GuidesIT {
  private static final String TARGET = "iqn.2026-11.com.example:disks";
  private static final Pattern RUN = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");

  @AfterAll
  static void clean(TestCluster cluster) {
    cluster.delete(TARGET);
  }

  @Test
  void everyCommandDoesWhatItSays(TestCluster cluster) throws Exception {
    Path directory = cluster.directory().resolve("guides");
    Files.createDirectories(directory);
    Files.createSymbolicLink(
        directory.resolve("moongate"), Installation.find().home().resolve("moongate"));
    run(cluster, "README.md", 2);
    cluster.delete(TARGET);
    run(cluster, "docs/operations.md", 8);
    run(cluster, "docs/hosts.md", 1);
    run(cluster, "docs/backup.md", 2);
    run(cluster, "docs/upgrade.md", 1);
  }

  private static void run(TestCluster cluster, String guide, int blocks) throws Exception {
    Path home = Installation.find().home();
    Matcher block = RUN.matcher(Files.readString(home.resolve(guide)));
    StringBuilder script = new StringBuilder("set -eux\n");
    int found = 0;
    while (block.find()) {
      script.append(block.group(1));
      found++;
    }
    assertEquals(blocks, found, guide);
    Path log = cluster.logs().resolve(Path.of(guide).getFileName() + ".log");
    ProcessBuilder shell =
        new ProcessBuilder("sh", "-c", script.toString())
            .directory(cluster.directory().resolve("guides").toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    shell.environment().put("PATH", home + ":" + System.getenv("PATH"));
    shell.environment().put("MOONGATE_NO_BUILD", "1");
    shell
        .environment()
        .put("MOONGATE_TOKEN_FILE", DemoAccess.in(cluster.directory()).tokenFile().toString());
    shell
        .environment()
        .put(
            "MOONGATE_API",
            cluster.gateways().stream()
                .map(gateway -> "http://" + gateway.host() + ":8080")
                .collect(Collectors.joining(",")));
    Process running = shell.start();
    try {
      assertTrue(running.waitFor(240, TimeUnit.SECONDS), () -> read(log));
      assertEquals(0, running.exitValue(), () -> read(log));
    } finally {
      running.destroy();
    }
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
