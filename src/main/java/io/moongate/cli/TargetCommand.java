package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.Sessions;
import io.moongate.management.api.SetExplicitAlua;
import io.moongate.management.api.Target;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Targets: list, show, create, set and delete; who may log in. */
@Command(
    name = "target",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Targets.",
    subcommands = {
      TargetCommand.ListAll.class,
      TargetCommand.Show.class,
      TargetCommand.Create.class,
      TargetCommand.Set.class,
      TargetCommand.Delete.class,
      TargetAccessCommands.Initiators.class,
      TargetAccessCommands.Allow.class,
      TargetAccessCommands.Deny.class,
      TargetAccessCommands.SetOrClearChap.class,
      TargetAccessCommands.Access.class
    })
final class TargetCommand {

  private static String gateways(Target target) {
    return target.everyGateway()
        ? "every (" + ClientCommand.joined(target.gateways()) + ")"
        : ClientCommand.joined(target.gateways());
  }

  private static void print(ClientCommand command, Target target) {
    command.say("target    " + target.name());
    command.say("gateways  " + gateways(target));
    command.say("since     " + target.since());
    command.say("alua      " + (target.explicitAlua() ? "implicit and explicit" : "implicit"));
    Table luns = new Table("LUN", "ID");
    target.luns().forEach(mapping -> luns.row(mapping.lun(), mapping.id()));
    command.show(luns);
  }

  /** {@code target list}. */
  @Command(name = "list", description = "List the targets.")
  static final class ListAll extends ClientCommand {
    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get("/targets");
      if (!printedAsJson(api, answer)) {
        Table table = new Table("NAME", "LUNS", "GATEWAYS", "SINCE");
        for (Target target : api.asList(answer, Target.class)) {
          table.row(target.name(), target.luns().size(), gateways(target), target.since());
        }
        show(table);
      }
      return 0;
    }
  }

  /** {@code target show}. */
  @Command(name = "show", description = "Show one target, its LUNs, and who may log in.")
  static final class Show extends ClientCommand {
    @Mixin private TargetName target;

    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get(target.path());
      if (!printedAsJson(api, answer)) {
        Target found = api.as(answer, Target.class);
        print(this, found);
        TargetAccessCommands.print(this, found, TargetAccessCommands.list(api, target));
      }
      return 0;
    }
  }

  /** {@code target create}. */
  @Command(
      name = "create",
      description = "Create a target; creating one that is there already changes nothing.")
  static final class Create extends ClientCommand {
    @Mixin private TargetName target;

    @Option(
        names = "--gateways",
        paramLabel = "NAME",
        split = ",",
        description = "Gateways that export it. Default: every gateway, also those to come.")
    private List<String> gateways = new ArrayList<>();

    @Option(
        names = "--explicit-alua",
        description =
            "Hosts may choose the owner of a unit by SET TARGET PORT GROUPS. Leave it off for"
                + " Windows, which gives implicit changes up where it finds this.")
    private boolean explicitAlua;

    @Override
    int run(ApiClient api) {
      JsonNode answer =
          api.post(
              "/targets",
              new CreateTarget(target.name(), gateways, explicitAlua ? Boolean.TRUE : null));
      if (!printedAsJson(api, answer)) {
        print(this, api.as(answer, Target.class));
      }
      return 0;
    }
  }

  /** {@code target set}. */
  @Command(name = "set", description = "Change what a target offers; it may be in use.")
  static final class Set extends ClientCommand {
    @Mixin private TargetName target;

    @Option(
        names = "--explicit-alua",
        required = true,
        paramLabel = "on|off",
        description = "Whether hosts may choose the owner of a unit by SET TARGET PORT GROUPS.")
    private Switch explicitAlua;

    @Override
    int run(ApiClient api) {
      JsonNode answer =
          api.put(target.path() + "/explicit-alua", new SetExplicitAlua(explicitAlua == Switch.on));
      if (!printedAsJson(api, answer)) {
        print(this, api.as(answer, Target.class));
      }
      return 0;
    }
  }

  /** {@code target delete}. */
  @Command(name = "delete", description = "Delete a target that has no LUNs.")
  static final class Delete extends ClientCommand {
    @Mixin private TargetName target;

    @Mixin private YesOption confirmed;

    @Override
    int run(ApiClient api) {
      if (!confirmed.yes()) {
        Target found = api.as(api.get(target.path()), Target.class);
        Sessions sessions = api.as(api.get("/sessions"), Sessions.class);
        confirm(
            "The target "
                + found.name()
                + " will be deleted; it has "
                + found.luns().size()
                + " LUNs (one that has any is refused). "
                + LunCommand.loggedIn(found.name(), sessions));
      }
      api.delete(target.path());
      done("deleted " + target.name());
      return 0;
    }
  }
}
