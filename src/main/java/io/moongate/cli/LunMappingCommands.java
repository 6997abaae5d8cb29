package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.MapLun;
import io.moongate.management.api.Sessions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The commands below {@code lun} about its places in targets. */
final class LunMappingCommands {
  private LunMappingCommands() {}

  /** {@code lun map}. */
  @Command(
      name = "map",
      description = "Map a logical unit in one more target; mapping it again changes nothing.")
  static final class Map extends ClientCommand {
    @Mixin private LunReference which;

    @Mixin private NewPlace place;

    @Override
    int run(ApiClient api) {
      LogicalUnit unit = which.find(api);
      JsonNode answer = api.put(path(place.target(), place.lun()), new MapLun(unit.id()));
      if (!printedAsJson(api, answer)) {
        say("mapped " + unit.id() + " as LUN " + place.lun() + " of " + place.target());
      }
      return 0;
    }
  }

  /** {@code lun unmap}. */
  @Command(
      name = "unmap",
      description = "Take a LUN away from a target; the logical unit and its data stay.")
  static final class Unmap extends ClientCommand {
    @Option(
        names = "--target",
        required = true,
        paramLabel = "IQN",
        description = "iSCSI name of the target.")
    private String target;

    @Option(names = "--lun", required = true, paramLabel = "N", description = "Number of the LUN.")
    private Integer lun;

    @Mixin private YesOption confirmed;

    @Override
    int run(ApiClient api) {
      if (!confirmed.yes()) {
        Sessions sessions = api.as(api.get("/sessions"), Sessions.class);
        confirm(
            "Hosts will lose LUN "
                + lun
                + " of "
                + target
                + ". "
                + LunCommand.loggedIn(target, sessions));
      }
      api.delete(path(target, lun));
      done("unmapped LUN " + lun + " of " + target);
      return 0;
    }
  }

  private static String path(String target, int lun) {
    return "/targets/" + ApiClient.encode(target) + "/luns/" + lun;
  }
}
