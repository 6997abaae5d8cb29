package io.moongate.cli;

import picocli.CommandLine.Option;

/** Where a logical unit is to be mapped. */
final class NewPlace {
  @Option(
      names = "--to",
      required = true,
      paramLabel = "IQN",
      description = "iSCSI name of the target that is to map it.")
  private String target;

  @Option(
      names = "--as",
      required = true,
      paramLabel = "N",
      description = "Its number there, 0 to 16383.")
  private Integer lun;

  /** The iSCSI name. */
  String target() {
    return target;
  }

  int lun() {
    return lun;
  }
}
