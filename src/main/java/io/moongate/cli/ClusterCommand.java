package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;

/** The cluster: show. */
@Command(
    name = "cluster",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "The cluster as the gateway that is asked sees it.",
    subcommands = ClusterCommand.Show.class)
final class ClusterCommand {

  /** {@code cluster show}. */
  @Command(
      name = "show",
      description = "Show its members, and the lease of the gateway that is asked.")
  static final class Show extends ClientCommand {
    @Override
    int run(ApiClient api) {
      JsonNode cluster = api.get("/cluster");
      if (printedAsJson(api, cluster)) {
        return 0;
      }
      JsonNode lease = cluster.path("lease");
      String waiting = lease.path("waiting").asText("");
      say("asked     " + cluster.path("gateway").asText());
      say("leader    " + orDash(cluster.path("leader").asText("")));
      say(
          "lease     "
              + (lease.path("valid").asBoolean()
                  ? "valid for " + lease.path("marginMillis").asLong() + " ms"
                  : "none")
              + (waiting.isEmpty() ? "" : "; waiting: " + waiting));
      Table members = new Table("GATEWAY", "STATUS", "REACHABLE", "ADDRESS", "INCARNATION");
      for (JsonNode member : cluster.path("members")) {
        members.row(
            member.path("gateway").asText(),
            member.path("status").asText(),
            member.path("reachable").asBoolean() ? "yes" : "no",
            member.path("address").asText(),
            member.path("incarnation").asText());
      }
      show(members);
      return 0;
    }
  }
}
