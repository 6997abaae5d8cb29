package io.moongate.cli;

import io.moongate.cli.bench.BenchCommand;
import io.moongate.cli.demo.DemoCommand;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Set;
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

  private static final List<Class<?>> COMMANDS =
      List.of(
          StatusCommand.class,
          DoctorCommand.class,
          ClusterCommand.class,
          ReloadCommand.class,
          GatewayCommand.class,
          PortalCommand.class,
          TargetCommand.class,
          LunCommand.class,
          PathCommand.class,
          SessionCommand.class,
          StoreCommand.class,
          VolumeCommand.class,
          OperationCommand.class,
          AuditCommand.class,
          ExportCommand.class,
          ImportCommand.class,
          TokenCommand.class,
          WhoamiCommand.class,
          HostConfigCommand.class,
          CompletionCommand.class,
          VersionCommand.class,
          CommandLine.HelpCommand.class,
          DemoCommand.class,
          BenchCommand.class);

  /** Commands that are about all the others. */
  private static final Set<String> WHOLE = Set.of("completion", "help");

  private final GatewayRunner runner;
  private final Doctor doctor;
  private final BufferedReader in;
  private final Terminal terminal;

  @Mixin private ApiOptions options;
  @Mixin private OutputOptions output;
  @Spec private CommandSpec spec;

  private Cli(GatewayRunner runner, Doctor doctor, Reader in, Terminal terminal) {
    this.runner = runner;
    this.doctor = doctor;
    this.in = new BufferedReader(in);
    this.terminal = terminal;
  }

  /**
   * Runs one command on the process's own input and output.
   *
   * @param runner what runs a gateway
   * @param doctor what looks its host over
   * @return the process's exit code
   */
  public static int run(String[] args, GatewayRunner runner, Doctor doctor) {
    Charset charset = Charset.defaultCharset();
    return run(
        args,
        runner,
        doctor,
        new InputStreamReader(System.in, charset),
        new PrintWriter(System.out, true, charset),
        new PrintWriter(System.err, true, charset),
        Terminal.of(System.getProperty(Terminal.PROPERTY), System.getenv()));
  }

  /** Runs one command, with files for its output, where no host is to be looked over. */
  static int run(String[] args, GatewayRunner runner, Reader in, PrintWriter out, PrintWriter err) {
    Doctor none =
        (request, told) -> {
          throw new UnsupportedOperationException("no host is looked over here");
        };
    return run(args, runner, none, in, out, err, Terminal.NONE);
  }

  /** Runs one command. */
  static int run(
      String[] args,
      GatewayRunner runner,
      Doctor doctor,
      Reader in,
      PrintWriter out,
      PrintWriter err,
      Terminal terminal) {
    int code =
        commandLine(new Cli(runner, doctor, in, terminal), args)
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

  /** The commands, for whoever looks at them and runs none. */
  static CommandLine commandLine() {
    Cli none = new Cli(config -> FAILED, (request, told) -> {}, Reader.nullReader(), Terminal.NONE);
    return commandLine(none, new String[0]);
  }

  /** The command that is given, and no other where that is enough: each takes time to read. */
  private static CommandLine commandLine(Cli cli, String[] args) {
    String first = args.length == 0 || WHOLE.contains(args[0]) ? "" : args[0];
    CommandLine whole = new CommandLine(cli);
    boolean one = COMMANDS.stream().anyMatch(command -> name(command).equals(first));
    for (Class<?> command : COMMANDS) {
      if (!one || name(command).equals(first)) {
        whole.addSubcommand(name(command), command);
      }
    }
    return whole;
  }

  private static String name(Class<?> command) {
    return command.getAnnotation(Command.class).name();
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "A command is missing");
  }

  ApiOptions options() {
    return options;
  }

  OutputOptions output() {
    return output;
  }

  /** What is printed to. */
  Terminal terminal() {
    return terminal;
  }

  GatewayRunner runner() {
    return runner;
  }

  Doctor doctor() {
    return doctor;
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
  static String version() {
    String version = Cli.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** What {@code --version} prints. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"moongate " + version()};
    }
  }
}
