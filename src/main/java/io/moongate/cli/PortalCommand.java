package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;

/** Portals: list. */
@Command(
    name = "portal",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Portals of the gateways, and what is said against them.",
    subcommands = PortalCommand.ListAll.class)
final class PortalCommand {

  /** {@code portal list}. */
  @Command(name = "list", description = "List the portals with their states.")
  static final class ListAll extends ClientCommand {
    @Override
    int run(ApiClient api) {
      JsonNode portals = api.get("/portals");
      if (!printedAsJson(api, portals)) {
        Table table = new Table("GATEWAY", "PORTAL", "GROUP", "STATE", "HELD-BY", "WHAT");
        for (JsonNode portal : portals) {
          JsonNode seen = portal.path("observations").path(0);
          table.row(
              portal.path("gateway").asText(),
              portal.path("portal").asText(),
              portal.path("tpg").asInt(),
              portal.path("state").asText(),
              portal.path("heldBy").textValue(),
              seen.isMissingNode()
                  ? null
                  : seen.path("kind").asText() + ": " + seen.path("detail").asText());
        }
        show(table);
      }
      return 0;
    }
  }
}
