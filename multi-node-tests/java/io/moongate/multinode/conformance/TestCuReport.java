package io.moongate.multinode.conformance;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What iscsi-test-cu wrote in its verbose mode. It runs a test once in each family that lists it.
 *
 * @param cases every run of a test, in order
 * @param asserts how many assertions failed
 */
public record TestCuReport(List<Case> cases, int asserts) {
  private static final Pattern HEADING =
      Pattern.compile("(?m)^(?:Suite: (\\S+)|  Test: (\\S+) \\.\\.\\.|Run Summary:)");
  private static final Pattern SUMMARY =
      Pattern.compile("(?m)^\\s+tests\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+\\S+\\s*$");
  private static final Pattern ASSERTS =
      Pattern.compile("(?m)^\\s+asserts\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+\\S+\\s*$");
  private static final Pattern FAILED = Pattern.compile("(?m)(?<!\\[)FAILED\\s*$");
  private static final Pattern SKIPPED = Pattern.compile("\\[SKIPPED\\]\\s*(.*\\S)");

  /**
   * A run of a test.
   *
   * @param name {@code Suite.Test}
   * @param run counts the runs of this test from 1
   * @param failed whether an assertion failed
   * @param skips what it did not try, in its words; the tool counts it as passed
   * @param text all that it wrote
   */
  public record Case(String name, int run, boolean failed, List<String> skips, String text) {
    @Override
    public String toString() {
      return run == 1 ? name : name + " #" + run;
    }
  }

  /** Runs that failed. */
  public List<Case> failures() {
    return cases.stream().filter(Case::failed).toList();
  }

  /**
   * Reads the output.
   *
   * @throws AssertionError when it does not end with a summary of all tests, or the summary counts
   *     others than are named: the tool did not come to its end, or writes otherwise than known
   */
  public static TestCuReport parse(String output) {
    Matcher summary = SUMMARY.matcher(output);
    Matcher asserts = ASSERTS.matcher(output);
    if (!summary.find() || !asserts.find()) {
      throw new AssertionError("iscsi-test-cu gave no summary:\n" + output);
    }
    List<Case> cases = cases(output);
    long failed = cases.stream().filter(Case::failed).count();
    int total = Integer.parseInt(summary.group(1));
    if (cases.size() != total
        || Integer.parseInt(summary.group(2)) != total
        || Integer.parseInt(summary.group(4)) != failed) {
      throw new AssertionError(
          "iscsi-test-cu's summary says %s, and its output names %d tests, %d failed"
              .formatted(summary.group().strip(), cases.size(), failed));
    }
    return new TestCuReport(cases, Integer.parseInt(asserts.group(4)));
  }

  private static List<Case> cases(String output) {
    List<Case> cases = new ArrayList<>();
    Map<String, Integer> runs = new HashMap<>();
    Matcher heading = HEADING.matcher(output);
    String suite = "";
    boolean more = heading.find();
    while (more) {
      String test = heading.group(2);
      suite = heading.group(1) == null ? suite : heading.group(1);
      int from = heading.end();
      more = heading.find();
      if (test != null) {
        String text = output.substring(from, more ? heading.start() : output.length());
        String name = suite + "." + test;
        List<String> skips =
            SKIPPED.matcher(text).results().map(skip -> skip.group(1)).distinct().toList();
        boolean failed = FAILED.matcher(text).find();
        cases.add(new Case(name, runs.merge(name, 1, Integer::sum), failed, skips, text.strip()));
      }
    }
    return List.copyOf(cases);
  }
}
