package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Operation;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** What is under way: list, show, cancel. */
@Command(
    name = "operation",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Drains and moves that are under way, and logical units that wait for an owner.",
    subcommands = {
      OperationCommand.ListAll.class,
      OperationCommand.Show.class,
      OperationCommand.Cancel.class
    })
final class OperationCommand {

  /** {@code operation list}. */
  @Command(name = "list", description = "List what is under way.")
  static final class ListAll extends ClientCommand {
    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get("/operations");
      if (!printedAsJson(api, answer)) {
        show(table(api.asList(answer, Operation.class)));
      }
      return 0;
    }
  }

  private static Table table(List<Operation> operations) {
    Table table = new Table("ID", "KIND", "FROM", "TO", "REMAINING", "SINCE", "CAUSE");
    for (Operation operation : operations) {
      boolean drain = operation.remaining() != null;
      table.row(
          operation.id(),
          operation.kind(),
          drain ? operation.gateway() : operation.from(),
          drain ? null : operation.gateway(),
          operation.remaining(),
          operation.since(),
          operation.cause());
    }
    return table;
  }

  /** {@code operation show}. */
  @Command(name = "show", description = "Show one thing that is under way.")
  static final class Show extends ClientCommand {
    @Parameters(paramLabel = "ID", description = "Id of the operation, as listed.")
    private String id;

    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get("/operations/" + ApiClient.encode(id));
      if (!printedAsJson(api, answer)) {
        show(table(List.of(api.as(answer, Operation.class))));
      }
      return 0;
    }
  }

  /** {@code operation cancel}. */
  @Command(
      name = "cancel",
      description =
          "Take a drain or a move back. A unit that its owner has released already goes on to its"
              + " next owner.")
  static final class Cancel extends ClientCommand {
    @Parameters(paramLabel = "ID", description = "Id of the operation, as listed.")
    private String id;

    @Override
    int run(ApiClient api) {
      api.delete("/operations/" + ApiClient.encode(id));
      done("cancelled " + id);
      return 0;
    }
  }
}
