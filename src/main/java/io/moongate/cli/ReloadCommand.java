package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Reload;
import io.moongate.management.api.Reloaded;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code reload}. */
@Command(
    name = "reload",
    description = {
      "Have the gateway that is asked read its configuration file again. All of it is looked at; what may change while",
      "it runs is put in force. Nothing is when there is a mistake, or when something was changed that needs a restart."
    })
final class ReloadCommand extends ClientCommand {
  @Option(names = "--dry-run", description = "Say what would be taken, and take nothing.")
  private boolean dryRun;

  @Override
  int run(ApiClient api) {
    JsonNode answer = api.post("/reload", new Reload(dryRun));
    if (printedAsJson(api, answer)) {
      return 0;
    }
    Reloaded reloaded = api.as(answer, Reloaded.class);
    say(
        "%s has read %s%s"
            .formatted(
                reloaded.gateway(),
                reloaded.file(),
                reloaded.changed().isEmpty()
                    ? ": nothing has changed"
                    : reloaded.applied() ? "; in force now:" : "; it would take:"));
    for (Reloaded.Setting setting : reloaded.changed()) {
      say("  %s = %s (was %s)".formatted(setting.key(), setting.to(), setting.from()));
    }
    return 0;
  }
}
