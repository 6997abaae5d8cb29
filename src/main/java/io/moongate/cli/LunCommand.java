package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.Evidence;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.MapLun;
import io.moongate.management.api.MoveLun;
import io.moongate.management.api.ResizeLun;
import io.moongate.management.api.Sessions;
import io.moongate.management.api.SetPreferred;
import io.moongate.management.api.SetReadOnly;
import java.util.ArrayList;
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
      LunCommand.Create.class,
      LunCommand.Set.class,
      LunCommand.Resize.class,
      LunCommand.Map.class,
      LunCommand.Unmap.class,
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
        table.print(out());
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

  /** {@code lun create}. */
  @Command(
      name = "create",
      description =
          "Create a logical unit with its volume and map it; creating one that is there already"
              + " changes nothing.")
  static final class Create extends ClientCommand {
    @Option(
        names = "--target",
        required = true,
        paramLabel = "IQN",
        description = "iSCSI name of the target that is to map it.")
    private String target;

    @Option(
        names = "--lun",
        required = true,
        paramLabel = "N",
        description = "Its number there, 0 to 16383.")
    private Integer lun;

    @Option(
        names = "--size",
        paramLabel = "SIZE",
        converter = ByteSize.class,
        description = "Size: 10GiB (1024), 10GB (1000), or bytes. Needed without --volume.")
    private Long size;

    @Option(
        names = "--volume",
        paramLabel = "NAME",
        description =
            "A volume that is there already, in a store that takes them (rbd: POOL/IMAGE),"
                + " becomes the unit's. Nobody else may use it. It stays when the unit is deleted.")
    private String volume;

    @Option(
        names = "--naa",
        paramLabel = "HEX",
        description = "With --volume: the NAA designator by which hosts know the disk.")
    private String naa;

    @Option(
        names = "--serial",
        paramLabel = "TEXT",
        description = "With --volume: the unit serial number by which hosts know the disk.")
    private String serial;

    @Option(
        names = "--block-size",
        paramLabel = "BYTES",
        description = "Bytes of a logical block, 512 or 4096. Default: 512.")
    private Integer blockSize;

    @Option(
        names = "--store",
        paramLabel = "KIND",
        description =
            "Kind of the volume store: file, rbd, or memory, which is gone when its gateway ends."
                + " Default: the gateways' default, file.")
    private String store;

    @Option(
        names = "--preferred",
        paramLabel = "GATEWAY",
        split = ",",
        description = "Gateways in order of preference as its owners.")
    private List<String> preferred = new ArrayList<>();

    @Option(names = "--removable", description = "Hosts can eject and load its medium.")
    private boolean removable;

    @Option(
        names = "--read-only",
        description = "Hosts are refused to write; \"lun set\" can change that.")
    private boolean readOnly;

    @Option(
        names = "--provisioning",
        paramLabel = "KIND",
        description =
            "thin: blocks take space once they are written; or full: the store keeps space for all"
                + " of them from the beginning. Default: thin.")
    private String provisioning;

    @Option(
        names = "--physical-block-size",
        paramLabel = "BYTES",
        description =
            "What hosts are told to align to: a power of two from the block size to 65536."
                + " Default: 4096.")
    private Integer physicalBlockSize;

    @Override
    int run(ApiClient api) {
      if (size == null && volume == null) {
        throw new ParameterException(
            spec().commandLine(),
            "Give --size for a new volume, or --volume for one that is there");
      }
      CreateLun wanted =
          new CreateLun(
              target,
              lun,
              size,
              blockSize,
              store,
              preferred,
              removable ? true : null,
              readOnly ? true : null,
              provisioning,
              physicalBlockSize,
              volume,
              naa,
              serial);
      JsonNode answer = api.post("/luns", wanted);
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

  /** {@code lun map}. */
  @Command(
      name = "map",
      description = "Map a logical unit in one more target; mapping it again changes nothing.")
  static final class Map extends ClientCommand {
    @Mixin private LunReference which;

    @Option(
        names = "--to",
        required = true,
        paramLabel = "IQN",
        description = "iSCSI name of the target that is to map it too.")
    private String to;

    @Option(
        names = "--as",
        required = true,
        paramLabel = "N",
        description = "Its number there, 0 to 16383.")
    private Integer as;

    @Override
    int run(ApiClient api) {
      LogicalUnit unit = which.find(api);
      JsonNode answer = api.put(place(to, as), new MapLun(unit.id()));
      if (!printedAsJson(api, answer)) {
        say("mapped " + unit.id() + " as LUN " + as + " of " + to);
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

    @Option(
        names = {"-y", "--yes"},
        description = "Do not ask for confirmation.")
    private boolean yes;

    @Override
    int run(ApiClient api) {
      if (!yes) {
        Sessions sessions = api.as(api.get("/sessions"), Sessions.class);
        confirm("Hosts will lose LUN " + lun + " of " + target + ". " + loggedIn(target, sessions));
      }
      api.delete(place(target, lun));
      say("unmapped LUN " + lun + " of " + target);
      return 0;
    }
  }

  private static String place(String target, int lun) {
    return "/targets/" + ApiClient.encode(target) + "/luns/" + lun;
  }

  /** {@code lun delete}. */
  @Command(name = "delete", description = "Unmap and delete a logical unit with all its data.")
  static final class Delete extends ClientCommand {
    @Mixin private LunReference which;

    @Option(
        names = {"-y", "--yes"},
        description = "Do not ask for confirmation.")
    private boolean yes;

    @Option(
        names = "--force",
        description = "Also while sessions are logged in to a target that maps it.")
    private boolean force;

    @Override
    int run(ApiClient api) {
      LogicalUnit unit = which.find(api);
      if (!yes) {
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
      api.delete("/luns/" + ApiClient.encode(unit.id()) + (force ? "?force=true" : ""));
      say("deleted " + unit.id());
      return 0;
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
