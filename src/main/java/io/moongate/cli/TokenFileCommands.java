package io.moongate.cli;

import io.moongate.security.Role;
import io.moongate.security.UsersFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Who is in a users file, and who is to be no more. */
final class TokenFileCommands {
  private TokenFileCommands() {}

  /** {@code token list}. */
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = {
        "List whom a users file lets in, and by what: the beginning of a token's digest, or a name in"
            + " a client certificate.",
        "No token can be found out from it."
      })
  static final class ListAll implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private OutputOptions output;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        defaultValue = TokenCommand.USERS_FILE,
        description = "The users file. Default: ${DEFAULT-VALUE}.")
    private Path file;

    @Override
    public Integer call() {
      Cli cli = (Cli) spec.root().userObject();
      Table table = new Table("USER", "ROLE", "BY", "EXPIRES");
      Instant now = Instant.now();
      for (UsersFile.Entry entry : entries(file)) {
        boolean over = entry.expires().filter(at -> !now.isBefore(at)).isPresent();
        table.row(
            entry.user().name(),
            entry.user().role().inWords(),
            entry.by(),
            entry.expires().map(at -> at + (over ? " (expired)" : "")).orElse(null));
      }
      OutputOptions wanted = output.or(cli.output());
      if (!wanted.quiet()) {
        table.print(spec.commandLine().getOut(), !wanted.noHeader(), cli.terminal().columns());
      }
      return 0;
    }
  }

  /** {@code token revoke}. */
  @Command(
      name = "revoke",
      mixinStandardHelpOptions = true,
      description = {
        "Take a user out of a users file: every token, and every name of a certificate. What else"
            + " stands in the file stays as it is.",
        "Copy the users file to every gateway; each reads it again within a second, and lets that"
            + " user in no more."
      })
  static final class Revoke implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private OutputOptions output;

    @Parameters(paramLabel = "NAME", description = "The user.")
    private String user;

    @Option(
        names = "--only",
        paramLabel = "BY",
        description =
            "Take out this line alone, as token list shows it: sha256:3f79bb7b435b, or cn=carol.")
    private String only;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        defaultValue = TokenCommand.USERS_FILE,
        description = "The users file. Default: ${DEFAULT-VALUE}.")
    private Path file;

    @Override
    public Integer call() {
      List<UsersFile.Entry> revoked;
      try {
        revoked = UsersFile.revoke(file, user, Optional.ofNullable(only));
      } catch (IllegalArgumentException refused) {
        throw ApiException.refused(refused.getMessage());
      } catch (IOException unwritable) {
        throw ApiException.refused("Can't write %s: %s".formatted(file, unwritable));
      }
      Cli cli = (Cli) spec.root().userObject();
      if (!output.or(cli.output()).quiet()) {
        for (UsersFile.Entry entry : revoked) {
          spec.commandLine().getOut().printf("revoked %s of %s%n", entry.by(), user);
        }
      }
      warnOfWhatIsLeft();
      return 0;
    }

    private void warnOfWhatIsLeft() {
      List<UsersFile.Entry> left = entries(file);
      PrintWriter err = spec.commandLine().getErr();
      if (left.stream().anyMatch(entry -> entry.user().name().equals(user))) {
        err.printf("%s has other lines in %s%n", user, file);
      }
      if (left.stream().noneMatch(entry -> entry.user().role() == Role.ADMIN)) {
        err.printf("Nobody in %s has the role admin now%n", file);
      }
    }
  }

  private static List<UsersFile.Entry> entries(Path file) {
    try {
      return UsersFile.entries(file);
    } catch (IllegalArgumentException mistake) {
      throw ApiException.refused(mistake.getMessage());
    }
  }
}
