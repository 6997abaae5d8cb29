package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.multinode.conformance.KnownFailures;
import io.moongate.multinode.conformance.TestCuReport;
import io.moongate.multinode.harness.ClusterExtension;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * libiscsi's conformance suite. A test that fails must be in the list of known failures, and a
 * listed one must fail: the list can't grow unseen, nor keep what has been mended.
 */
@ExtendWith(ClusterExtension.class)
class ConformanceIT {
  private static final Duration BOUND = Duration.ofMinutes(5);
  private static final Duration LIST_BOUND = Duration.ofSeconds(20);
  private static final long SIZE = 256L << 20;

  @Test
  void everyTestThroughTheOwner(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("conformance", 0, SIZE);
    judge("known-failures.txt", List.of("-d", "-n", url(cluster.owner(lun), lun)));
  }

  @Test
  void multipathTestsThroughTwoGateways(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("conformance-multipath", 0, SIZE);
    TestGateway owner = cluster.owner(lun);
    TestGateway other = cluster.servingWithout(owner).get(0);
    judge(
        "known-failures-multipath.txt",
        List.of("-d", "-n", "-t", "ALL.MultipathIO", url(owner, lun), url(other, lun)));
  }

  private static String url(TestGateway gateway, TestLun lun) {
    return gateway.url(lun.target(), lun.number());
  }

  private static void judge(String list, List<String> arguments) throws IOException {
    Installation installation = Installation.find();
    Path file = installation.testFile("conformance").resolve(list);
    KnownFailures known = KnownFailures.read(file);
    Set<String> tests = listed();
    Tool.Output output = Tool.ISCSI_TEST_CU.run(BOUND, arguments.toArray(String[]::new));
    Path kept = installation.output().resolve(list.replace(".txt", ".output"));
    Files.createDirectories(kept.getParent());
    Files.writeString(kept, output.text(), StandardCharsets.ISO_8859_1);
    TestCuReport report = TestCuReport.parse(output.text());
    System.out.printf(
        "iscsi-test-cu: %d of %d passed (with %d skips in it); failed: %s; all of it in %s%n",
        report.total() - report.failed(),
        report.total(),
        report.skipped(),
        report.failures(),
        kept);
    assertEquals(List.of(), known.differences(report.failures(), tests), output::toString);
  }

  /** Every {@code Suite.Test} that the tool has. */
  private static Set<String> listed() {
    Set<String> tests = new HashSet<>();
    Stream<String> lines = Tool.ISCSI_TEST_CU.run(LIST_BOUND, "-l").text().lines();
    lines
        .map(line -> line.strip().split("\\."))
        .filter(parts -> parts.length == 3)
        .forEach(parts -> tests.add(parts[1] + "." + parts[2]));
    return tests;
  }
}
