package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cli.demo.DemoAccess;
import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.SetChap;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.LauncherRun;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Cassandra loses all of its data. What was exported is imported into an empty one, over the same
 * volumes: hosts find the same disks, by the same names, with the same data.
 */
class RestoreIT {
  private static final Duration BOUND = Duration.ofSeconds(90);
  private static final String HOST = "iqn.2026-11.example:host";
  private static final String SECRET = "secretsecret1";
  private static final long SIZE = 16L << 20;

  private TestCluster cluster;

  @Test
  @Tag("long")
  void aClusterThatHasLostItsMetadataIsRestored() throws Exception {
    Installation installation = Installation.find();
    try (TestCluster started =
        TestCluster.start(installation, installation.output().resolve("restore"), 2)) {
      cluster = started;
      TestLun lun = cluster.createLun("restored", 3, SIZE);
      TestLun read = cluster.createLun("restored", 4, SIZE);
      listed();
      // So that the epochs on record are not those that begin.
      move(lun);
      move(lun);
      write(lun, "0x5a");
      write(read, "0xa5");
      List<String> names = List.of(names(lun), names(read));
      Path file = cluster.directory().resolve("exported.json");
      command("export", file.toString());
      String exported = Files.readString(file);

      cluster.loseMetadata();
      assertEquals(0, cluster.done("LUNs", () -> first().api().luns()).size());
      LauncherRun.Ended without = run("import", "configuration", file.toString());
      assertEquals(1, without.status(), without.output());
      assertTrue(without.output().contains("left out: initiator " + HOST), without.output());
      Path secrets = secrets();
      command(
          "import", "configuration", file.toString(), "--secrets", secrets.toString(), "--merge");
      command(
          "import", "configuration", file.toString(), "--secrets", secrets.toString(), "--merge");

      List<LogicalUnit> units = cluster.done("LUNs", () -> first().api().luns());
      TestLun now = restored(units, lun);
      TestLun readNow = restored(units, read);
      assertEquals(names, List.of(names(now), names(readNow)));
      read(now, "0x5a");
      read(readNow, "0xa5");
      sameAs(exported);
      failsOver(now);
      asListed();
    }
  }

  private TestGateway first() {
    return cluster.serving().get(0);
  }

  private void listed() {
    String target = cluster.createTarget("restored-listed");
    cluster.done(
        "a LUN", () -> first().api().createLun(target, 0, SIZE, 512, "file", List.of("gw2")));
    cluster.done(
        HOST + " to be allowed",
        () ->
            first()
                .api()
                .allow(
                    target,
                    HOST,
                    new AllowInitiator(
                        new SetChap("host", SECRET), List.of(new Initiator.Lun(7, 0)), "by name")));
    cluster.done("the list", () -> first().api().setAccess(target, "listed"));
  }

  private Path secrets() throws IOException {
    Path file = cluster.directory().resolve("secrets.json");
    Files.writeString(
        file,
        """
        {"iqn.2026-11.io.moongate:restored-listed": {"initiators": {"%s": "%s"}}}
        """
            .formatted(HOST, SECRET));
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  private void move(TestLun lun) {
    TestGateway owner = cluster.owner(lun);
    cluster.move(lun, cluster.servingWithout(owner).get(0));
  }

  private TestLun restored(List<LogicalUnit> units, TestLun lun) {
    LogicalUnit unit =
        units.stream()
            .filter(each -> lun.target().equals(each.target()) && each.lun() == lun.number())
            .findFirst()
            .orElseThrow();
    assertEquals(lun.id(), unit.volume());
    assertNotEquals(lun.id(), unit.id());
    assertTrue(unit.imported());
    TestLun now = new TestLun(unit.target(), unit.lun(), unit.id(), unit.size());
    new PathAgreement(cluster, now).await();
    return now;
  }

  /** What every gateway says of who the disk is. */
  private String names(TestLun lun) {
    StringBuilder all = new StringBuilder();
    for (TestGateway gateway : cluster.gateways()) {
      String url = gateway.url(lun.target(), lun.number());
      for (String page : List.of("131", "128")) {
        all.append(Tool.ISCSI_INQ.run(BOUND, "-e", "1", "-c", page, url).succeeded().text());
      }
    }
    return all.toString();
  }

  private void write(TestLun lun, String pattern) {
    io(first(), lun, "write -f -P " + pattern + " 64k 1M");
  }

  private void read(TestLun lun, String pattern) {
    for (TestGateway gateway : cluster.serving()) {
      io(gateway, lun, "read -P " + pattern + " 64k 1M");
    }
  }

  private static void io(TestGateway gateway, TestLun lun, String command) {
    Tool.Output output =
        Tool.QEMU_IO
            .run(BOUND, "-f", "raw", "-c", command, gateway.url(lun.target(), lun.number()))
            .succeeded();
    assertFalse(output.text().contains("Pattern verification failed"), output.text());
  }

  /** What is exported now, but for the ids that units have now. */
  private void sameAs(String exported) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    JsonNode before = mapper.readTree(exported);
    Path file = cluster.directory().resolve("exported-again.json");
    command("export", file.toString());
    JsonNode after = mapper.readTree(Files.readString(file));
    assertEquals(before.get("targets"), after.get("targets"));
    assertEquals(before.get("gateways"), after.get("gateways"));
    for (String field : List.of("naa", "serial", "volume", "size", "preferred", "mappings")) {
      assertEquals(values(before, field), values(after, field), field);
    }
  }

  private static List<String> values(JsonNode configuration, String field) {
    List<String> values = new ArrayList<>();
    configuration.get("luns").forEach(lun -> values.add(lun.get(field).toString()));
    return values.stream().sorted().toList();
  }

  /** The next epoch is taken over as any other. */
  private void failsOver(TestLun lun) {
    TestGateway owner = cluster.owner(lun);
    owner.kill();
    assertNotEquals(owner.name(), new PathAgreement(cluster, lun).await().owner());
    read(lun, "0x5a");
    write(lun, "0x33");
    cluster.heal();
    read(lun, "0x33");
  }

  /** Who was on the list logs in by its secret, and sees what it saw. */
  private void asListed() {
    String url =
        first()
            .url("iqn.2026-11.io.moongate:restored-listed", 7)
            .replace("iscsi://", "iscsi://host%" + SECRET + "@");
    Tool.ISCSI_INQ.run(BOUND, "-i", HOST, url).succeeded();
    assertNotEquals(
        0, Tool.ISCSI_INQ.run(BOUND, "-i", HOST, url.replace(SECRET, "x" + SECRET)).status());
  }

  private String command(String... words) throws Exception {
    LauncherRun.Ended ended = run(words);
    assertEquals(0, ended.status(), ended.output());
    return ended.output();
  }

  private LauncherRun.Ended run(String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--token-file", DemoAccess.in(cluster.directory()).tokenFile().toString()));
    return LauncherRun.run(line, cluster.logs().resolve("command.log"), BOUND);
  }
}
