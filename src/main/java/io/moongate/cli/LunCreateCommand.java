package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.LogicalUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code lun create}. */
@Command(
    name = "create",
    description =
        "Create a logical unit with its volume and map it; creating one that is there already"
            + " changes nothing.")
final class LunCreateCommand extends ClientCommand {
  @Option(
      names = "--target",
      required = true,
      paramLabel = "IQN",
      description = "iSCSI name of the target that is to map it.")
  private String target;

  @Option(
      names = "--lun",
      required = true,
      paramLabel = "N",
      description = "Its number there, 0 to 16383.")
  private Integer lun;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = "Size: 10GiB (1024), 10GB (1000), or bytes. Needed without --volume.")
  private Long size;

  @Option(
      names = "--volume",
      paramLabel = "NAME",
      description =
          "A volume that is there already, in a store that takes them (rbd: POOL/IMAGE),"
              + " becomes the unit's. Nobody else may use it. It stays when the unit is deleted.")
  private String volume;

  @Option(
      names = "--naa",
      paramLabel = "HEX",
      description = "With --volume: the NAA designator by which hosts know the disk.")
  private String naa;

  @Option(
      names = "--serial",
      paramLabel = "TEXT",
      description = "With --volume: the unit serial number by which hosts know the disk.")
  private String serial;

  @Option(
      names = "--former-unit",
      paramLabel = "ID",
      description =
          "With --volume: the unit that it was in a cluster whose metadata are lost, as 'volume"
              + " list' shows it. 'import configuration' gives it for all of them.")
  private String formerUnit;

  @Option(
      names = "--block-size",
      paramLabel = "BYTES",
      description = "Bytes of a logical block, 512 or 4096. Default: 512.")
  private Integer blockSize;

  @Option(
      names = "--store",
      paramLabel = "KIND",
      description =
          "Kind of the volume store: file, rbd, or memory, which is gone when its gateway ends."
              + " Default: the gateways' default, file.")
  private String store;

  @Mixin private PreferredOption preferred;

  @Option(names = "--removable", description = "Hosts can eject and load its medium.")
  private boolean removable;

  @Option(
      names = "--read-only",
      description = "Hosts are refused to write; \"lun set\" can change that.")
  private boolean readOnly;

  @Option(
      names = "--provisioning",
      paramLabel = "KIND",
      description =
          "thin: blocks take space once they are written; or full: the store keeps space for all"
              + " of them from the beginning. Default: thin.")
  private String provisioning;

  @Option(
      names = "--physical-block-size",
      paramLabel = "BYTES",
      description =
          "What hosts are told to align to: a power of two from the block size to 65536."
              + " Default: 4096.")
  private Integer physicalBlockSize;

  @Override
  int run(ApiClient api) {
    if (size == null && volume == null) {
      throw new ParameterException(
          spec().commandLine(), "Give --size for a new volume, or --volume for one that is there");
    }
    CreateLun wanted =
        new CreateLun(
            target,
            lun,
            size,
            blockSize,
            store,
            preferred.gateways(),
            removable ? true : null,
            readOnly ? true : null,
            provisioning,
            physicalBlockSize,
            volume,
            naa,
            serial,
            null,
            formerUnit);
    JsonNode answer = api.post("/luns", wanted);
    if (!printedAsJson(api, answer)) {
      LunCommand.print(this, api.as(answer, LogicalUnit.class));
    }
    return 0;
  }
}
