package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.api.CreateLun;
import io.moongate.management.api.SetChap;
import io.moongate.multinode.conformance.Exclusions;
import io.moongate.multinode.conformance.KnownFailures;
import io.moongate.multinode.conformance.TestCuReport;
import io.moongate.multinode.harness.ClusterShared;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import io.moongate.volume.rbd.CephCluster;
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
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * libiscsi's conformance suite, one JUnit test for each run of one of its tests. What the tool
 * leaves out counts as failed, but for what excludes itself on this kind of unit and is tried on
 * another. A test that fails must be in the list of known failures, and a listed one must fail: the
 * list can't grow unseen, nor keep what has been mended.
 *
 * <p>The runs go side by side, each on a unit and a target of its own, and beside other tests: the
 * suite sleeps for most of its time.
 */
@ClusterShared
@ResourceLock(value = CephCluster.LOCK, mode = ResourceAccessMode.READ)
@Execution(ExecutionMode.CONCURRENT)
class ConformanceIT {
  private static final Duration BOUND = Duration.ofMinutes(10);
  private static final long SIZE = 256L << 20;

  /** It is all in the heap of the owner. */
  private static final long SIZE_IN_MEMORY = 64L << 20;

  /** It overwrites the unit several times, and looks for the end of that once a minute. */
  private static final Duration SANITIZE_BOUND = Duration.ofMinutes(15);

  /** It takes its space at once. */
  private static final long SIZE_IN_FULL = 64L << 20;

  /** To overwrite it takes longer, at the usual rate, than a test needs to look at that. */
  private static final long SIZE_TO_SANITIZE = 512L << 20;

  private static final String DISK = "disk";
  private static final List<String> WHOLE_SUITE = List.of("-d");

  /**
   * The whole suite. But PreventAllow.2ITNexuses has sessions of its own: before it the same suite
   * resets the unit through the first path, and does not ask the second one for the unit attention
   * of that (SAM-5 section 5.14), with which START STOP UNIT is answered then.
   */
  private static final List<String> WHOLE_SUITE_OF_REMOVABLE =
      List.of(
          "-d",
          "-t",
          "*.[!P]*,*.Pref*,*.Pri*,*.Pro*,*.PreventAllow.[!2]*,*.PreventAllow.2ITNexuses");

  /**
   * Everything that neither writes without being allowed to, nor has to register for a reservation,
   * which the tool does only where it may write too.
   */
  private static final List<String> WITHOUT_WRITES =
      List.of(
          "-t",
          "*.[!PW]*,*.Pre*,*.PrinReadKeys.S*,*.PrinS*,*.PrinRep*,*.Prout[!R]*,*.Write[!V]*,"
              + "*.WriteVerify*.[!D]*");

  private static final List<String> INITIATORS =
      List.of("iqn.2026-11.io.moongate:conformance-1", "iqn.2026-11.io.moongate:conformance-2");
  private static final SetChap CHAP = new SetChap("conformance", "Xq7secretOfConformance");

  private final Path lists = Installation.find().testFile("conformance");
  private final KnownFailures known = KnownFailures.read(lists.resolve("known-failures.txt"));
  private final Exclusions exclusions = Exclusions.read(lists.resolve("exclusions.txt"));

  @TestFactory
  Stream<DynamicTest> oneOptimizedPath(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-ao", 0, SIZE);
    return run("ao", lun, List.of(cluster.owner(lun)), "", "");
  }

  @TestFactory
  Stream<DynamicTest> oneNonOptimizedPath(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-ano", 0, SIZE);
    return run("ano", lun, others(cluster, lun).subList(0, 1), "", "");
  }

  @TestFactory
  Stream<DynamicTest> theOptimizedPathAndAnother(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-ao-ano", 0, SIZE);
    return run("ao-ano", lun, both(cluster, lun), "", "");
  }

  @TestFactory
  Stream<DynamicTest> twoNonOptimizedPaths(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-ano-ano", 0, SIZE);
    return run("ano-ano", lun, others(cluster, lun), "", "");
  }

  @Tag("long")
  @TestFactory
  Stream<DynamicTest> headerDigests(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-digest", 0, SIZE);
    return byOnePathAndByTwo("digest", cluster, lun, "", "?header_digest=crc32c");
  }

  @Tag("long")
  @TestFactory
  Stream<DynamicTest> chap(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-chap", 0, SIZE);
    // Found while whoever asks for the paths may log in.
    List<TestGateway> both = both(cluster, lun);
    cluster.allowOnly(lun.target(), INITIATORS, CHAP);
    String credentials = CHAP.user() + "%" + CHAP.secret() + "@";
    return Stream.concat(
        run("chap-ao", lun, both.subList(0, 1), credentials, ""),
        run("chap-ao-ano", lun, both, credentials, ""));
  }

  @Tag("long")
  @TestFactory
  Stream<DynamicTest> blocksOf4096Bytes(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-4096", 0, 2 * SIZE, 4096, "file");
    String disk = "4096-byte disk";
    List<TestGateway> both = both(cluster, lun);
    return Stream.concat(
        run("4096-ao", disk, WHOLE_SUITE, lun, both.subList(0, 1), "", ""),
        run("4096-ao-ano", disk, WHOLE_SUITE, lun, both, "", ""));
  }

  @TestFactory
  Stream<DynamicTest> onCephRbd(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-rbd", 0, SIZE, 512, "rbd");
    return run("rbd-ao-ano", lun, both(cluster, lun), "", "");
  }

  @Tag("long")
  @TestFactory
  Stream<DynamicTest> onCephRbdByOnePath(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-rbd-ao", 0, SIZE, 512, "rbd");
    return run("rbd-ao", lun, List.of(cluster.owner(lun)), "", "");
  }

