package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Sessions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Sessions: list, close. */
@Command(
    name = "session",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "iSCSI sessions.",
    subcommands = {SessionCommand.ListAll.class, SessionCommand.Close.class})
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
              "ID",
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
            session.id(),
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
      show(table);
      if (!sessions.silent().isEmpty()) {
        err()
            .println(
                "moongate: no answer from "
                    + joined(sessions.silent())
                    + "; their sessions are missing here");
      }
      return 0;
    }
  }

  /** {@code session close}. */
  @Command(
      name = "close",
      description =
          "Ask the initiator of a session to log out, and drop the session if it does not. It may"
              + " come back: take it off the target's access list to keep it out.")
  static final class Close extends ClientCommand {
    @Parameters(paramLabel = "ID", description = "Id of the session, as listed.")
    private String id;

    @Override
    int run(ApiClient api) {
      api.delete("/sessions/" + ApiClient.encode(id));
      done("closed " + id);
      return 0;
    }
  }
}
