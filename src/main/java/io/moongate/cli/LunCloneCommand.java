package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.LogicalUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lun clone}. */
@Command(
    name = "clone",
    description =
        "Create a logical unit whose content is that of a snapshot, and map it. It is another disk"
            + " to hosts, and shares blocks with the snapshot until they are written; repeating it"
            + " changes nothing.")
final class LunCloneCommand extends ClientCommand {
  @Mixin private LunReference which;

  @Option(
      names = "--snapshot",
      required = true,
      paramLabel = "NAME",
      description = "Name of a snapshot of the logical unit.")
  private String snapshot;

  @Mixin private NewPlace place;
  @Mixin private PreferredOption preferred;

  @Option(
      names = "--read-only",
      description = "Hosts are refused to write; \"lun set\" can change that.")
  private boolean readOnly;

  @Override
  int run(ApiClient api) {
    LogicalUnit unit = which.find(api);
    JsonNode answer =
        api.post(
            "/luns",
            CreateLun.cloned(
                place.target(),
                place.lun(),
                new CreateLun.Source(unit.id(), snapshot),
                preferred.gateways(),
                readOnly ? true : null));
    if (!printedAsJson(api, answer)) {
      LunCommand.print(this, api.as(answer, LogicalUnit.class));
    }
    return 0;
  }
}
