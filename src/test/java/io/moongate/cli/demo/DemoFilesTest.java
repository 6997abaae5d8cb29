package io.moongate.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the demo writes and reads before it starts a process. */
class DemoFilesTest {

  @TempDir Path dir;

  @Test
  void standardDirectoryFollowsXdg() {
    Path home = Path.of("/home/someone");
    assertEquals(
        Path.of("/home/someone/.local/state/moongate-demo"),
        DemoDirectory.standard(Map.of(), home));
    assertEquals(
        Path.of("/state/moongate-demo"),
        DemoDirectory.standard(Map.of("XDG_STATE_HOME", "/state"), home));
    assertEquals(
        Path.of("/home/someone/.local/state/moongate-demo"),
        DemoDirectory.standard(Map.of("XDG_STATE_HOME", ""), home));
  }

  @Test
  void secondDemoInOneDirectoryIsRefusedAndNamesTheFirst() {
    try (DemoDirectory first = DemoDirectory.open(dir.resolve("d"))) {
      DemoException refused =
          assertThrows(DemoException.class, () -> DemoDirectory.open(first.root()));
      assertTrue(
          refused.getMessage().contains("pid " + ProcessHandle.current().pid()),
          refused.getMessage());
    }
    DemoDirectory.open(dir.resolve("d")).close();
  }

  @Test
  void checkWritesOnlyOverWhatACheckMade() throws IOException {
    try (DemoDirectory fresh = DemoDirectory.open(dir.resolve("fresh"))) {
      fresh.claimForCheck();
      Files.writeString(fresh.volumes().resolve("volume"), "data");
      fresh.claimForCheck();
    }
    try (DemoDirectory used = DemoDirectory.open(dir.resolve("used"))) {
      Files.writeString(used.volumes().resolve("volume"), "data");
      assertThrows(DemoException.class, used::claimForCheck);
    }
  }

  @Test
  void aDirectoryKeepsTheStoreThatItWasBegunWith() throws IOException {
    DemoStore rbd =
        DemoStore.rbd(
            new DemoStore.Ceph(Path.of("ceph.conf"), "moongate", "one", Optional.empty()));
    DemoStore other =
        DemoStore.rbd(
            new DemoStore.Ceph(Path.of("ceph.conf"), "moongate", "two", Optional.empty()));
    try (DemoDirectory begun = DemoDirectory.open(dir.resolve("begun"))) {
      begun.claimFor(DemoStore.FILE);
      begun.claimFor(rbd);
      Files.createDirectories(begun.cassandra());
      begun.claimFor(rbd);
      for (DemoStore refusing : List.of(DemoStore.FILE, other)) {
        DemoException refused =
            assertThrows(DemoException.class, () -> begun.claimFor(refusing), refusing.inWords());
        assertTrue(
            refused.getMessage().contains("--store rbd --pool one, and this is --store "),
            refused.getMessage());
      }
    }
    try (DemoDirectory former = DemoDirectory.open(dir.resolve("former"))) {
      Files.createDirectories(former.cassandra());
      assertThrows(DemoException.class, () -> former.claimFor(rbd));
      former.claimFor(DemoStore.FILE);
    }
  }

  @Test
  void gatewayConfigurationQuotesWhatItIsGiven() {
    List<GatewayAddress> all = GatewayAddress.first(5);
    String text =
        all.get(1).configuration(all, List.of("127.0.0.1:9042"), "/a \"b\"\\c", "/k \"1\"");
    assertTrue(text.contains("gateway { name = \"gw2\", host = \"127.0.0.2\" }"), text);
    assertTrue(
        text.contains("iscsi { portals = [\"127.0.0.2:3260\"], chap.key-file = \"/k \\\"1\\\"\" }"),
        text);
    assertTrue(text.contains("volume.file.directory = \"/a \\\"b\\\"\\\\c\""), text);
    assertTrue(text.contains("127.0.0.3:8558"), text);
    assertFalse(text.contains("127.0.0.4:8558"), "three seeds are enough");
    assertThrows(IllegalArgumentException.class, () -> new GatewayAddress(0));
    assertThrows(IllegalArgumentException.class, () -> new GatewayAddress(10));
  }

