package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.conformance.Exclusions;
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
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * libiscsi's conformance suite, one JUnit test for each run of one of its tests. What the tool
 * leaves out counts as failed, but for what excludes itself on this kind of unit and is tried on
 * another. A test that fails must be in the list of known failures, and a listed one must fail: the
 * list can't grow unseen, nor keep what has been mended.
 */
@ExtendWith(ClusterExtension.class)
class ConformanceIT {
  private static final Duration BOUND = Duration.ofMinutes(5);
  private static final long SIZE = 256L << 20;

  private final Path lists = Installation.find().testFile("conformance");
  private final KnownFailures known = KnownFailures.read(lists.resolve("known-failures.txt"));
  private final Exclusions exclusions = Exclusions.read(lists.resolve("exclusions.txt"));

  @TestFactory
  Stream<DynamicTest> oneOptimizedPath(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-ao", 0, SIZE);
    return run("ao", "disk", lun, List.of(cluster.owner(lun)), "");
  }

  @TestFactory
  Stream<DynamicTest> oneNonOptimizedPath(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-ano", 0, SIZE);
    return run("ano", "disk", lun, others(cluster, lun).subList(0, 1), "");
  }

  @TestFactory
  Stream<DynamicTest> theOptimizedPathAndAnother(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-ao-ano", 0, SIZE);
    List<TestGateway> both = List.of(cluster.owner(lun), others(cluster, lun).get(0));
    return run("ao-ano", "disk by two paths", lun, both, "");
  }

  @TestFactory
  Stream<DynamicTest> twoNonOptimizedPaths(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-ano-ano", 0, SIZE);
    return run("ano-ano", "disk by two paths", lun, others(cluster, lun), "");
  }

  @Tag("long")
  @TestFactory
  Stream<DynamicTest> headerDigests(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-digest", 0, SIZE);
    List<TestGateway> both = List.of(cluster.owner(lun), others(cluster, lun).get(0));
    return run("digest", "disk by two paths", lun, both, "?header_digest=crc32c");
  }

  private static List<TestGateway> others(TestCluster cluster, TestLun lun) {
    return cluster.servingWithout(cluster.owner(lun));
  }

  private Stream<DynamicTest> run(
      String name, String kind, TestLun lun, List<TestGateway> paths, String option) {
    List<String> arguments = new ArrayList<>(List.of("-v", "-d", "-S"));
    paths.forEach(path -> arguments.add(path.url(lun.target(), lun.number()) + option));
    Tool.Output output = Tool.ISCSI_TEST_CU.run(BOUND, arguments.toArray(String[]::new));
    Path kept = Installation.find().output().resolve("conformance-" + name + ".output");
    try {
      Files.createDirectories(kept.getParent());
      Files.writeString(kept, output.text(), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new AssertionError("the output can't be kept", e);
    }
    TestCuReport report = TestCuReport.parse(output.text());
    System.out.printf(
        "iscsi-test-cu, %s: %d of %d passed, %d failed asserts, %d of the passed left something"
            + " out; failed: %s; all of it in %s%n",
        name,
        report.cases().size() - report.failures().size(),
        report.cases().size(),
        report.asserts(),
        report.cases().stream().filter(test -> !test.failed() && !test.skips().isEmpty()).count(),
        report.failures(),
        kept);
    return report.cases().stream()
        .map(test -> DynamicTest.dynamicTest(name + " " + test, () -> judge(test, kind)));
  }

  private void judge(TestCuReport.Case test, String kind) {
    if (known.reasons().containsKey(test.name())) {
      assertTrue(test.failed(), "passed: take it off the list of known failures");
      return;
    }
    assertFalse(test.failed(), test::text);
    assertEquals(List.of(), exclusions.inexcusable(test, kind), test::text);
  }
}
