package io.moongate.cli;

import picocli.CommandLine.Parameters;

/** The target that a command is about: its first parameter. */
final class TargetName {
  @Parameters(index = "0", paramLabel = "IQN", description = "iSCSI name of the target.")
  private String name;

  /** The iSCSI name. */
  String name() {
    return name;
  }

  /** Of its resource in the API. */
  String path() {
    return "/targets/" + ApiClient.encode(name);
  }
}
