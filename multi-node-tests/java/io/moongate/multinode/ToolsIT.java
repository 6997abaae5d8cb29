package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterShared;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TargetPortGroups;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What other people's initiators, and a reader of every byte, see through each portal. */
@ClusterShared
class ToolsIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final long SIZE = 64L << 20;
  private static final int EXTENT = 64 << 10;
  private static final List<String> PAGES = List.of("0", "128", "131", "176", "177", "178");

  private static TestLun lun;

  @BeforeAll
  static void createLun(TestCluster cluster) {
    lun = cluster.createLun("tools", 0, SIZE);
  }

  @Test
  void discoveryThroughAnyPortalNamesEveryPortalWithItsGroup(TestCluster cluster) {
    Map<String, Integer> groups = new PathAgreement(cluster, lun).groups();
    for (TestGateway asked : cluster.gateways()) {
      String listed = Tool.listUnits(BOUND, "iscsi://" + asked.host() + ":3260").text();
      for (TestGateway gateway : cluster.gateways()) {
        String line =
            "Target:%s Portal:%s:3260,%d"
                .formatted(lun.target(), gateway.host(), groups.get(gateway.name()));
        assertTrue(listed.contains(line), () -> asked + " does not list " + line + ":\n" + listed);
      }
      assertTrue(listed.contains("Type:DIRECT_ACCESS"), listed);
    }
  }

  @Test
  void inquiryThroughEveryPortal(TestCluster cluster) {
    LogicalUnit unit = cluster.describe(lun);
    Set<String> limits = new HashSet<>();
    for (TestGateway gateway : cluster.gateways()) {
      String url = gateway.url(lun.target(), lun.number());
      String standard = Tool.ISCSI_INQ.run(BOUND, url).succeeded().text();
      assertTrue(standard.contains("Vendor:MOONGATE"), standard);
      assertTrue(standard.contains("TPGS:1"), standard);
      String pages = inquiry(url, "0");
      for (String code : List.of("0x00", "0x80", "0x83", "0xb0", "0xb1", "0xb2")) {
        assertTrue(pages.contains("Page:" + code), pages);
      }
      assertTrue(inquiry(url, "128").contains(unit.serial()), gateway::name);
      String identification = inquiry(url, "131");
      for (String type : List.of("(3) NAA", "(4) RELATIVE_TARGET_PORT", "(5) TARGET_PORT_GROUP")) {
        assertTrue(identification.contains("Designator Type:" + type), identification);
      }
      // What limits a command must be the same whatever path it takes.
      limits.add(inquiry(url, "176") + inquiry(url, "177") + inquiry(url, "178"));
    }
    assertEquals(1, limits.size(), () -> "the gateways differ: " + limits);
    assertTrue(limits.iterator().next().contains("maximum transfer length"), limits::toString);
  }

  private static String inquiry(String url, String page) {
    return Tool.ISCSI_INQ.run(BOUND, "-e", "1", "-c", page, url).succeeded().text();
  }

  @Test
  void sameUnitAndAnotherPortThroughEveryGateway(TestCluster cluster) throws IOException {
    String naa = cluster.describe(lun).naa();
    Map<String, Integer> groups = new PathAgreement(cluster, lun).groups();
    Set<Integer> ports = new HashSet<>();
    for (TestGateway gateway : cluster.gateways()) {
      try (Nexus nexus = Nexus.open(gateway, lun)) {
        byte[] page = nexus.execute(Cdb.inquiry(0x83, 1024), new byte[0], 1024);
        assertEquals(naa, hex(designator(page, 0, 3)), gateway::name);
        int group = ByteBuffer.wrap(designator(page, 1, 5)).getShort(2) & 0xFFFF;
        assertEquals(groups.get(gateway.name()), group);
        ports.add(ByteBuffer.wrap(designator(page, 1, 4)).getShort(2) & 0xFFFF);
      }
    }
    assertEquals(cluster.gateways().size(), ports.size(), () -> "relative ports " + ports);
  }

  private static byte[] designator(byte[] page, int association, int type) {
    ByteBuffer in = ByteBuffer.wrap(page);
    int end = 4 + (in.getShort(2) & 0xFFFF);
    for (int at = 4; at < end; at += 4 + (page[at + 3] & 0xFF)) {
      if ((page[at + 1] >> 4 & 3) == association && (page[at + 1] & 0xF) == type) {
        byte[] designator = new byte[page[at + 3] & 0xFF];
        in.get(at + 4, designator);
        return designator;
      }
    }
    throw new AssertionError(
        "no designator of association %d and type %d in %s"
            .formatted(association, type, hex(page)));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void qemuIoReadsThroughEveryPortalWhatItWroteThroughAnother(TestCluster cluster) {
    for (int i = 0; i < cluster.gateways().size(); i++) {
      TestGateway writer = cluster.gateways().get(i);
      String extent = "-P 0x%02x %d %d".formatted(0x51 + i, i * EXTENT, EXTENT);
      Tool.QEMU_IO.run(BOUND, qemuIo(writer, "write " + extent)).succeeded();
      for (TestGateway reader : cluster.gateways()) {
        Tool.Output read = Tool.QEMU_IO.run(BOUND, qemuIo(reader, "read " + extent)).succeeded();
        // qemu-io ends well even when the pattern differs.
        assertTrue(
            read.text().contains("read %d/%d bytes".formatted(EXTENT, EXTENT))
                && !read.text().contains("Pattern verification failed"),
            read::toString);
      }
    }
  }

  private static String[] qemuIo(TestGateway gateway, String command) {
    return new String[] {
      "-f", "raw", "-t", "none", "-c", command, gateway.url(lun.target(), lun.number())
    };
  }

  @Test
  void qemuImgBenchThroughEveryPortal(TestCluster cluster) {
    for (TestGateway gateway : cluster.gateways()) {
      for (List<String> kind : List.of(List.<String>of(), List.of("-w"))) {
        List<String> arguments =
            new ArrayList<>(
                List.of(
                    "bench", "-c", "2000", "-d", "16", "-s", "4096", "-t", "none", "-f", "raw"));
        arguments.addAll(kind);
        arguments.add(gateway.url(lun.target(), lun.number()));
        Tool.Output output = Tool.QEMU_IMG.run(BOUND, arguments.toArray(String[]::new)).succeeded();
        output
            .text()
            .lines()
            .filter(line -> line.startsWith("Run completed"))
            .forEach(
                line ->
                    System.out.printf(
                        "%s, 2000 %s of 4 KiB at depth 16: %s%n",
                        gateway, kind.isEmpty() ? "reads" : "writes", line));
      }
    }
  }

  @Test
  void reportTargetPortGroupsIsTheSameEverywhere(TestCluster cluster) throws IOException {
    PathAgreement.Agreed agreed = new PathAgreement(cluster, lun).await();
    int count = cluster.gateways().size();
    assertEquals(
        1, agreed.states().values().stream().filter(TargetPortGroups.OPTIMIZED::equals).count());
    assertEquals(count, agreed.states().size());
    for (TestGateway gateway : cluster.gateways()) {
      try (Nexus nexus = Nexus.open(gateway, lun)) {
        TargetPortGroups plain = nexus.reportTargetPortGroups(128, false);
        assertEquals(agreed.states(), plain.states(), gateway::name);
        assertEquals(OptionalInt.empty(), plain.transitionSeconds());
        assertEquals(count * 12, plain.length());
        plain.ports().forEach((group, ports) -> assertEquals(1, ports.size()));
        // The first question of Linux is short: the length must be that of the whole.
        assertEquals(plain.length(), nexus.reportTargetPortGroups(8, false).length());

        TargetPortGroups extended = nexus.reportTargetPortGroups(128, true);
        assertEquals(agreed.states(), extended.states(), gateway::name);
        assertEquals(plain.length() + 4, extended.length());
        TargetPortGroups cut = nexus.reportTargetPortGroups(8, true);
        assertEquals(extended.length(), cut.length());
        assertEquals(extended.transitionSeconds(), cut.transitionSeconds());
        // Zero makes Linux wait for 60 s.
        assertTrue(extended.transitionSeconds().orElseThrow() > 0);
        nexus.logout();
      }
    }
  }
}
