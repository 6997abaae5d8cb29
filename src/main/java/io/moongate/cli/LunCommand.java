package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Evidence;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.MoveLun;
import io.moongate.management.api.ResizeLun;
import io.moongate.management.api.Sessions;
import io.moongate.management.api.SetPreferred;
import io.moongate.management.api.SetReadOnly;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** LUNs: list, show, create, set, resize, map, unmap, delete and move, and their snapshots. */
@Command(
    name = "lun",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Logical units.",
    subcommands = {
      LunCommand.ListAll.class,
      LunCommand.Show.class,
      LunCreateCommand.class,
      LunCommand.Set.class,
      LunCommand.Resize.class,
      LunMappingCommands.Map.class,
      LunMappingCommands.Unmap.class,
      LunCommand.Delete.class,
      LunCommand.Move.class,
      LunSnapshotCommand.class,
      LunCloneCommand.class
    })
final class LunCommand {

  static void print(ClientCommand command, LogicalUnit unit) {
    command.say("id         " + unit.id());
    command.say("target     " + ClientCommand.orDash(unit.target()));
    command.say("lun        " + ClientCommand.orDash(unit.lun()));
    for (LogicalUnit.Mapping mapping : unit.mappings()) {
      if (!mapping.equals(new LogicalUnit.Mapping(unit.target(), unit.lun()))) {
        command.say("also       LUN " + mapping.lun() + " of " + mapping.target());
      }
    }
    command.say("naa        " + unit.naa());
    command.say("serial     " + unit.serial());
    command.say("size       " + ByteSize.text(unit.size()) + " (" + unit.size() + " bytes)");
    if (unit.growingTo() != null) {
      command.say(
          "growing    to "
              + ByteSize.text(unit.growingTo())
              + ": hosts are told once its owner serves that");
    }
    command.say(
        "block      "
            + unit.blockSize()
            + " bytes, "
            + unit.physicalBlockSize()
            + " of a physical one");
    command.say("store      " + unit.store() + ", " + unit.provisioning() + " provisioning");
    if (unit.imported()) {
      command.say("volume     " + unit.volume() + ", imported");
    }
    if (unit.clonedFrom() != null) {
      command.say(
          "clone of   snapshot " + unit.clonedFrom().snapshot() + " of " + unit.clonedFrom().lun());
    }
    if (unit.rollingBackTo() != null) {
      command.say(
          "rollback   to snapshot " + unit.rollingBackTo() + " goes on: nobody serves the unit");
    }
    command.say("access     " + (unit.readOnly() ? "read-only" : "read and write"));
    if (unit.removable()) {
      command.say(
          "medium     removable, "
              + (unit.ejected() ? "ejected" : "loaded")
              + (unit.removalPrevented() == 0
                  ? ""
                  : "; " + unit.removalPrevented() + " sessions prevent its removal"));
    }
    command.say("preferred  " + ClientCommand.joined(unit.preferred()));
    command.say("owner      " + ClientCommand.orDash(unit.owner()));
    command.say("epoch      " + unit.epoch());
    command.say("phase      " + unit.phase());
    command.say("since      " + unit.since());
    command.say("cause      " + unit.cause());
    if (!unit.refusedBy().isEmpty()) {
      command.say("refused    by " + ClientCommand.joined(unit.refusedBy()) + ": see their logs");
    }
    unit.evidence().forEach(evidence -> command.say("evidence   " + inWords(evidence)));
  }

  /** What a gateway saw, on one line. */
  static String inWords(Evidence seen) {
    return "%s %s saw %s%s %s: %s"
        .formatted(
            seen.at(),
            seen.observer(),
            seen.subject(),
            seen.part() == null ? "" : ", " + seen.part() + ",",
            seen.kind(),
            seen.detail());
  }

  /** Who is logged in to a target. */
  static String loggedIn(String target, Sessions sessions) {
    long count =
        sessions.sessions().stream().filter(session -> target.equals(session.target())).count();
    return count
        + " sessions are logged in to it"
        + (sessions.silent().isEmpty()
            ? "."
            : ", and perhaps more through " + ClientCommand.joined(sessions.silent()) + ".");
  }

  /** {@code lun list}. */
  @Command(name = "list", description = "List the logical units.")
  static final class ListAll extends ClientCommand {
    @Option(names = "--target", paramLabel = "IQN", description = "Only those of this target.")
    private String target;

    @Option(names = "--lun", paramLabel = "N", description = "Only those of this number.")
    private Integer lun;

