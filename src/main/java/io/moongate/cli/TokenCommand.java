package io.moongate.cli;

import io.moongate.security.Role;
import io.moongate.security.Tokens;
import io.moongate.security.User;
import io.moongate.security.UsersFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Tokens of users of the API. These commands work on the users file, not through a gateway. */
@Command(
    name = "token",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Users of the HTTP API and their tokens, in a gateway's users file.",
    subcommands = {
      TokenCommand.Create.class,
      TokenFileCommands.ListAll.class,
      TokenFileCommands.Revoke.class
    })
final class TokenCommand implements Runnable {
  /** Where a gateway looks for it by default. */
  static final String USERS_FILE = "/etc/moongate/users";

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Give a command: create, list or revoke");
  }

  /** Makes one. */
  @Command(
      name = "create",
      mixinStandardHelpOptions = true,
      description = {
        "Make a token and add its digest to a users file.",
        "The token alone is printed to standard output, once: nobody can find it out later. Copy the"
            + " users file to every gateway; each reads it again within a second."
      })
  static final class Create implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(
        names = "--user",
        required = true,
        paramLabel = "NAME",
        description = "Whose it is: what the log and the history call who asked.")
    private String user;

    @Option(
        names = "--role",
        required = true,
        paramLabel = "ROLE",
        description =
            "viewer (reads), operator (changes what loses no data) or admin (deletes, rolls back,"
                + " removes gateways).")
    private Role role;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        defaultValue = USERS_FILE,
        description =
            "The users file (moongate.management.users-file); made with mode 0600 if it is not"
                + " there. Default: ${DEFAULT-VALUE}.")
    private Path file;

    @Option(
        names = "--expires",
        paramLabel = "WHEN",
        converter = Expiry.class,
        description =
            "From when on it lets nobody in: in days or hours, as 90d or 8h, or a time in UTC, as"
                + " 2027-06-30T00:00:00Z. Default: never.")
    private Instant expires;

    @Override
    public Integer call() {
      String token = Tokens.create();
      try {
        UsersFile.add(file, new User(user, role), token, Optional.ofNullable(expires));
      } catch (IllegalArgumentException refused) {
        throw ApiException.refused(refused.getMessage());
      } catch (IOException unwritable) {
        throw ApiException.refused("Can't write %s: %s".formatted(file, unwritable));
      }
      spec.commandLine().getOut().println(token);
      PrintWriter err = spec.commandLine().getErr();
      err.printf(
          "%s is %s in %s%s. Keep the token in a file of mode 0600 and name that by"
              + " MOONGATE_TOKEN_FILE or --token-file%n",
          user, role.inWords(), file, expires == null ? "" : ", until " + expires);
      return 0;
    }
  }

  /** A time, or how long from now. */
  static final class Expiry implements ITypeConverter<Instant> {
    private static final Pattern SPAN = Pattern.compile("([1-9][0-9]{0,4})([dh])");

    @Override
    public Instant convert(String text) {
      Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
      Matcher span = SPAN.matcher(text);
      if (span.matches()) {
        int count = Integer.parseInt(span.group(1));
        return now.plus(
            span.group(2).equals("d") ? Duration.ofDays(count) : Duration.ofHours(count));
      }
      Instant at;
      try {
        at = Instant.parse(text);
      } catch (DateTimeException e) {
        throw new TypeConversionException(
            "'" + text + "' is neither a time, as 2027-06-30T00:00:00Z, nor one from now, as 90d");
      }
      if (at.isBefore(now)) {
        throw new TypeConversionException("'" + text + "' is over");
      }
      return at;
    }
  }
}
