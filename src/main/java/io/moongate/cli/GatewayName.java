package io.moongate.cli;

import picocli.CommandLine.Parameters;

/** The gateway that a command is about: its first parameter. */
final class GatewayName {
  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the gateway.")
  private String name;

  String name() {
    return name;
  }

  /** Of its resource in the API. */
  String path() {
    return "/gateways/" + ApiClient.encode(name);
  }
}
