package io.moongate.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** {@code docs/cli.md}, from the commands themselves. */
final class CliReference {
  private static final String BEGINNING =
      """
      # The command line

      `moongate` is a client of the HTTP API: what one can do, the other can. This page is made from the commands' own words
      (`moongate COMMAND --help`), and a test holds it to them.

      ```
      moongate status                                             is anything wrong?
      moongate status --watch --api https://gw1:8080,https://gw2:8080
      moongate doctor --config /etc/moongate/gw1.conf             what does this host lack?
      moongate host-config linux --target iqn.2026-11.com.example:disks
      moongate target create iqn.2026-11.com.example:disks
      moongate lun create --target iqn.2026-11.com.example:disks --lun 0 --size 10GiB --store rbd
      moongate lun list --json | jq -r '.[].id'
      moongate gateway drain gw2 --cause "new disks" --wait 300
      moongate lun snapshot rollback iqn.2026-11.com.example:disks/0 --name before-upgrade --wait 600
      moongate session list --no-header | wc -l
      moongate completion bash > /etc/bash_completion.d/moongate
      ```

      - A LUN is named by its id, as `IQN/LUN`, or by `--target` and `--lun`.
      - What can't be undone asks first: type `yes`, or give `--yes`. Without an answer nothing is changed.
      - An answer goes to standard output; errors, warnings, questions and progress go to standard error. An error is one line, the gateway's own
        words with the field that they are about and the HTTP status.
      - On a terminal there are colours (not with `NO_COLOR` set, nor with `TERM=dumb`), bars for long work, and columns of text are cut to its width.
        Elsewhere nothing is coloured or cut.
      - Tokens and changes go to other hosts by https alone, unless `--insecure-http` is given: plain HTTP to another host is refused before anything is sent.
      - Work that a gateway does goes on when the command is interrupted by Ctrl-C; the command says so.

      """;

  private CliReference() {}

  /** Writes it. Argument: the file. */
  public static void main(String[] args) throws IOException {
    Files.writeString(Path.of(args[0]), text());
  }

  static String text() {
    CommandLine moongate = Cli.commandLine();
    StringBuilder page = new StringBuilder(BEGINNING);
    page.append("## Exit codes\n\n| Code | Meaning |\n|---|---|\n");
    moongate
        .getCommandSpec()
        .usageMessage()
        .exitCodeList()
        .forEach((code, meaning) -> page.append("| %s | %s |\n".formatted(code, meaning)));
    page.append(
            "\nA gateway's own process ends with 75 when it is to be started anew, and with 78 when its ")
        .append("configuration is wrong.\n\n## Options of every command\n\n");
    Set<String> common = new HashSet<>();
    moongate.getCommandSpec().options().forEach(option -> common.add(option.longestName()));
    options(moongate.getCommandSpec().options(), page);
    page.append("\n`moongate schema` has its own `--help`.\n");
    new TreeMap<>(moongate.getSubcommands())
        .forEach((name, below) -> command(below, 2, common, page));
    return page.toString();
  }

  private static void command(
      CommandLine command, int depth, Set<String> common, StringBuilder page) {
    CommandSpec spec = command.getCommandSpec();
    page.append("\n%s `%s`\n\n".formatted("#".repeat(depth), spec.qualifiedName()));
    for (String line : spec.usageMessage().description()) {
      page.append(plain(line)).append("\n\n");
    }
    // Some do something by themselves, and have others below them.
    if (command.getSubcommands().isEmpty() || command.getCommand() instanceof Callable) {
      page.append("    ").append(synopsis(spec, common)).append("\n");
    }
    List<OptionSpec> own =
        spec.options().stream()
            .filter(option -> !option.hidden() && !common.contains(option.longestName()))
            .toList();
    if (!own.isEmpty() || !spec.positionalParameters().isEmpty()) {
      page.append('\n');
    }
    if (!spec.positionalParameters().isEmpty() || !own.isEmpty()) {
      page.append("| | |\n|---|---|\n");
    }
    for (PositionalParamSpec parameter : spec.positionalParameters()) {
      row("`" + parameter.paramLabel() + "`", parameter, page);
    }
    rows(own, page);
    Map<String, String> codes = spec.usageMessage().exitCodeList();
    if (!codes.isEmpty()) {
      page.append("\nExit codes: ")
          .append(
              codes.entrySet().stream()
                  .map(each -> each.getKey() + " " + each.getValue())
                  .collect(Collectors.joining("; ")))
          .append(".\n");
    }
    new TreeMap<>(command.getSubcommands())
        .forEach(
            (name, below) -> {
              if (!below.getCommandSpec().usageMessage().hidden()) {
                command(below, depth + 1, common, page);
              }
            });
  }

  private static String synopsis(CommandSpec spec, Set<String> common) {
    StringBuilder text = new StringBuilder(spec.qualifiedName());
    for (PositionalParamSpec parameter : spec.positionalParameters()) {
      boolean needed = parameter.arity().min() > 0;
      text.append(needed ? " " + parameter.paramLabel() : " [" + parameter.paramLabel() + "]");
    }
    for (OptionSpec option : spec.options()) {
      if (!option.hidden() && !common.contains(option.longestName())) {
        String whole = option.longestName() + label(option);
        text.append(option.required() ? " " + whole : " [" + whole + "]");
      }
    }
    return text.toString();
  }

  private static String label(OptionSpec option) {
    if (option.arity().max() == 0) {
      return "";
    }
    return option.arity().min() == 0 ? "[=" + option.paramLabel() + "]" : " " + option.paramLabel();
  }

  private static void options(List<OptionSpec> options, StringBuilder page) {
    page.append("| | |\n|---|---|\n");
    rows(options, page);
  }

  private static void rows(List<OptionSpec> options, StringBuilder page) {
    for (OptionSpec option : options) {
      row("`" + String.join("`, `", option.names()) + label(option) + "`", option, page);
    }
  }

  private static void row(String what, ArgSpec argument, StringBuilder page) {
    String meaning =
        Arrays.stream(argument.description())
            .map(line -> plain(line, argument))
            .collect(Collectors.joining(" "));
    page.append(
        "| %s | %s%s |\n"
            .formatted(
                what.replace("|", "\\|"),
                meaning.replace("|", "\\|"),
                argument.required() && argument.isOption() ? " Needed." : ""));
  }

  private static String plain(String line, ArgSpec argument) {
    String candidates = "";
    if (argument.completionCandidates() != null) {
      candidates = String.join(", ", argument.completionCandidates());
    }
    return Ansi.OFF
        .string(line)
        .replace("${COMPLETION-CANDIDATES}", candidates)
        .replace("${DEFAULT-VALUE}", String.valueOf(argument.defaultValue()))
        .replace("%n", " ");
  }

  private static String plain(String line) {
    return Ansi.OFF.string(line).replace("%n", " ");
  }
}
