package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moongate.cli.host.Exports;
import io.moongate.cli.host.Host;
import io.moongate.cli.host.HostGuide;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Target;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code host-config}. */
@Command(
    name = "host-config",
    description = {
      "Print what to set on a host so that it follows the cluster, each with its reason, and the"
          + " commands that log it in through every portal.",
      "Nothing is changed anywhere. What is printed for linux and esxi is for a shell, for windows"
          + " for PowerShell; what belongs in a file is marked with the file's name."
    })
final class HostConfigCommand extends ClientCommand {
  @Parameters(paramLabel = "HOST", description = "What the host runs: ${COMPLETION-CANDIDATES}.")
  private Host host;

  @Option(
      names = "--target",
      paramLabel = "IQN",
      description = "Only for this target. Default: for all of them.")
  private String target;

  @Override
  int run(ApiClient api) {
    List<Target> targets =
        target == null
            ? api.asList(api.get("/targets"), Target.class)
            : List.of(api.as(api.get("/targets/" + ApiClient.encode(target)), Target.class));
    if (targets.isEmpty()) {
      throw ApiException.refused("There is no target yet that a host could log in to");
    }
    List<Gateway> gateways = api.asList(api.get("/gateways"), Gateway.class);
    List<HostGuide.Step> steps = HostGuide.of(host, Exports.of(gateways, targets)).steps();
    if (!printedAsJson(api, json(steps))) {
      for (HostGuide.Step step : steps) {
        say("# ---- " + step.title() + (step.where() == null ? "" : ": in " + step.where()));
        step.lines().forEach(this::say);
        say("");
      }
    }
    return 0;
  }

  private static JsonNode json(List<HostGuide.Step> steps) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (HostGuide.Step step : steps) {
      ObjectNode one = array.addObject();
      one.put("title", step.title()).put("file", step.where());
      ArrayNode lines = one.putArray("lines");
      step.lines().forEach(lines::add);
    }
    return array;
  }
}
