package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.LogicalUnit;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** How a command says which LUN it means: by id, as {@code IQN/LUN}, or by two options. */
final class LunReference {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "LUN",
      description = "The logical unit's id, or IQN/LUN, as iqn.2026-11.io.moongate:demo/0.")
  private String reference;

  @Option(names = "--target", paramLabel = "IQN", description = "iSCSI name of its target.")
  private String target;

  @Option(names = "--lun", paramLabel = "N", description = "Its number in that target.")
  private Integer lun;

  /** Looks the LUN up. */
  LogicalUnit find(ApiClient api) {
    return api.as(findAnswer(api), LogicalUnit.class);
  }

  /** Looks the LUN up; the answer as it came. */
  JsonNode findAnswer(ApiClient api) {
    boolean byOptions = target != null && lun != null;
    if (reference == null ? !byOptions : target != null || lun != null) {
      throw new ParameterException(
          spec.commandLine(),
          "Say which LUN: its id, or IQN/LUN, or both --target IQN and --lun N");
    }
    if (byOptions) {
      return at(api, target, lun.toString());
    }
    int slash = reference.lastIndexOf('/');
    return slash < 0
        ? api.get("/luns/" + ApiClient.encode(reference))
        : at(api, reference.substring(0, slash), reference.substring(slash + 1));
  }

  private static JsonNode at(ApiClient api, String target, String lun) {
    JsonNode found = api.get("/luns" + ClientCommand.query("target", target, "lun", lun));
    List<LogicalUnit> units = api.asList(found, LogicalUnit.class);
    if (units.isEmpty()) {
      throw ApiException.refused("There is no LUN " + lun + " in target " + target);
    }
    return found.get(0);
  }
}
