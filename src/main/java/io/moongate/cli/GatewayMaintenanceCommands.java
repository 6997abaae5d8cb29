package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Maintain;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;

/** The commands below {@code gateway} that take one out of service, put it back and remove it. */
final class GatewayMaintenanceCommands {
  private GatewayMaintenanceCommands() {}

  /** {@code gateway drain}. */
  @Command(
      name = "drain",
      description =
          "Take a gateway out of service, for maintenance: what it owns is moved to others, and"
              + " nothing is placed on it until it is undrained. Hosts keep their paths through it.")
  static final class Drain extends ClientCommand {
    @ParentCommand private GatewayCommand parent;

    @Mixin private GatewayName name;

    @Option(names = "--cause", paramLabel = "TEXT", description = "Why, for the record.")
    private String cause;

    @Option(
        names = "--wait",
        paramLabel = "SECONDS",
        description =
            "Wait until it owns nothing any more, so long at most; it goes on being drained after"
                + " that. Default: 0.")
    private int wait;

    @Override
    int run(ApiClient api) {
      parent.requireNoConfig();
      if (wait < 0) {
        throw new ParameterException(spec().commandLine(), "--wait must not be negative");
      }
      JsonNode answer = api.post(name.path() + "/drain", new Maintain(cause));
      Gateway gateway = api.as(answer, Gateway.class);
      long owned = Math.max(1, gateway.luns());
      try (Progress progress =
          progress("draining " + name.name(), name.name() + " goes on being drained")) {
        Patience patience = new Patience(wait);
        while (!gateway.service().equals("drained") && patience.more()) {
          progress.at(owned - Math.min(owned, gateway.luns()), owned);
          answer = api.get(name.path());
          gateway = api.as(answer, Gateway.class);
        }
      }
      if (!printedAsJson(api, answer)) {
        say(name.name() + " is " + gateway.service() + "; it owns " + gateway.luns() + " LUNs");
      }
      return wait > 0 && !gateway.service().equals("drained") ? Cli.FAILED : 0;
    }
  }

  /** {@code gateway undrain}. */
  @Command(
      name = "undrain",
      description =
          "Put a gateway back into service. What it owned comes back by automatic failback where"
              + " that is on, or by \"lun move\".")
  static final class Undrain extends ClientCommand {
    @ParentCommand private GatewayCommand parent;

    @Mixin private GatewayName name;

    @Option(names = "--cause", paramLabel = "TEXT", description = "Why, for the record.")
    private String cause;

    @Override
    int run(ApiClient api) {
      parent.requireNoConfig();
      JsonNode answer = api.post(name.path() + "/undrain", new Maintain(cause));
      if (!printedAsJson(api, answer)) {
        say(name.name() + " is " + api.as(answer, Gateway.class).service());
      }
      return 0;
    }
  }

  /** {@code gateway remove}. */
  @Command(
      name = "remove",
      description =
          "Remove a gateway that never comes back. With that you declare its process gone: others"
              + " take over what it owned. Refused while anything is seen of it.")
  static final class Remove extends ClientCommand {
    @ParentCommand private GatewayCommand parent;

    @Mixin private GatewayName name;

    @Mixin private YesOption confirmed;

    @Override
    int run(ApiClient api) {
      parent.requireNoConfig();
      if (!confirmed.yes()) {
        Gateway gateway = api.as(api.get(name.path()), Gateway.class);
        confirm(
            "%s (pid %d at %s, %s) will be taken for gone for good. If its process runs somewhere and"
                    .formatted(
                        name.name(), gateway.pid(), joined(gateway.portals()), gateway.state())
                + " can reach the storage, data of the "
                + gateway.luns()
                + " LUNs that it owns can be lost.");
      }
      api.delete(name.path());
      done("removed " + name.name());
      return 0;
    }
  }
}
