package io.moongate;

import io.moongate.audit.JournalCommand;
import io.moongate.cli.Cli;
import io.moongate.cluster.schema.SchemaCommand;
import java.util.Arrays;
import java.util.Set;
import picocli.CommandLine;

/** The {@code moongate} command: a gateway, a change of schema, or a client of the HTTP API. */
public final class Main {
  /**
   * Commands of {@code audit} that read Cassandra themselves. Named here: to ask their own class
   * would load what a client of the HTTP API does not have on its class path.
   */
  static final Set<String> OF_JOURNAL = Set.of("verify", "heads", "export");

  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    // The gateway runs until it is stopped, and what reads Cassandra needs its driver: neither is
    // loaded for a command that only speaks HTTP.
    int code;
    if (args.length > 0 && args[0].equals("schema")) {
      code = new CommandLine(new SchemaCommand()).execute(Arrays.copyOfRange(args, 1, args.length));
    } else if (args.length > 1 && args[0].equals("audit") && OF_JOURNAL.contains(args[1])) {
      code =
          new CommandLine(new JournalCommand()).execute(Arrays.copyOfRange(args, 1, args.length));
    } else {
      code =
          Cli.run(
              args,
              config -> GatewayProcess.run(config),
              (request, told) -> GatewayDoctor.examine(request, told));
    }
    System.exit(code);
  }
}
