package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moongate.management.api.ServerVersion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code version}. */
@Command(name = "version", description = "Print the version of this command, or of a gateway.")
final class VersionCommand extends ClientCommand {
  @Option(names = "--gateway", description = "Ask the gateway for its version too.")
  private boolean gateway;

  @Override
  int run(ApiClient api) {
    ObjectNode versions = JsonNodeFactory.instance.objectNode();
    versions.put("moongate", Cli.version());
    versions.put("java", Runtime.version().toString());
    if (gateway) {
      JsonNode answer = api.get("/version");
      versions.set("gateway", answer);
      say("moongate " + Cli.version());
      ServerVersion its = api.as(answer, ServerVersion.class);
      say("gateway %s %s, Java %s".formatted(its.gateway(), its.version(), its.java()));
    } else {
      say("moongate " + Cli.version());
    }
    printedAsJson(api, versions);
    return 0;
  }
}
