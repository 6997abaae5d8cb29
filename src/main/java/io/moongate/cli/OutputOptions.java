package io.moongate.cli;

import picocli.CommandLine.Option;

/** How a command prints; these too may stand before the command or after it. */
final class OutputOptions {
  @Option(names = "--no-header", description = "Print tables without their heading.")
  private boolean noHeader;

  @Option(
      names = {"-q", "--quiet"},
      description = "Print errors and nothing else; the exit code says how it went.")
  private boolean quiet;

  /** These options, and the others where they are given there. */
  OutputOptions or(OutputOptions others) {
    OutputOptions merged = new OutputOptions();
    merged.noHeader = noHeader || others.noHeader;
    merged.quiet = quiet || others.quiet;
    return merged;
  }

  boolean noHeader() {
    return noHeader;
  }

  boolean quiet() {
    return quiet;
  }
}
