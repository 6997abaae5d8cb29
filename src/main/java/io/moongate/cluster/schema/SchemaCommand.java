package io.moongate.cluster.schema;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.typesafe.config.ConfigException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code moongate schema apply|check}: the only way in which Moongate changes the schema in
 * Cassandra.
 */
@Command(
    name = "schema",
    description = "Create the tables in Cassandra, or say which are missing.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
public final class SchemaCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to do: apply or check");
  }

  @Command(
      name = "apply",
      description = {
        "Create the keyspace and the tables that are not there. Can be repeated; changes nothing that exists,",
        "but for rows of a former table that are carried over: stop all gateways before, when release notes say so.",
        "Run it from one place at a time."
      },
      mixinStandardHelpOptions = true)
  int apply(
      @Option(
              names = "--config",
              required = true,
              paramLabel = "FILE",
              description =
                  "A gateway's configuration file; its moongate.cassandra section is used.")
          Path config,
      @Option(
              names = "--replication-factor",
              paramLabel = "N",
              description =
                  "Copies in each datacenter, for a new keyspace; an existing one keeps its own. Default:"
                      + " moongate.cassandra.replication-factor of the configuration.")
          Integer replicationFactor,
      @Option(
              names = "--wait",
              defaultValue = "0",
              paramLabel = "SECONDS",
              description =
                  "Wait so long for Cassandra to answer before giving up (default: ${DEFAULT-VALUE}).")
          long waitSeconds) {
    return withSession(
        config,
        Duration.ofSeconds(waitSeconds),
        (session, connection) -> {
          String keyspace = connection.keyspace();
          boolean before = SchemaTool.check(session, keyspace).complete();
          int carried =
              SchemaTool.apply(
                  session,
                  keyspace,
                  replicationFactor == null ? connection.replicationFactor() : replicationFactor);
          if (carried > 0) {
            out()
                .println(
                    "%d rows of unit_ownership were carried over to unit_owners"
                        .formatted(carried));
          }
          out()
              .println(
                  before
                      ? "keyspace " + keyspace + " had every table: nothing to do"
                      : "keyspace " + keyspace + " now has every table");
          return 0;
        });
  }

  @Command(
      name = "check",
      description = "Say what is missing; exit 0 when nothing is, 1 otherwise. Changes nothing.",
      mixinStandardHelpOptions = true)
  int check(
      @Option(
              names = "--config",
              required = true,
              paramLabel = "FILE",
              description =
                  "A gateway's configuration file; its moongate.cassandra section is used.")
          Path config) {
    return withSession(
        config,
        Duration.ZERO,
        (session, connection) -> {
          SchemaTool.Report report = SchemaTool.check(session, connection.keyspace());
          (report.complete() ? out() : err()).println(report.describe());
          return report.complete() ? 0 : 1;
        });
  }

  private interface Work {
    int in(CqlSession session, SchemaConnection connection);
  }

  private int withSession(Path file, Duration patience, Work work) {
    try {
      SchemaConnection connection = SchemaConnection.of(file);
      try (CqlSession session = connection.open(patience)) {
        return work.in(session, connection);
      }
    } catch (ConfigException | IllegalArgumentException | IllegalStateException e) {
      err().println("moongate schema: " + e.getMessage());
      return 1;
    } catch (DriverException e) {
      err().println("moongate schema: Cassandra: " + e.getMessage());
      return 1;
    }
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
