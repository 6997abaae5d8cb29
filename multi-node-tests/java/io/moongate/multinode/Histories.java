package io.moongate.multinode;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.RegisterChecker;
import io.moongate.multinode.harness.Installation;
import java.nio.file.Path;
import java.util.List;

/** The last step of every scenario that keeps a history. */
final class Histories {
  private Histories() {}

  /**
   * Fails when some order of the operations can't explain what was seen; the history is kept then.
   */
  static void requireLinearizable(String scenario, History history) {
    List<String> violations = RegisterChecker.violations(history);
    System.out.printf(
        "%s: %d attempts, %d acknowledged writes, %d violations%n",
        scenario, history.attempts().size(), history.acknowledgedWrites(), violations.size());
    if (!violations.isEmpty()) {
      Path file =
          Installation.find().output().resolve("failures").resolve(scenario + ".history.tsv");
      history.save(file);
      throw new AssertionError(
          "%s is not linearizable; the history is in %s%n%s"
              .formatted(scenario, file, String.join(System.lineSeparator(), violations)));
    }
  }
}
