package io.moongate.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.moongate.cli.CheckResult.State;
import io.moongate.cli.Terminal.Style;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Target;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code doctor}. */
@Command(
    name = "doctor",
    description = {
      "Look over a gateway's host, whether the gateway runs or not: its configuration, addresses,"
          + " ports, Cassandra, clock, limits, stores and peers; then log in to the portals as an"
          + " initiator does, and compare what it sees with what the API says.",
      "Run it as the user that the gateway runs as. It reads only; in the directory of the file store"
          + " it writes one small file, and removes it."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:no check failed; with warnings too, but for --strict",
      "1:a check failed, or with --strict there is a warning",
      "2:wrong usage"
    })
final class DoctorCommand extends ClientCommand {
  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The gateway's configuration file.")
  private Path config;

  @Option(
      names = "--initiator",
      paramLabel = "IQN",
      description =
          "iSCSI name by which to log in to targets that have an access list. Default:"
              + " iqn.2026-11.io.moongate:doctor.")
  private String initiator = "iqn.2026-11.io.moongate:doctor";

  @Option(names = "--strict", description = "Exit with 1 for warnings too.")
  private boolean strict;

  @Override
  int run(ApiClient api) {
    if (!Files.isReadable(config) || Files.isDirectory(config)) {
      throw new ParameterException(spec().commandLine(), "Can't read the file " + config);
    }
    List<CheckResult> results = new ArrayList<>();
    doctor()
        .examine(
            new Doctor.Request(config, configured -> view(api, configured), initiator),
            result -> {
              results.add(result);
              print(result);
            });
    Map<State, Integer> counts = new EnumMap<>(State.class);
    results.forEach(result -> counts.merge(result.state(), 1, Integer::sum));
    int failed = counts.getOrDefault(State.FAIL, 0);
    int warned = counts.getOrDefault(State.WARN, 0);
    if (json()) {
      printJson(results);
    } else {
      out().println();
      say(
          "%d checks: %d failed, %d warned, %d could not be made"
              .formatted(results.size(), failed, warned, counts.getOrDefault(State.SKIPPED, 0)));
    }
    return failed > 0 || strict && warned > 0 ? Cli.FAILED : 0;
  }

  private void print(CheckResult result) {
    Style style =
        switch (result.state()) {
          case OK -> Style.GOOD;
          case WARN, SKIPPED -> Style.WARNING;
          case FAIL -> Style.BAD;
        };
    String word = "%-4s".formatted(result.state().word());
    say(terminal().styled(style, word) + "  " + result.check() + ": " + result.detail());
    if (!result.advice().isEmpty()) {
      say("      -> " + result.advice());
    }
    out().flush();
  }

  private void printJson(List<CheckResult> results) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (CheckResult result : results) {
      array
          .addObject()
          .put("check", result.check())
          .put("state", result.state().word())
          .put("detail", result.detail())
          .put("advice", result.advice());
    }
    out().println(array.toPrettyString());
  }

  /** The API that was named, or else the one that the configuration names. */
  private ApiView view(ApiClient named, URI configured) {
    ApiClient api = apiNamed() ? named : named.only(configured);
    return new ApiView(
        api.get("/health").path("gateway").asText(),
        api.asList(api.get("/gateways"), Gateway.class),
        api.asList(api.get("/targets"), Target.class),
        api.asList(api.get("/luns"), LogicalUnit.class),
        api.asList(api.get("/paths"), io.moongate.management.api.Path.class));
  }
}
