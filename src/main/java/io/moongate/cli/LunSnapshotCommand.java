package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.MakeSnapshot;
import io.moongate.management.api.RollBackLun;
import io.moongate.management.api.Snapshot;
import java.util.List;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Snapshots of a LUN: list, show, create, delete, rollback. */
@Command(
    name = "snapshot",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Snapshots of a logical unit, in a store that has them (rbd).",
    subcommands = {
      LunSnapshotCommand.ListAll.class,
      LunSnapshotCommand.Show.class,
      LunSnapshotCommand.Create.class,
      LunSnapshotCommand.Delete.class,
      LunSnapshotCommand.Rollback.class
    })
final class LunSnapshotCommand {

  private static String path(LogicalUnit unit) {
    return "/luns/" + ApiClient.encode(unit.id()) + "/snapshots";
  }

  private static String path(LogicalUnit unit, String name) {
    return path(unit) + "/" + ApiClient.encode(name);
  }

  /** {@code lun snapshot list}. */
  @Command(name = "list", description = "List the snapshots of a logical unit.")
  static final class ListAll extends ClientCommand {
    @Mixin private LunReference which;

    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get(path(which.find(api)));
      if (!printedAsJson(api, answer)) {
        show(table(api.asList(answer, Snapshot.class)));
      }
      return 0;
    }
  }

  private static Table table(List<Snapshot> snapshots) {
    Table table = new Table("NAME", "SIZE", "CREATED", "CLONES", "PROTECTED");
    for (Snapshot snapshot : snapshots) {
      table.row(
          snapshot.name(),
          ByteSize.text(snapshot.size()),
          snapshot.createdAt(),
          snapshot.clones(),
          snapshot.locked() ? "yes" : "no");
    }
    return table;
  }

  /** Which snapshot a command is about. */
  private static final class SnapshotName {
    @Option(
        names = "--name",
        required = true,
        paramLabel = "NAME",
        description = "Name of the snapshot.")
    private String name;
  }

  /** {@code lun snapshot show}. */
  @Command(name = "show", description = "Show one snapshot of a logical unit.")
  static final class Show extends ClientCommand {
    @Mixin private LunReference which;
    @Mixin private SnapshotName snapshot;

    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get(path(which.find(api), snapshot.name));
      if (!printedAsJson(api, answer)) {
        show(table(List.of(api.as(answer, Snapshot.class))));
      }
      return 0;
    }
  }

  /** {@code lun snapshot create}. */
  @Command(
      name = "create",
      description =
          "Make a snapshot: what hosts were told is written is in it, as after a power failure. One"
              + " of that name that is there already is left as it is.")
  static final class Create extends ClientCommand {
    @Mixin private LunReference which;

    @Option(
        names = "--name",
        required = true,
        paramLabel = "NAME",
        description = "1 to 64 letters, digits and . _ -, not beginning with . or -.")
    private String name;

    @Override
    int run(ApiClient api) {
      LogicalUnit unit = which.find(api);
      JsonNode answer = api.post(path(unit), new MakeSnapshot(name));
      if (!printedAsJson(api, answer)) {
        Snapshot snapshot = api.as(answer, Snapshot.class);
        say(
            "snapshot %s of %s, %s, made %s"
                .formatted(
                    snapshot.name(),
                    unit.id(),
                    ByteSize.text(snapshot.size()),
                    snapshot.createdAt()));
      }
      return 0;
    }
  }

  /** What is asked about before it is done to a snapshot, unless that is not wanted. */
  private abstract static class Confirmed extends ClientCommand {
    @Mixin private LunReference which;

    @Mixin private SnapshotName snapshot;

    @Mixin private YesOption confirmed;

    /** What will be lost. */
    abstract String loss(LogicalUnit unit, Snapshot snapshot);

    abstract int perform(ApiClient api, LogicalUnit unit, String name);

    @Override
    final int run(ApiClient api) {
      LogicalUnit unit = which.find(api);
      if (!confirmed.yes()) {
        confirm(loss(unit, api.as(api.get(path(unit, snapshot.name)), Snapshot.class)));
      }
      return perform(api, unit, snapshot.name);
    }
  }

  /** {@code lun snapshot delete}. */
  @Command(
      name = "delete",
      description = "Delete a snapshot; refused while there are clones of it.")
  static final class Delete extends Confirmed {
    @Override
    String loss(LogicalUnit unit, Snapshot snapshot) {
      return "Snapshot %s of %s, made %s, will be deleted for good."
          .formatted(snapshot.name(), unit.id(), snapshot.createdAt());
    }

    @Override
    int perform(ApiClient api, LogicalUnit unit, String name) {
      api.delete(path(unit, name));
      done("deleted snapshot " + name + " of " + unit.id());
      return 0;
    }
  }

  /** {@code lun snapshot rollback}. */
  @Command(
      name = "rollback",
      description =
          "Give a logical unit the content of a snapshot; what was written since is lost. Refused"
              + " while sessions are logged in to a target that maps it. Nobody serves the unit"
              + " before that has ended, and what it has grown since reads as zeros.")
  static final class Rollback extends Confirmed {
    @Option(
        names = "--wait",
        paramLabel = "SECONDS",
        description =
            "Wait until it has ended, so long at most; it goes on after that. Default: 0.")
    private int wait;

    @Override
    String loss(LogicalUnit unit, Snapshot snapshot) {
      return "Everything that was written to %s since %s, when snapshot %s was made, will be lost for good."
          .formatted(unit.id(), snapshot.createdAt(), snapshot.name());
    }

    @Override
    int perform(ApiClient api, LogicalUnit unit, String name) {
      JsonNode answer =
          api.post(
              path(unit, name) + "/rollback", new RollBackLun(true, UUID.randomUUID().toString()));
      try (Progress progress =
          progress("rolling back " + unit.id(), "the rollback of " + unit.id() + " goes on")) {
        Patience patience = new Patience(wait);
        while (goesOn(api, answer) && patience.more()) {
          progress.underWay();
          answer = api.get("/luns/" + ApiClient.encode(unit.id()));
        }
      }
      boolean goesOn = goesOn(api, answer);
      if (!printedAsJson(api, answer)) {
        say(
            goesOn
                ? "rolling %s back to snapshot %s; \"lun show\" says when it has ended"
                    .formatted(unit.id(), name)
                : "rolled %s back to snapshot %s".formatted(unit.id(), name));
      }
      return wait > 0 && goesOn ? Cli.FAILED : 0;
    }

    private static boolean goesOn(ApiClient api, JsonNode answer) {
      return api.as(answer, LogicalUnit.class).rollingBackTo() != null;
    }
  }
}
