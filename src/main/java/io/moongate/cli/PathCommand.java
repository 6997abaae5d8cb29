package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Paths: list. */
@Command(
    name = "path",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Paths: each LUN through each portal.",
    subcommands = PathCommand.ListAll.class)
final class PathCommand {

  /** {@code path list}. */
  @Command(name = "list", description = "List the paths with their access states.")
  static final class ListAll extends ClientCommand {
    @Option(names = "--target", paramLabel = "IQN", description = "Only those of this target.")
    private String target;

    @Option(names = "--lun", paramLabel = "N", description = "Only those of this number.")
    private Integer lun;

    @Option(
        names = "--gateway",
        paramLabel = "NAME",
        description = "Only those through this gateway.")
    private String gateway;

    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get("/paths" + query("target", target, "lun", lun, "gateway", gateway));
      if (!printedAsJson(api, answer)) {
        Table table =
            new Table(
                "TARGET", "LUN", "GATEWAY", "PORTAL", "TPG", "STATE", "OWNER", "EPOCH", "SINCE",
                "CAUSE");
        for (Path path : api.asList(answer, Path.class)) {
          table.row(
              path.target(),
              path.lun(),
              path.gateway(),
              path.portal(),
              path.tpg(),
              path.state(),
              path.owner(),
              path.epoch(),
              path.since(),
              path.cause());
        }
        show(table);
      }
      return 0;
    }
  }
}
