package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Gateway;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Runs a gateway, or shows those of the cluster. */
@Command(
    name = "gateway",
    mixinStandardHelpOptions = true,
    description =
        "Run a gateway here (--config), or show, drain, undrain and remove those of the cluster.",
    subcommands = {
      GatewayCommand.ListAll.class,
      GatewayCommand.Show.class,
      GatewayMaintenanceCommands.Drain.class,
      GatewayMaintenanceCommands.Undrain.class,
      GatewayMaintenanceCommands.Remove.class
    })
final class GatewayCommand implements Callable<Integer> {
  @ParentCommand private Cli cli;
  @Spec private CommandSpec spec;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Run a gateway with these settings (HOCON), until it is stopped.")
  private Path config;

  @Override
  public Integer call() throws Exception {
    if (config == null) {
      throw new ParameterException(
          spec.commandLine(),
          "Give --config FILE to run a gateway, or one of: list, show, drain, undrain, remove");
    }
    if (!Files.isReadable(config) || Files.isDirectory(config)) {
      throw new ParameterException(spec.commandLine(), "Can't read the file " + config);
    }
    return cli.runner().run(config);
  }

  void requireNoConfig() {
    if (config != null) {
      throw new ParameterException(
          spec.commandLine(), "--config runs a gateway here; it does not go with another command");
    }
  }

  private static Table table(List<Gateway> gateways) {
    Table table =
        new Table(
            "NAME", "STATE", "PORTALS", "GROUP", "LUNS", "LOAD", "VERSION", "PID", "SINCE",
            "CAUSE");
    for (Gateway gateway : gateways) {
      table.row(
          gateway.name(),
          gateway.service().equals("in-service")
              ? gateway.state()
              : gateway.state() + "," + gateway.service(),
          ClientCommand.joined(gateway.portals()),
          gateway.portGroup(),
          gateway.luns(),
          Math.round(gateway.load()),
          gateway.version(),
          gateway.pid(),
          gateway.since(),
          gateway.cause());
    }
    return table;
  }

  /** {@code gateway list}. */
  @Command(name = "list", description = "List the gateways of the cluster.")
  static final class ListAll extends ClientCommand {
    @ParentCommand private GatewayCommand parent;

    @Override
    int run(ApiClient api) {
      parent.requireNoConfig();
      JsonNode answer = api.get("/gateways");
      if (!printedAsJson(api, answer)) {
        show(table(api.asList(answer, Gateway.class)));
      }
      return 0;
    }
  }

  /** {@code gateway show}. */
  @Command(name = "show", description = "Show one gateway.")
  static final class Show extends ClientCommand {
    @ParentCommand private GatewayCommand parent;

    @Mixin private GatewayName name;

    @Override
    int run(ApiClient api) {
      parent.requireNoConfig();
      JsonNode answer = api.get(name.path());
      if (!printedAsJson(api, answer)) {
        Gateway gateway = api.as(answer, Gateway.class);
        show(table(List.of(gateway)));
        gateway.observations().forEach(seen -> say("seen  " + LunCommand.inWords(seen)));
      }
      return 0;
    }
  }
}
