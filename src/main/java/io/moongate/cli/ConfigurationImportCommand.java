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
          + " its former name. What is there already stays, so an import that was interrupted is"
          + " repeated. A volume stays when its unit is deleted afterwards.",
      "CHAP secrets are not exported: without --secrets, who needs one can't log in until it is set."
          + " Exit code 1 says that something was left out."
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

  @Option(names = "--dry-run", description = "Only say what would be done.")
  private boolean dryRun;

  @Override
  int run(ApiClient api) {
    Configuration from = Configuration.read(file.toString(), ImportCommand.bytes(file));
    ConfigurationSecrets given =
        secrets == null ? ConfigurationSecrets.NONE : ConfigurationSecrets.read(secrets);
    ConfigurationPlan plan = ConfigurationPlan.of(from, ConfigurationPlan.There.of(api), given);
    ConfigurationImport importing = new ConfigurationImport(plan);
    plan.notes().forEach(note -> say("note: " + note));
    try {
      if (dryRun) {
        importing.lines().forEach(this::say);
      } else {
        importing.run(api, this::say);
      }
    } finally {
      printedAsJson(api, importing.json(dryRun));
    }
    plan.leftOut().forEach(left -> err().println("left out: " + left));
    return plan.leftOut().isEmpty() ? 0 : Cli.FAILED;
  }
}
