package io.moongate.multinode.conformance;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What iscsi-test-cu wrote. It runs a test once in each family that lists it; it counts as failed
 * when any run failed.
 *
 * @param total runs of tests
 * @param failed of them
 * @param skipped messages that something was skipped, which the tool counts as passed
 * @param failures names of tests that failed, as {@code Suite.Test}
 */
public record TestCuReport(int total, int failed, int skipped, Set<String> failures) {
  private static final Pattern FAILURE = Pattern.compile("Suite (\\S+), Test (\\S+) had failures:");
  private static final Pattern SUMMARY =
      Pattern.compile("(?m)^\\s+tests\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+\\S+\\s*$");
  private static final Pattern SKIPPED = Pattern.compile("\\[SKIPPED\\]");

  /**
   * Reads the output.
   *
   * @throws AssertionError when it does not end with a summary of all tests: the tool did not come
   *     to its end
   */
  public static TestCuReport parse(String output) {
    Matcher summary = SUMMARY.matcher(output);
    if (!summary.find()) {
      throw new AssertionError("iscsi-test-cu gave no summary:\n" + output);
    }
    int total = Integer.parseInt(summary.group(1));
    int ran = Integer.parseInt(summary.group(2));
    if (total != ran) {
      throw new AssertionError("iscsi-test-cu ran %d tests of %d".formatted(ran, total));
    }
    Set<String> failures = new TreeSet<>();
    Matcher failure = FAILURE.matcher(output);
    while (failure.find()) {
      failures.add(failure.group(1) + "." + failure.group(2));
    }
    int failed = Integer.parseInt(summary.group(4));
    if (failures.isEmpty() != (failed == 0)) {
      throw new AssertionError(
          "iscsi-test-cu counts %d failures and names %s".formatted(failed, failures));
    }
    int skipped = (int) SKIPPED.matcher(output).results().count();
    return new TestCuReport(total, failed, skipped, failures);
  }
}
