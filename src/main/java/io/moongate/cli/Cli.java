package io.moongate.cli;

import io.moongate.cli.bench.BenchCommand;
import io.moongate.cli.demo.DemoCommand;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.charset.Charset;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code moongate} command. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no
 * gateway answers.
 */
@Command(
    name = "moongate",
    mixinStandardHelpOptions = true,
    versionProvider = Cli.Version.class,
    description = "A cluster of iSCSI gateways in front of distributed storage.",
    subcommands = {
      GatewayCommand.class,
      TargetCommand.class,
      LunCommand.class,
      PathCommand.class,
      SessionCommand.class,
      StoreCommand.class,
      VolumeCommand.class,
      OperationCommand.class,
      AuditCommand.class,
      ImportCommand.class,
      TokenCommand.class,
      DemoCommand.class,
      BenchCommand.class
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:refused, or failed",
      "2:wrong usage",
      "3:no gateway answers; a change may have been made all the same, as the message says"
    })
public final class Cli implements Runnable {
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int UNREACHABLE = 3;

  private final GatewayRunner runner;
  private final BufferedReader in;

  @Mixin private ApiOptions options;
  @Spec private CommandSpec spec;

  private Cli(GatewayRunner runner, Reader in) {
    this.runner = runner;
    this.in = new BufferedReader(in);
  }

  /**
   * Runs one command on the process's own input and output.
   *
   * @param runner what runs a gateway
   * @return the process's exit code
   */
  public static int run(String[] args, GatewayRunner runner) {
    Charset charset = Charset.defaultCharset();
    return run(
        args,
        runner,
        new InputStreamReader(System.in, charset),
        new PrintWriter(System.out, true, charset),
        new PrintWriter(System.err, true, charset));
  }

  /** Runs one command. */
  static int run(String[] args, GatewayRunner runner, Reader in, PrintWriter out, PrintWriter err) {
    int code =
        new CommandLine(new Cli(runner, in))
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler((e, given) -> usage(e, err))
            .setExecutionExceptionHandler(
                (e, command, parsed) -> {
                  if (e instanceof ApiException refused) {
                    err.println("moongate: " + refused.getMessage());
                    return refused.exitCode();
                  }
                  err.println("moongate: " + (e.getMessage() == null ? e : e.getMessage()));
                  return FAILED;
                })
            .execute(args);
    out.flush();
    err.flush();
    return code;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "A command is missing");
  }

  ApiOptions options() {
    return options;
  }

  GatewayRunner runner() {
    return runner;
  }

  /** Where confirmations are read from. */
  BufferedReader in() {
    return in;
  }

  private static int usage(ParameterException e, PrintWriter err) {
    CommandLine command = e.getCommandLine();
    err.println("moongate: " + e.getMessage());
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return USAGE;
  }

  /** The version, from the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Cli.class.getPackage().getImplementationVersion();
      return new String[] {"moongate " + (version == null ? "development" : version)};
    }
  }
}
