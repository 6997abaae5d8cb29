package io.moongate.cli.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.api.Path;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a check concludes from what it sees. */
class CheckTest {

  private static final List<String> ALL = List.of("gw1", "gw2", "gw3");
  private static final String AO = "active-optimized";
  private static final String ANO = "active-non-optimized";

  private static Path path(String gateway, String state, String owner) {
    return new Path(
        0, "iqn.x:t", "id", gateway, gateway + ":3260", 1, state, owner, 4, Instant.EPOCH, "test");
  }

  private static PathStates states(String owner, String gw1, String gw2, String gw3) {
    return PathStates.of(
        List.of(path("gw1", gw1, owner), path("gw2", gw2, owner), path("gw3", gw3, owner)),
        "iqn.x:t",
        0,
        ALL);
  }

  @Test
  void servingMeansOneOptimizedPathThroughTheOwnerAndNoUnusableOne() {
    assertTrue(states("gw1", AO, ANO, ANO).serving(ALL));
    assertFalse(states("gw1", ANO, ANO, ANO).serving(ALL), "no optimized path");
    assertFalse(states("gw1", AO, AO, ANO).serving(ALL), "two optimized paths");
    assertFalse(states("gw2", AO, ANO, ANO).serving(ALL), "not through the owner");
    assertFalse(states("gw1", AO, ANO, "unavailable").serving(ALL), "one is unavailable");
    assertFalse(states("gw1", AO, ANO, "transitioning").serving(ALL), "one is in transition");
    assertFalse(new PathStates(List.of()).serving(ALL), "no paths");
  }

  @Test
  void survivorsServeWhileTheDeadIsUnusable() {
    List<String> survivors = List.of("gw2", "gw3");
    PathStates after = states("gw2", "unavailable", AO, ANO);
    assertTrue(after.serving(survivors));
    assertTrue(after.dead("gw1"));
    assertFalse(after.dead("gw3"));
    assertEquals("gw2", after.optimized());
    assertFalse(states("gw1", AO, ANO, ANO).serving(survivors), "the dead one is still optimized");
    assertFalse(new PathStates(List.of()).dead("gw1"), "not reported at all is not reported dead");
  }

  @Test
  void otherTargetsLunsAndGatewaysAreLeftOut() {
    List<Path> rows = new ArrayList<>(states("gw1", AO, ANO, ANO).paths());
    rows.add(path("gw9", "unavailable", "gw1"));
    rows.add(
        new Path(1, "iqn.x:t", "id", "gw1", null, 1, AO, "gw1", 4, Instant.EPOCH, "another LUN"));
    rows.add(
        new Path(
            0, "iqn.x:u", "id", "gw1", null, 1, AO, "gw1", 4, Instant.EPOCH, "another target"));
    assertEquals(3, PathStates.of(rows, "iqn.x:t", 0, ALL).paths().size());
  }

  @Test
  void percentilesAreByNearestRank() {
    List<Duration> times = new ArrayList<>();
    for (int i = 20; i >= 1; i--) {
      times.add(Duration.ofMillis(i));
    }
    Latencies latencies = new Latencies(times);
    assertEquals(Duration.ofMillis(10), latencies.percentile(0.5));
    assertEquals(Duration.ofMillis(18), latencies.percentile(0.9));
    assertEquals(Duration.ofMillis(1), latencies.percentile(0));
    assertEquals(Duration.ofMillis(20), latencies.percentile(1));
    assertEquals(
        "n=20 min 0.001 s, median 0.010 s, p90 0.018 s, max 0.020 s", latencies.toString());
    assertThrows(IllegalArgumentException.class, () -> new Latencies(List.of()));
  }

  @Test
  void naaIsReadFromBothFormsOfTheToolsOutput() {
    String head =
        "Page Code:(0x83) DEVICE_IDENTIFICATION\nDEVICE DESIGNATOR #0\nCode Set:(2) ASCII\n"
            + "PIV:0\nAssociation:(0) LOGICAL_UNIT\nDesignator Type:(1) T10_VENDORT_ID\n"
            + "Designator:[MOONGATE x]\nDEVICE DESIGNATOR #1\nCode Set:(1) BINARY\nPIV:0\n"
            + "Association:(0) LOGICAL_UNIT\nDesignator Type:(3) NAA\nDesignator:[";
    assertEquals(
        Optional.of("33f354f787937885"),
        InitiatorTools.naa(head + " 33 f3 54 f7 87 93 78 85]\nDEVICE DESIGNATOR #2\n"));
    assertEquals(
        Optional.of("33f35d0a87937885"),
        InitiatorTools.naa(head + "3\u00f3]\n\u0087\u0093x\u0085]\nDEVICE DESIGNATOR #2\n"),
        "bytes as they are, a bracket and a line end among them");
    assertEquals(Optional.empty(), InitiatorTools.naa("Inquiry command failed\n"));
  }

  @Test
  void aCheckPassesOnlyWhenEveryStepDid() {
    StringWriter text = new StringWriter();
    CheckReport report = new CheckReport(new PrintWriter(text));
    assertFalse(report.conclude(), "no step is no pass");
    assertFalse(report.passed());
    assertTrue(report.step("first", () -> "seen"));
    assertTrue(report.passed());
    assertTrue(report.conclude());
    assertFalse(
        report.step(
            "second",
            () -> {
              throw new DemoException("broken");
            }));
    assertFalse(report.conclude());
    assertTrue(text.toString().contains("PASS  first: seen"), text.toString());
    assertTrue(text.toString().contains("FAIL  second: broken"), text.toString());
  }

  @Test
  void patternsAreNeverTheZerosOfAnUnwrittenBlock() {
    assertThrows(IllegalArgumentException.class, () -> new Extent(0, 512, 0));
    assertThrows(IllegalArgumentException.class, () -> new Extent(0, 512, 256));
  }

  @Test
  void tableHasOneLinePerPath() {
    String table = PathsTable.of(states("gw1", AO, ANO, ANO).paths());
    assertEquals(4, table.lines().count(), table);
    assertTrue(table.lines().toList().get(1).contains("gw1:3260"), table);
  }
}
