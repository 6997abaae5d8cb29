package io.moongate.cli;

import picocli.CommandLine.Option;

/** Of commands that ask before they do what can't be undone. */
final class YesOption {
  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask for confirmation.")
  private boolean yes;

  boolean yes() {
    return yes;
  }
}
