package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Maintain;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** The commands below {@code gateway} that take one out of service, put it back and remove it. */
final class GatewayMaintenanceCommands {
  private static final long POLL_MS = 500;

  private GatewayMaintenanceCommands() {}

  private static String path(String name) {
    return "/gateways/" + ApiClient.encode(name);
  }

  /** {@code gateway drain}. */
  @Command(
      name = "drain",
      description =
          "Take a gateway out of service, for maintenance: what it owns is moved to others, and"
              + " nothing is placed on it until it is undrained. Hosts keep their paths through it.")
  static final class Drain extends ClientCommand {
    @ParentCommand private GatewayCommand parent;

    @Parameters(paramLabel = "NAME", description = "Name of the gateway.")
    private String name;

    @Option(names = "--cause", paramLabel = "TEXT", description = "Why, for the record.")
    private String cause;

    @Option(
        names = "--wait",
        paramLabel = "SECONDS",
        description =
            "Wait until it owns nothing any more, so long at most; it goes on being drained after"
                + " that. Default: 0.")
    private int wait;

    @Override
    int run(ApiClient api) {
      parent.requireNoConfig();
      if (wait < 0) {
        throw new ParameterException(spec().commandLine(), "--wait must not be negative");
      }
      JsonNode answer = api.post(path(name) + "/drain", new Maintain(cause));
      long deadline = System.nanoTime() + wait * 1_000_000_000L;
      Gateway gateway = api.as(answer, Gateway.class);
      while (!gateway.service().equals("drained") && System.nanoTime() - deadline < 0) {
        pause();
        answer = api.get(path(name));
        gateway = api.as(answer, Gateway.class);
      }
      if (!printedAsJson(api, answer)) {
        say(name + " is " + gateway.service() + "; it owns " + gateway.luns() + " LUNs");
      }
      return wait > 0 && !gateway.service().equals("drained") ? Cli.FAILED : 0;
    }

    private static void pause() {
      try {
        Thread.sleep(POLL_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw ApiException.refused("Interrupted; the drain goes on");
      }
    }
  }

  /** {@code gateway undrain}. */
  @Command(
      name = "undrain",
      description =
          "Put a gateway back into service. What it owned comes back by automatic failback where"
              + " that is on, or by \"lun move\".")
  static final class Undrain extends ClientCommand {
    @ParentCommand private GatewayCommand parent;

    @Parameters(paramLabel = "NAME", description = "Name of the gateway.")
    private String name;

    @Option(names = "--cause", paramLabel = "TEXT", description = "Why, for the record.")
    private String cause;

    @Override
    int run(ApiClient api) {
      parent.requireNoConfig();
      JsonNode answer = api.post(path(name) + "/undrain", new Maintain(cause));
      if (!printedAsJson(api, answer)) {
        say(name + " is " + api.as(answer, Gateway.class).service());
      }
      return 0;
    }
  }

  /** {@code gateway remove}. */
  @Command(
      name = "remove",
      description =
          "Remove a gateway that never comes back. With that you declare its process gone: others"
              + " take over what it owned. Refused while anything is seen of it.")
  static final class Remove extends ClientCommand {
    @ParentCommand private GatewayCommand parent;

    @Parameters(paramLabel = "NAME", description = "Name of the gateway.")
    private String name;

    @Option(
        names = {"-y", "--yes"},
        description = "Do not ask for confirmation.")
    private boolean yes;

    @Override
    int run(ApiClient api) {
      parent.requireNoConfig();
      if (!yes) {
        Gateway gateway = api.as(api.get(path(name)), Gateway.class);
        confirm(
            "%s (pid %d at %s, %s) will be taken for gone for good. If its process runs somewhere and"
                    .formatted(name, gateway.pid(), joined(gateway.portals()), gateway.state())
                + " can reach the storage, data of the "
                + gateway.luns()
                + " LUNs that it owns can be lost.");
      }
      api.delete(path(name));
      say("removed " + name);
      return 0;
    }
  }
}