  @Test
  void chapKeyIsMadeOnceAndForItsOwnerAlone() throws IOException {
    Path key = ChapKey.in(dir);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(key)));
    String text = Files.readString(key);
    assertEquals(32, Base64.getDecoder().decode(text.strip()).length);
    assertEquals(key, ChapKey.in(dir));
    assertEquals(text, Files.readString(key));
    try (var files = Files.list(dir)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void cassandraAcknowledgesAfterTheDisk() {
    String yaml = yaml("127.0.0.1", List.of("127.0.0.1"));
    assertTrue(yaml.contains("\ncommitlog_sync: batch\n"), yaml);
    assertTrue(yaml.contains("\nnative_transport_port: 19042\n"), yaml);
    assertTrue(yaml.contains("- seeds: \"127.0.0.1:17000\"\n"), yaml);
    assertFalse(yaml.contains("initial_token"), yaml);
  }

  @Test
  void cassandraNodesOfARingHaveEqualPartsAndKnowOneAnother() {
    List<String> ring = List.of("10.0.0.1", "10.0.0.2", "10.0.0.3");
    List<String> tokens =
        List.of("-9223372036854775808", "-3074457345618258603", "3074457345618258602");
    for (int at = 0; at < ring.size(); at++) {
      String yaml = yaml(ring.get(at), ring);
      assertTrue(yaml.contains("\nlisten_address: " + ring.get(at) + "\n"), yaml);
      assertTrue(
          yaml.contains("- seeds: \"10.0.0.1:17000,10.0.0.2:17000,10.0.0.3:17000\"\n"), yaml);
      assertTrue(yaml.contains("\ninitial_token: " + tokens.get(at) + "\n"), yaml);
    }
    assertThrows(IllegalArgumentException.class, () -> yaml("10.0.0.4", ring));
  }

  private String yaml(String host, List<String> ring) {
    return CassandraNode.yaml(
        new CassandraNode.Settings(
            dir, dir, dir, new JavaHome(dir, 17), Optional.empty(), host, 19042, 17000, ring));
  }

  @Test
  void javaVersionIsReadFromTheReleaseFile() {
    assertEquals(
        OptionalInt.of(17), JavaHome.feature("IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"17.0.15\"\n"));
    assertEquals(OptionalInt.of(8), JavaHome.feature("JAVA_VERSION=\"1.8.0_432\"\n"));
    assertEquals(OptionalInt.of(25), JavaHome.feature("JAVA_VERSION=\"25\"\n"));
    assertEquals(OptionalInt.empty(), JavaHome.feature("JAVA_RUNTIME_VERSION=\"17\"\n"));
  }

  @Test
  void cassandraJavaThatWasNamedMustFit() {
    DemoException refused =
        assertThrows(
            DemoException.class,
            () -> JavaHome.forCassandra(Map.of(JavaHome.CASSANDRA_VARIABLE, dir.toString())));
    assertTrue(refused.getMessage().contains(dir.toString()), refused.getMessage());
  }

  @Test
  void freeMemoryCountsSwap() {
    assertEquals(
        OptionalLong.of(3),
        FreeMemory.availableMib(
            "MemTotal:  9 kB\nMemAvailable:    2048 kB\nSwapFree:   1024 kB\n"));
    assertEquals(OptionalLong.of(2), FreeMemory.availableMib("MemAvailable:    2048 kB\n"));
    assertEquals(OptionalLong.empty(), FreeMemory.availableMib("MemFree: 2048 kB\n"));
    assertTrue(FreeMemory.neededMib(9) > FreeMemory.neededMib(3));
  }

  @Test
  void takenPortsAreNamedWithTheirPurpose() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();
      DemoException refused =
          assertThrows(
              DemoException.class,
              () ->
                  Ports.requireFree(
                      List.of(new Ports.Need("127.0.0.1", port, "the iSCSI portal of gw1"))));
      assertTrue(
          refused.getMessage().contains("127.0.0.1:" + port + ", the iSCSI portal of gw1"),
          refused.getMessage());
      int other = Ports.preferredOrFree("127.0.0.1", port);
      assertTrue(other > 0 && other != port, "another port than " + port + ": " + other);
    }
  }
}
