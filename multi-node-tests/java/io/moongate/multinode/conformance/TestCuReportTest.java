package io.moongate.multinode.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TestCuReportTest {
  private static final String OUTPUT =
      """

           CUnit - A unit testing framework for C - Version 2.1-3
           http://cunit.sourceforge.net/

      Suite: CompareAndWrite
        Test: Simple ...    [SKIPPED] COMPAREANDWRITE is not implemented.
          [SKIPPED] COMPAREANDWRITE is not implemented.
      passed
        Test: DpoFua ...passed
      Suite: GetLBAStatus
        Test: BeyondEol ...    [FAILED] GET_LBA_STATUS successful but should have failed
      FAILED
          1. test_get_lba_status_beyond_eol.c:38  - CU_ASSERT_EQUAL(_r,0)
      Suite: CompareAndWrite
        Test: DpoFua ...    [FAILED] told of something, and yet it
      passed

      Run Summary:    Type  Total    Ran Passed Failed Inactive
                    suites    134    134    n/a      0        0
                     tests      4      4      3      1        0
                   asserts 182508 182508 182485     23      n/a

      Elapsed time =   11.121 seconds
      """;

  @Test
  void readsEveryCase() {
    TestCuReport report = TestCuReport.parse(OUTPUT);
    assertEquals(
        List.of(
            "CompareAndWrite.Simple",
            "CompareAndWrite.DpoFua",
            "GetLBAStatus.BeyondEol",
            "CompareAndWrite.DpoFua #2"),
        report.cases().stream().map(TestCuReport.Case::toString).toList());
    assertEquals(
        List.of("GetLBAStatus.BeyondEol"),
        report.failures().stream().map(TestCuReport.Case::name).toList());
    assertEquals(List.of("COMPAREANDWRITE is not implemented."), report.cases().get(0).skips());
    assertEquals(List.of(), report.cases().get(2).skips());
    assertTrue(report.cases().get(2).text().contains("beyond_eol.c:38"));
    assertEquals(23, report.asserts());
  }

  @Test
  void refusesWhatHasNoSummary() {
    assertThrows(AssertionError.class, () -> TestCuReport.parse("Suite: A\n  Test: B ...passed"));
  }

  @Test
  void refusesARunThatWasCutShort() {
    String cut = OUTPUT.replace("tests      4      4", "tests      4      3");
    assertThrows(AssertionError.class, () -> TestCuReport.parse(cut));
  }

  @Test
  void refusesCasesThatItDidNotSee() {
    String unseen = OUTPUT.replace("  Test: DpoFua ...passed", "  Probe: DpoFua ...passed");
    assertThrows(AssertionError.class, () -> TestCuReport.parse(unseen));
  }

  @Test
  void refusesFailuresThatItCanNotName() {
    String unnamed = OUTPUT.replace("\nFAILED\n", "\nfailed\n");
    assertThrows(AssertionError.class, () -> TestCuReport.parse(unnamed));
  }

  @Test
  void onlyAnotherKindOfUnitExcuses() {
    TestCuReport.Case test = TestCuReport.parse(OUTPUT).cases().get(0);
    Exclusions none = new Exclusions(Map.of());
    assertEquals(test.skips(), none.inexcusable(test, "thin"));
    Exclusions full = new Exclusions(Map.of("COMPAREANDWRITE is not implemented.", "full"));
    assertEquals(List.of(), full.inexcusable(test, "thin"));
    assertEquals(test.skips(), full.inexcusable(test, "full"));
    Exclusions several =
        new Exclusions(Map.of("COMPAREANDWRITE is not implemented.", "full, removable"));
    assertEquals(test.skips(), several.inexcusable(test, "removable"));
    assertEquals(test.skips(), several.inexcusable(test, "removable by two paths"));
    assertEquals(List.of(), several.inexcusable(test, "thin by two paths"));
  }
}
