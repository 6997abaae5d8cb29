package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moongate.cli.status.Diagnosis;
import io.moongate.cli.status.Finding;
import io.moongate.cli.status.Finding.Level;
import io.moongate.cli.status.Look;
import io.moongate.management.api.ApiJson;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code status}. */
@Command(
    name = "status",
    description = {
      "Say on one screen whether anything is wrong: gateways, owners, paths, stores, and each"
          + " gateway's own word on its health.",
      "Give --api or MOONGATE_API several gateways, so that it answers while one is dead; the others"
          + " are found from there. An API that is bound to the loopback of another host can't be"
          + " asked, and is shown as -."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing is wrong; with warnings too, but for --strict",
      "1:something is wrong, or with --strict there is a warning",
      "2:wrong usage",
      "3:no gateway answers"
    })
final class StatusCommand extends ClientCommand {
  private static final int INTERVAL_SECONDS = 2;

  @Option(names = "--strict", description = "Exit with 1 for warnings too.")
  private boolean strict;

  @Option(names = "--all", description = "Print everything that is wrong, however long.")
  private boolean all;

  @Option(
      names = "--watch",
      arity = "0..1",
      fallbackValue = "" + INTERVAL_SECONDS,
      paramLabel = "SECONDS",
      description = "Look again every so many seconds, until Ctrl-C. Without a number: 2.")
  private Integer watch;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "With --watch: look so many times, then exit as the last look says.")
  private Integer count;

  @Override
  int run(ApiClient api) {
    if (watch != null && watch < 1 || count != null && (watch == null || count < 1)) {
      throw new ParameterException(
          spec().commandLine(),
          "--watch takes seconds from 1 on, and --count, from 1 on, goes with it");
    }
    int code = 0;
    for (int looks = 1; ; looks++) {
      code = once(api);
      if (watch == null || count != null && looks >= count) {
        return code;
      }
      out().flush();
      pause(watch);
    }
  }

  private int once(ApiClient api) {
    Look look;
    try {
      look = new ClusterLook(api).take();
    } catch (ApiException e) {
      if (watch == null) {
        throw e;
      }
      out().print(terminal().clear());
      out().println("moongate: " + e.getMessage());
      return e.exitCode();
    }
    List<Finding> findings = Diagnosis.of(look);
    if (json()) {
      out().println(json(look, findings).toPrettyString());
    } else {
      StatusScreen screen = new StatusScreen(look, findings, terminal());
      out().print(watch == null ? "" : terminal().clear());
      out().println("asked       " + look.asked());
      show(screen.gateways());
      screen.summary(out()::println);
      out().println();
      screen.verdict(all, out()::println);
    }
    boolean wrong = findings.stream().anyMatch(finding -> strict || finding.level() == Level.WRONG);
    return wrong ? Cli.FAILED : 0;
  }

  private static void pause(int seconds) {
    try {
      Thread.sleep(seconds * 1_000L);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.refused("Interrupted");
    }
  }

  private static JsonNode json(Look look, List<Finding> findings) {
    ObjectMapper mapper = ApiJson.mapper();
    ObjectNode json = mapper.createObjectNode();
    boolean wrong = findings.stream().anyMatch(finding -> finding.level() == Level.WRONG);
    json.put("status", wrong ? "wrong" : findings.isEmpty() ? "well" : "warning");
    json.put("at", look.at().toString());
    json.put("asked", look.asked());
    json.set("findings", findings(mapper, findings));
    json.set("gateways", mapper.valueToTree(look.gateways()));
    json.set("answers", mapper.valueToTree(look.answers()));
    json.set("operations", mapper.valueToTree(look.operations()));
    json.put("targets", look.targets().size());
    json.put("units", look.units().size());
    json.put("sessions", look.sessions().sessions().size());
    look.paths().ifPresent(paths -> json.put("paths", paths.size()));
    return json;
  }

  private static JsonNode findings(ObjectMapper mapper, List<Finding> findings) {
    var array = mapper.createArrayNode();
    for (Finding finding : findings) {
      array
          .addObject()
          .put("level", finding.level().word())
          .put("what", finding.what())
          .put("advice", finding.advice());
    }
    return array;
  }
}
