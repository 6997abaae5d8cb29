package io.moongate.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code import configuration}. */
@Command(
    name = "configuration",
    description = {
      "Restore what 'export' has written, in a cluster whose metadata are lost: targets, who may log in,"
          + " and LUNs, by their volumes, under the names by which hosts know them.",
      "No process of the former cluster may run any more. The gateways have to be started first, each by"
          + " its former name. A volume stays when its unit is deleted afterwards.",
      "A cluster that has targets or LUNs is refused without --merge. With it, what the cluster lacks is"
          + " added, and nothing that is there is changed: each difference is named. So an import that"
          + " was interrupted, or has left something out, is repeated. What was taken away meanwhile, a"
          + " LUN or an initiator of a list, is taken for lacking and comes back; but nothing is added"
          + " to a target that is open, and none that hosts can log in to is opened.",
      "What can't be restored is left out, and the rest goes on: a LUN is missing in the masks then, and"
          + " where a CHAP secret is not given (--secrets: none is exported), so is every initiator that"
          + " could log in without it. Exit code 1 says that something was left out, or differs.",
      "Whether the volumes are there is found when they are taken, not by --dry-run: see 'volume list'."
    })
final class ConfigurationImportCommand extends ClientCommand {
  @Parameters(paramLabel = "FILE", description = "What 'export' has written.")
  private Path file;

  @Option(
      names = "--secrets",
      paramLabel = "FILE",
      description =
          "CHAP secrets, mode 0600: {\"TARGET\": {\"chap\": \"...\", \"mutualChap\": \"...\","
              + " \"initiators\": {\"INITIATOR\": \"...\"}}}.")
  private Path secrets;

  @Option(
      names = "--merge",
      description = "Add what is missing in a cluster that has targets or LUNs already.")
  private boolean merge;

  @Option(names = "--dry-run", description = "Only say what would be done.")
  private boolean dryRun;

  @Override
  int run(ApiClient api) {
    Configuration from = Configuration.read(file.toString(), ImportCommand.bytes(file));
    ConfigurationSecrets given =
        secrets == null ? ConfigurationSecrets.NONE : ConfigurationSecrets.read(secrets);
    ConfigurationPresent present = ConfigurationPresent.of(api);
    if (!merge && !present.empty()) {
      throw ApiException.refused(
          ("The cluster has %d targets and %d LUNs already, and nothing was changed. Is it the one"
                  + " that has lost everything? To add what it lacks of the file: --merge")
              .formatted(present.targets().size(), present.units().size()));
    }
    ConfigurationPlan plan = ConfigurationPlan.of(from, present, given);
    ConfigurationImport importing = new ConfigurationImport(plan);
    plan.notes().forEach(note -> say("note: " + note));
    try {
      if (dryRun) {
        importing.lines().forEach(this::say);
      } else {
        importing.run(api, this::say);
      }
    } finally {
      importing.leftOut().forEach(left -> err().println("left out: " + left));
      printedAsJson(api, importing.json(dryRun));
    }
    return importing.leftOut().isEmpty() ? 0 : Cli.FAILED;
  }
}