  @Tag("long")
  @TestFactory
  Stream<DynamicTest> inMemory(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-memory", 0, SIZE_IN_MEMORY, 512, "memory");
    Stream<DynamicTest> tests = byOnePathAndByTwo("memory", cluster, lun, "", "");
    // Nobody could serve it any more once its owner was killed.
    cluster.delete(lun.target());
    return tests;
  }

  @TestFactory
  Stream<DynamicTest> removable(TestCluster cluster) {
    TestLun lun =
        cluster.createLun(
            "conformance-removable", target -> wanted(target, SIZE, true, false, "thin"));
    List<TestGateway> both = both(cluster, lun);
    return run("removable", "removable disk", WHOLE_SUITE_OF_REMOVABLE, lun, both, "", "");
  }

  @TestFactory
  Stream<DynamicTest> readOnly(TestCluster cluster) {
    TestLun lun =
        cluster.createLun(
            "conformance-read-only", target -> wanted(target, SIZE, false, true, "thin"));
    List<TestGateway> both = both(cluster, lun);
    List<String> writes = List.of("-d", "-t", "*.ReadOnly");
    return Stream.concat(
        run("read-only-writes", "read-only disk", writes, lun, both, "", ""),
        run("read-only", "disk that is not to be written", WITHOUT_WRITES, lun, both, "", ""));
  }

  @TestFactory
  Stream<DynamicTest> fullyProvisioned(TestCluster cluster) {
    TestLun lun =
        cluster.createLun(
            "conformance-full", target -> wanted(target, SIZE_IN_FULL, false, false, "full"));
    return run("full", "fully provisioned disk", WHOLE_SUITE, lun, both(cluster, lun), "", "");
  }

  /**
   * Sanitize.Reset by one path: it resets the unit, and by two paths it does not ask the second one
   * for the unit attention of that (SAM-5 section 5.14).
   */
  @Tag("long")
  @TestFactory
  Stream<DynamicTest> sanitize(TestCluster cluster) {
    TestLun lun = cluster.createLun("conformance-sanitize", 0, SIZE_TO_SANITIZE);
    List<TestGateway> both = both(cluster, lun);
    return Stream.concat(
        sanitize("sanitize-reset", lun, both.subList(0, 1), "ALL.Sanitize.Reset"),
        sanitize(
            "sanitize",
            lun,
            both,
            "ALL.Sanitize.[!R]*,ALL.Sanitize.Readonly,ALL.Sanitize.Reservations"));
  }

  private Stream<DynamicTest> sanitize(
      String name, TestLun lun, List<TestGateway> paths, String tests) {
    List<String> options = List.of("-d", "-S", "-t", tests);
    return run(name, "disk to sanitize", options, lun, paths, "", "");
  }

  private static CreateLun wanted(
      String target, long size, boolean removable, boolean readOnly, String provisioning) {
    return new CreateLun(
        target,
        0,
        size,
        512,
        "file",
        List.of(),
        removable,
        readOnly,
        provisioning,
        null,
        null,
        null,
        null);
  }

  private Stream<DynamicTest> byOnePathAndByTwo(
      String name, TestCluster cluster, TestLun lun, String credentials, String option) {
    List<TestGateway> both = both(cluster, lun);
    return Stream.concat(
        run(name + "-ao", lun, both.subList(0, 1), credentials, option),
        run(name + "-ao-ano", lun, both, credentials, option));
  }

  private static List<TestGateway> both(TestCluster cluster, TestLun lun) {
    return List.of(cluster.owner(lun), others(cluster, lun).get(0));
  }

  private static List<TestGateway> others(TestCluster cluster, TestLun lun) {
    return cluster.servingWithout(cluster.owner(lun));
  }

  /**
   * Runs the suite, at once.
   *
   * @param credentials for the URLs: empty, or {@code user%secret@}
   * @param option for the URLs: empty, or {@code ?key=value}
   */
  private Stream<DynamicTest> run(
      String name, TestLun lun, List<TestGateway> paths, String credentials, String option) {
    return run(name, DISK, WHOLE_SUITE, lun, paths, credentials, option);
  }

  /**
   * The same on a unit of another kind.
   *
   * @param disk the kind, as the list of exclusions calls it
   * @param options of the tool: which tests, and what they may do
   */
  private Stream<DynamicTest> run(
      String name,
      String disk,
      List<String> options,
      TestLun lun,
      List<TestGateway> paths,
      String credentials,
      String option) {
    List<String> arguments = new ArrayList<>(List.of("-v"));
    arguments.addAll(options);
    arguments.addAll(List.of("-i", INITIATORS.get(0), "-I", INITIATORS.get(1)));
    for (TestGateway path : paths) {
      String url = path.url(lun.target(), lun.number()) + option;
      arguments.add(url.replaceFirst("//", "//" + credentials));
    }
    String kind = paths.size() == 1 ? disk : disk + Exclusions.BY_TWO_PATHS;
    Duration bound = options.contains("-S") ? SANITIZE_BOUND : BOUND;
    Tool.Output output = Tool.ISCSI_TEST_CU.run(bound, arguments.toArray(String[]::new));
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
    // What leaves itself out on this kind of unit can't fail on it.
    if (known.expects(test.name(), kind) && test.skips().isEmpty()) {
      assertTrue(test.failed(), "passed: take it off the list of known failures");
      return;
    }
    assertFalse(test.failed(), test::text);
    assertEquals(List.of(), exclusions.inexcusable(test, kind), test::text);
  }
}
