package io.moongate.multinode.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TestCuReportTest {
  private static final String FAILED =
      """
          [FAILED] COMPAREANDWRITE successful but should have failed

      Suite CompareAndWrite, Test Simple had failures:
          1. test_compareandwrite_simple.c:71  - CU_ASSERT_EQUAL(_r,0)    [SKIPPED] not implemented.

      Suite CompareAndWrite, Test Simple had failures:
          1. test_compareandwrite_simple.c:71  - CU_ASSERT_EQUAL(_r,0)

      Run Summary:    Type  Total    Ran Passed Failed Inactive
                    suites    134    134    n/a      0        0
                     tests    615    615    613      2        0
                   asserts 182508 182508 182485     23      n/a

      Elapsed time =   11.121 seconds
      """;

  @Test
  void readsFailuresAndCounts() {
    assertEquals(
        new TestCuReport(615, 2, 1, Set.of("CompareAndWrite.Simple")), TestCuReport.parse(FAILED));
  }

  @Test
  void refusesWhatHasNoSummary() {
    assertThrows(AssertionError.class, () -> TestCuReport.parse("Suite A, Test B had failures:"));
  }

  @Test
  void refusesARunThatWasCutShort() {
    String cut = FAILED.replace("615    615", "615    600");
    assertThrows(AssertionError.class, () -> TestCuReport.parse(cut));
  }

  @Test
  void refusesFailuresThatItCanNotName() {
    String unnamed = FAILED.replace("had failures", "failed");
    assertThrows(AssertionError.class, () -> TestCuReport.parse(unnamed));
  }

  @Test
  void listAndRunMustAgree() {
    Set<String> tests = Set.of("A.One", "A.Two", "A.Three");
    KnownFailures known = new KnownFailures(Map.of("A.One", "why"));
    assertEquals(List.of(), known.differences(Set.of("A.One"), tests));
    assertEquals(1, known.differences(Set.of("A.One", "A.Two"), tests).size());
    assertEquals(1, known.differences(Set.of(), tests).size());
    assertEquals(2, known.differences(Set.of("A.Three"), tests).size());
    assertEquals(1, known.differences(Set.of(), Set.of()).size());
  }
}