    @Option(
        names = "--owner",
        paramLabel = "GATEWAY",
        description = "Only those that this gateway owns.")
    private String owner;

    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get("/luns" + query("target", target, "lun", lun, "owner", owner));
      if (!printedAsJson(api, answer)) {
        Table table =
            new Table(
                "TARGET", "LUN", "SIZE", "STORE", "OWNER", "LOAD", "EPOCH", "PHASE", "SINCE", "ID");
        for (LogicalUnit unit : api.asList(answer, LogicalUnit.class)) {
          table.row(
              unit.target(),
              unit.lun(),
              ByteSize.text(unit.size()),
              unit.store(),
              unit.owner(),
              Math.round(unit.load()),
              unit.epoch(),
              unit.phase(),
              unit.since(),
              unit.id());
        }
        show(table);
      }
      return 0;
    }
  }

  /** {@code lun show}. */
  @Command(name = "show", description = "Show one logical unit, with why its owner owns it.")
  static final class Show extends ClientCommand {
    @Mixin private LunReference which;

    @Override
    int run(ApiClient api) {
      JsonNode answer = which.findAnswer(api);
      if (!printedAsJson(api, answer)) {
        print(this, api.as(answer, LogicalUnit.class));
      }
      return 0;
    }
  }

  /** {@code lun set}. */
  @Command(
      name = "set",
      description =
          "Change what kind of disk a logical unit is, as far as that can be, or which gateways are to"
              + " own it; hosts are told.")
  static final class Set extends ClientCommand {
    /** No name of a gateway. */
    private static final String NOBODY = "-";

    @Mixin private LunReference which;

    @Option(
        names = "--read-only",
        paramLabel = "on|off",
        description = "Whether hosts are refused to write.")
    private Switch readOnly;

    @Option(
        names = "--preferred",
        paramLabel = "GATEWAY",
        split = ",",
        arity = "0..1",
        fallbackValue = NOBODY,
        description =
            "Gateways in order of preference as its owners; none given for no preference. Nothing"
                + " moves for that at once: see \"lun move\" and automatic failback.")
    private List<String> preferred;

    @Override
    int run(ApiClient api) {
      if (readOnly == null && preferred == null) {
        throw new ParameterException(
            spec().commandLine(), "Give --read-only, --preferred, or both");
      }
      String unit = "/luns/" + ApiClient.encode(which.find(api).id());
      JsonNode answer = null;
      if (readOnly != null) {
        answer = api.put(unit + "/read-only", new SetReadOnly(readOnly == Switch.on));
      }
      if (preferred != null) {
        List<String> named = preferred.stream().filter(name -> !name.equals(NOBODY)).toList();
        answer = api.put(unit + "/preferred", new SetPreferred(named));
      }
      if (!printedAsJson(api, answer)) {
        print(this, api.as(answer, LogicalUnit.class));
      }
      return 0;
    }
  }

  /** {@code lun resize}. */
  @Command(
      name = "resize",
      description = "Make a logical unit larger while it is in use; it can't be made smaller.")
  static final class Resize extends ClientCommand {
    @Mixin private LunReference which;

    @Option(
        names = "--size",
        required = true,
        paramLabel = "SIZE",
        converter = ByteSize.class,
        description = "Size that it is to have: 10GiB (1024), 10GB (1000), or bytes.")
    private Long size;

    @Override
    int run(ApiClient api) {
      LogicalUnit unit = which.find(api);
      JsonNode answer =
          api.post("/luns/" + ApiClient.encode(unit.id()) + "/resize", new ResizeLun(size));
      if (!printedAsJson(api, answer)) {
        print(this, api.as(answer, LogicalUnit.class));
      }
      return 0;
    }
  }

  /** {@code lun delete}. */
  @Command(name = "delete", description = "Unmap and delete a logical unit with all its data.")
  static final class Delete extends ClientCommand {
    @Mixin private LunReference which;

    @Mixin private YesOption confirmed;

    @Option(
        names = "--force",
        description = "Also while sessions are logged in to a target that maps it.")
    private boolean force;

    @Option(
        names = "--wait",
        paramLabel = "SECONDS",
        description =
            "When it takes longer than a request may, wait so long at most until it is gone."
                + " Default: 0.")
    private int wait;

    @Override
    int run(ApiClient api) {
      LogicalUnit unit = which.find(api);
      if (!confirmed.yes()) {
        Sessions sessions = api.as(api.get("/sessions"), Sessions.class);
        confirm(
            "LUN "
                + orDash(unit.lun())
                + " of "
                + orDash(unit.target())
                + " ("
                + ByteSize.text(unit.size())
                + " in store "
                + unit.store()
                + ", id "
                + unit.id()
                + (unit.mappings().size() < 2
                    ? ""
                    : ", mapped in " + unit.mappings().size() + " places")
                + ") will be deleted, and all the data on it will be lost for good. "
                + (unit.target() == null ? "" : loggedIn(unit.target(), sessions)));
      }
      // By the id that was shown: another unit may be mapped there by now.
      String path = "/luns/" + ApiClient.encode(unit.id());
      try (Progress progress =
          progress("deleting " + unit.id(), "the deletion of " + unit.id() + " goes on")) {
        try {
          api.delete(path + (force ? "?force=true" : ""));
        } catch (ApiException e) {
          if (wait == 0 || !e.unconfirmed() || !gone(api, path, progress)) {
            throw e;
          }
        }
      }
      done("deleted " + unit.id());
      return 0;
    }

    /** A large one takes longer than a request may: looks whether it ends after all. */
    private boolean gone(ApiClient api, String path, Progress progress) {
      Patience patience = new Patience(wait);
      while (patience.more()) {
        progress.underWay();
        try {
          api.get(path);
        } catch (ApiException e) {
          if (e.status() == 404) {
            return true;
          }
        }
      }
      return false;
    }
  }

  /** {@code lun move}. */
  @Command(name = "move", description = "Make another gateway the owner of a logical unit.")
  static final class Move extends ClientCommand {
    @Mixin private LunReference which;

    @Option(
        names = "--to",
        required = true,
        paramLabel = "GATEWAY",
        description = "Name of the gateway that is to own it.")
    private String gateway;

    @Override
    int run(ApiClient api) {
      LogicalUnit unit = which.find(api);
      JsonNode answer =
          api.post("/luns/" + ApiClient.encode(unit.id()) + "/move", new MoveLun(gateway));
      if (!printedAsJson(api, answer)) {
        print(this, api.as(answer, LogicalUnit.class));
      }
      return 0;
    }
  }
}
