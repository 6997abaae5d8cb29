package io.moongate.cli.demo;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The steps of a check as they happen, one line each, and whether all passed. */
final class CheckReport {

  private final PrintWriter out;
  private final List<String> failed = new ArrayList<>();
  private int steps;

  CheckReport(PrintWriter out) {
    this.out = out;
  }

  /** Notes a step. */
  void step(String name, boolean passed, String seen) {
    steps++;
    if (!passed) {
      failed.add(name);
    }
    out.println((passed ? "PASS  " : "FAIL  ") + name + (seen.isEmpty() ? "" : ": " + seen));
    out.flush();
  }

  /**
   * Runs a step that passes unless it throws {@link DemoException}, and notes it with what it
   * returns.
   */
  boolean step(String name, Supplier<String> work) {
    try {
      step(name, true, work.get());
      return true;
    } catch (DemoException e) {
      step(name, false, e.getMessage());
      return false;
    }
  }

  /** A line that is no step. */
  void note(String line) {
    out.println("      " + line);
    out.flush();
  }

  /** Whether every step passed until now, and there was one. */
  boolean passed() {
    return failed.isEmpty() && steps > 0;
  }

  /** Writes the last line; true when every step passed, and there was one. */
  boolean conclude() {
    boolean passed = passed();
    out.println(
        passed
            ? "check passed: %d steps".formatted(steps)
            : "check FAILED: %d of %d steps: %s"
                .formatted(failed.size(), steps, String.join("; ", failed)));
    out.flush();
    return passed;
  }
}
