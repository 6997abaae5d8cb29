package io.moongate.cli.bench;

import io.moongate.cli.demo.Children;
import io.moongate.cli.demo.DemoException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs the tools of other people that make the load. */
final class Client {

  private static final Duration TIMEOUT = Duration.ofMinutes(5);

  private final Children children;

  Client(Children children) {
    this.children = children;
  }

  /** What a tool wrote. */
  String run(List<String> command) {
    Children.Run run = children.run(command, TIMEOUT);
    if (!run.succeeded()) {
      throw new DemoException(
          "%s: status %d%n%s".formatted(String.join(" ", command), run.status(), run.output()));
    }
    return run.output();
  }

  /** The number that the pattern's only group finds last in what a tool wrote. */
  double number(List<String> command, Pattern pattern) {
    String output = run(command);
    Matcher matcher = pattern.matcher(output);
    String found = null;
    while (matcher.find()) {
      found = matcher.group(1);
    }
    if (found == null) {
      throw new DemoException("%s: no figure in%n%s".formatted(String.join(" ", command), output));
    }
    return Double.parseDouble(found);
  }
}
