package io.moongate.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Tests that start a cluster of their own run in another process than those that share one, which
 * keeps its ports until that process ends; and once.
 */
class ClustersOfTheirOwnTest {
  private static final Path TESTS = Path.of("multi-node-tests/java/io/moongate/multinode");
  private static final Pattern STARTS =
      Pattern.compile("\\b(TestCluster|NetworkedCluster)\\s*\\.start\\w*\\(");
  private static final Pattern EXECUTION =
      Pattern.compile("(?s)<id>(cluster|demo|faults)</id>.*?</execution>");

  @Test
  void runApartAndOnce() throws IOException {
    List<String> wrong = new ArrayList<>();
    List<MatchResult> executions =
        EXECUTION.matcher(Files.readString(Path.of("pom.xml"))).results().toList();
    assertEquals(3, executions.size());
    List<Path> apart = startsItsOwn();
    assertFalse(apart.isEmpty());
    for (Path test : apart) {
      boolean kept = false;
      int runs = 0;
      for (MatchResult execution : executions) {
        boolean named = names(execution.group(), test);
        if (execution.group(1).equals("cluster")) {
          kept = named;
        } else if (named) {
          runs++;
        }
      }
      if (!kept || runs != 1) {
        wrong.add("%s: excluded from cluster: %s, runs: %d".formatted(test, kept, runs));
      }
    }
    assertEquals(List.of(), wrong);
  }

  private static List<Path> startsItsOwn() throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(TESTS)) {
      for (Path file : files.filter(each -> each.toString().endsWith("IT.java")).toList()) {
        if (STARTS.matcher(Files.readString(file)).find()) {
          found.add(file);
        }
      }
    }
    return found;
  }

  /** Whether an execution includes, or excludes, a test: none does both. */
  private static boolean names(String execution, Path test) {
    return Pattern.compile("<(?:in|ex)clude>([^<]*)<")
        .matcher(execution)
        .results()
        .anyMatch(
            each -> FileSystems.getDefault().getPathMatcher("glob:" + each.group(1)).matches(test));
  }
}
