package io.moongate.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which gateways are to own a new logical unit. */
final class PreferredOption {
  @Option(
      names = "--preferred",
      paramLabel = "GATEWAY",
      split = ",",
      description = "Gateways in order of preference as its owners.")
  private List<String> preferred = new ArrayList<>();

  List<String> gateways() {
    return preferred;
  }
}
