package io.moongate;

import io.moongate.cli.Cli;
import io.moongate.cluster.schema.SchemaCommand;
import picocli.CommandLine;

/** The {@code moongate} command: a gateway, a change of schema, or a client of the HTTP API. */
public final class Main {
  private Main() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    // The gateway runs until it is stopped, and the schema tool needs the Cassandra driver: neither
    // is
    // loaded for a command that only speaks HTTP.
    int code =
        args.length > 0 && args[0].equals("schema")
            ? new CommandLine(new SchemaCommand())
                .execute(java.util.Arrays.copyOfRange(args, 1, args.length))
            : Cli.run(args, config -> GatewayProcess.run(config));
    System.exit(code);
  }
}
