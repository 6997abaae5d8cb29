package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Sessions;
import picocli.CommandLine.Command;

/** Sessions: list. */
@Command(
    name = "session",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "iSCSI sessions.",
    subcommands = SessionCommand.ListAll.class)
final class SessionCommand {

  /** {@code session list}. */
  @Command(name = "list", description = "List the iSCSI sessions of every gateway.")
  static final class ListAll extends ClientCommand {
    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get("/sessions");
      if (printedAsJson(api, answer)) {
        return 0;
      }
      Sessions sessions = api.as(answer, Sessions.class);
      Table table =
          new Table(
              "GATEWAY",
              "INITIATOR",
              "ISID",
              "TSIH",
              "TARGET",
              "PORTAL",
              "PEER",
              "IN-FLIGHT",
              "SINCE");
      for (Sessions.Session session : sessions.sessions()) {
        table.row(
            session.gateway(),
            session.initiator(),
            session.isid(),
            session.tsih(),
            session.target() == null ? "(discovery)" : session.target(),
            session.portal(),
            session.peer(),
            session.commandsInFlight(),
            session.since());
      }
      table.print(out());
      if (!sessions.silent().isEmpty()) {
        spec()
            .commandLine()
            .getErr()
            .println(
                "moongate: no answer from "
                    + joined(sessions.silent())
                    + "; their sessions are missing here");
      }
      return 0;
    }
  }
}
