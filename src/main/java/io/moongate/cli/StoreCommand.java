package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Store;
import java.util.Locale;
import picocli.CommandLine.Command;

/** Volume stores: list. */
@Command(
    name = "store",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Volume stores.",
    subcommands = StoreCommand.ListAll.class)
final class StoreCommand {
  private static final double GIB = 1L << 30;

  /** {@code store list}. */
  @Command(
      name = "list",
      description = "List the volume stores as the gateway that is asked sees them.")
  static final class ListAll extends ClientCommand {
    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get("/stores");
      if (printedAsJson(api, answer)) {
        return 0;
      }
      Table table = new Table("STORE", "STATE", "AVAILABLE");
      for (Store store : api.asList(answer, Store.class)) {
        table.row(
            store.kind(),
            store.state(),
            store.available() == null
                ? null
                : String.format(Locale.ROOT, "%.1fGiB", store.available() / GIB));
      }
      show(table);
      for (Store store : api.asList(answer, Store.class)) {
        store.warnings().forEach(warning -> say("warning    " + store.kind() + ": " + warning));
      }
      return 0;
    }
  }
}
