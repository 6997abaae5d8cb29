package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Whoami;
import picocli.CommandLine.Command;

/** {@code whoami}. */
@Command(name = "whoami", description = "Print as whom the API knows you, and with which role.")
final class WhoamiCommand extends ClientCommand {
  @Override
  int run(ApiClient api) {
    JsonNode answer = api.get("/whoami");
    if (!printedAsJson(api, answer)) {
      Whoami asked = api.as(answer, Whoami.class);
      say("%s, %s".formatted(asked.user(), asked.role()));
    }
    return 0;
  }
}
