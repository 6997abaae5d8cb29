package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** tshark, which knows nothing of Moongate, decodes whole sessions. */
@ClusterAlone
class CaptureIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String LOGOUT_RESPONSE = "0x26";

  /**
   * Opcodes (RFC 7143 section 11.2.1.2) that must have been seen, so that the capture proves
   * something.
   */
  private static final Map<String, String> EXPECTED =
      Map.of(
          "0x01",
          "SCSI Command",
          "0x21",
          "SCSI Response",
          "0x03",
          "Login Request",
          "0x23",
          "Login Response",
          "0x05",
          "SCSI Data-Out",
          "0x25",
          "SCSI Data-In",
          "0x31",
          "Ready To Transfer",
          "0x06",
          "Logout Request",
          LOGOUT_RESPONSE,
          "Logout Response");

  /**
   * libiscsi first asks for 64 bytes of VPD page 83h. The answer is cut in the middle of a
   * designator, as it must be, and tshark reads on beyond its end.
   */
  private static final String MALFORMED =
      "_ws.malformed && !(scsi_sbc.opcode == 0x12 && iscsi.datasegmentlength == 64)";

  @Test
  void noPduIsMalformed(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("capture", 0, 64L << 20);
    Path file = Files.createTempFile(cluster.directory(), "session", ".pcapng");
    Tool.Running capture =
        Tool.TSHARK.start("-i", "lo", "-f", "tcp port 3260", "-w", file.toString());
    int sessions;
    try {
      // An empty file has a header once the capture runs.
      Await.until(
          "tshark to capture (as root, or with the rights of dumpcap)",
          BOUND,
          () -> {
            if (!capture.alive()) {
              throw new AssertionError(capture.stop(BOUND));
            }
            return size(file) > 0;
          },
          () -> "nothing was written");
      sessions = converse(cluster, lun);
      // What the kernel has captured comes late: until the last PDU of every session is in the
      // file.
      Await.until(
          sessions + " logouts in the capture",
          BOUND,
          () -> opcodes(file).getOrDefault(LOGOUT_RESPONSE, 0) >= sessions,
          () -> "seen so far: " + opcodes(file));
    } finally {
      capture.stop(BOUND);
    }
    Map<String, Integer> seen = opcodes(file);
    System.out.println("PDUs by opcode: " + seen);
    EXPECTED.forEach(
        (opcode, name) -> assertTrue(seen.containsKey(opcode), () -> "no " + name + " in " + seen));
    assertEquals("", decode(file, MALFORMED, "frame.number"), "malformed PDUs, by frame");
  }

  /**
   * Talks through every portal, as several initiators do; returns how many sessions were logged
   * out.
   */
  private static int converse(TestCluster cluster, TestLun lun) throws IOException {
    int sessions = 0;
    for (TestGateway gateway : cluster.gateways()) {
      String url = gateway.url(lun.target(), lun.number());
      Tool.QEMU_IO
          .run(
              BOUND,
              "-f",
              "raw",
              "-t",
              "none",
              "-c",
              "write -P 0x5a 0 1M",
              "-c",
              "read -P 0x5a 0 1M",
              "-c",
              "flush",
              url)
          .succeeded();
      Tool.ISCSI_INQ.run(BOUND, "-e", "1", "-c", "131", url).succeeded();
      try (Nexus nexus = Nexus.open(gateway, lun)) {
        nexus.reportTargetPortGroups(128, true);
        nexus.logout();
        sessions++;
      }
    }
    return sessions;
  }

  private static Map<String, Integer> opcodes(Path file) {
    Map<String, Integer> seen = new TreeMap<>();
    // A segment may carry several PDUs, whose opcodes are then separated by commas.
    for (String opcode : decode(file, "iscsi", "iscsi.opcode").split("[,\\n]")) {
      if (!opcode.isBlank()) {
        seen.merge(opcode.strip(), 1, Integer::sum);
      }
    }
    return seen;
  }

  private static String decode(Path file, String filter, String field) {
    // A capture that goes on may end in the middle of a packet: then tshark says so and ends with a
    // status.
    return Tool.TSHARK
        .run(BOUND, "-r", file.toString(), "-Y", filter, "-T", "fields", "-e", field)
        .text()
        .lines()
        .filter(line -> line.matches("[0-9a-fx,]+"))
        .reduce("", (all, line) -> all + line + "\n");
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }
}
