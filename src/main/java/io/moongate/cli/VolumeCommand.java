package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.moongate.management.api.StoredVolume;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Volumes in a store: list. */
@Command(
    name = "volume",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Volumes in the stores.",
    subcommands = VolumeCommand.ListAll.class)
final class VolumeCommand {
  /** At a time. */
  private static final int PAGE = 250;

  /** {@code volume list}. */
  @Command(
      name = "list",
      description =
          "List the volumes of a store, with the logical unit whose each is, or why \"lun create"
              + " --volume\" could not take it.")
  static final class ListAll extends ClientCommand {
    @Option(
        names = "--store",
        required = true,
        paramLabel = "KIND",
        description = "Kind of the volume store: file or rbd.")
    private String store;

    @Option(names = "--adoptable", description = "Only those that can become a logical unit's.")
    private boolean adoptable;

    @Override
    int run(ApiClient api) {
      ArrayNode all = all(api);
      if (printedAsJson(api, all)) {
        return 0;
      }
      Table table = new Table("VOLUME", "SIZE", "BLOCK", "UNIT", "ADOPTABLE", "OBSTACLE");
      for (StoredVolume volume : api.asList(all, StoredVolume.class)) {
        table.row(
            volume.name(),
            volume.size() == null ? null : ByteSize.text(volume.size()),
            volume.blockSize(),
            volume.unit(),
            volume.adoptable() ? "yes" : "no",
            volume.obstacle());
      }
      show(table);
      return 0;
    }

    private ArrayNode all(ApiClient api) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      String after = null;
      JsonNode page;
      do {
        page = api.get("/volumes" + query("store", store, "after", after, "limit", PAGE));
        for (JsonNode volume : page) {
          if (!adoptable || volume.path("adoptable").asBoolean()) {
            all.add(volume);
          }
          after = volume.path("name").asText();
        }
      } while (!page.isEmpty());
      return all;
    }
  }
}
