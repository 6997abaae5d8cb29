package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParameterException;

/**
 * The guides for operators: their commands are ones that {@code moongate} has, and what they point
 * at is there. Those of blocks that are not a host's are run as well, by {@code GuidesIT}.
 */
class GuidesTest {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh[a-z ]*\\n(.*?)^```$");
  private static final Pattern INLINE = Pattern.compile("`(moongate [a-z][^`]*)`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(?:#([^)]+))?\\)");

  /** Commands that read Cassandra themselves, and are not the client's. */
  private static final List<String> OTHERS =
      List.of("moongate schema ", "moongate audit verify", "moongate audit heads");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "README.md",
        "docs/install.md",
        "docs/operations.md",
        "docs/upgrade.md",
        "docs/backup.md",
        "docs/hosts.md",
        "docs/capacity.md",
        "docs/comparison.md",
        "docs/glossary.md",
        "cluster-bootstrap/systemd/README.md",
        "cluster-bootstrap/compose/README.md",
        "cluster-bootstrap/kubernetes/README.md"
      })
  void commandsAndLinksAreGood(String guide) throws IOException {
    Path file = Path.of(guide);
    String text = Files.readString(file);
    List<String> wrong = new ArrayList<>();
    commands(text).forEach(command -> check(command, wrong));
    Matcher link = LINK.matcher(text);
    while (link.find()) {
      Path to = file.resolveSibling(link.group(1)).normalize();
      if (!Files.exists(to)) {
        wrong.add("there is no " + to);
      } else if (link.group(2) != null && !anchors(to).contains(link.group(2))) {
        wrong.add("%s has no section %s".formatted(to, link.group(2)));
      }
    }
    assertEquals(List.of(), wrong);
  }

  /** A redirection makes a file that everybody may read, unless the umask says otherwise. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "docs/install.md",
        "docs/security.md",
        "README.md",
        "cluster-bootstrap/one-host/README.md",
        "cluster-bootstrap/systemd/README.md",
        "cluster-bootstrap/compose/README.md",
        "cluster-bootstrap/kubernetes/README.md"
      })
  void secretsAreWrittenWhereOnlyTheirOwnerReads(String guide) throws IOException {
    boolean all = false;
    for (String line : Files.readAllLines(Path.of(guide))) {
      all = line.strip().equals("umask 077") || (all && !line.isBlank());
      if (line.matches(".*> *\\S*(\\.token|chap\\.key)\\b.*")) {
        assertTrue(all || line.strip().startsWith("(umask 077; "), line);
      }
    }
  }

  private static List<String> commands(String text) {
    List<String> commands = new ArrayList<>();
    Matcher block = BLOCK.matcher(text);
    while (block.find()) {
      block.group(1).lines().filter(line -> line.contains("moongate ")).forEach(commands::add);
    }
    Matcher inline = INLINE.matcher(text);
    while (inline.find()) {
      commands.add(inline.group(1));
    }
    return commands;
  }

  /**
   * Whether it is a command, with options that there are; what words in capitals stand for is not
   * looked at.
   */
  private static void check(String line, List<String> wrong) {
    Matcher command =
        Pattern.compile("(?:^|[(;] ?)(moongate [^|>)]*)").matcher(line.replaceAll("\\s+", " "));
    if (!command.find() || OTHERS.stream().anyMatch(command.group(1)::startsWith)) {
      return;
    }
    List<String> words = new ArrayList<>();
    Matcher word = Pattern.compile("\"([^\"]*)\"|(\\S+)").matcher(command.group(1));
    while (word.find()) {
      words.add(word.group(1) == null ? word.group(2) : word.group(1));
    }
    words.remove(0);
    if (line.startsWith("moongate")
        && words.stream().anyMatch(each -> each.matches("\\.\\.\\.|.*\\|.*"))) {
      return;
    }
    try {
      Cli.commandLine()
          .setCaseInsensitiveEnumValuesAllowed(true)
          .parseArgs(words.toArray(String[]::new));
    } catch (ParameterException e) {
      // In the text a command may be named without what it needs.
      if (!e.getMessage().startsWith("Missing required")) {
        wrong.add(line + ": " + e.getMessage());
      }
    }
  }

  /** As they are made of headings. */
  private static List<String> anchors(Path file) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith("#"))
          .map(
              line ->
                  line.replaceFirst("^#+ ", "")
                      .toLowerCase(java.util.Locale.ROOT)
                      .replaceAll("[^a-z0-9 -]", "")
                      .replace(' ', '-'))
          .toList();
    }
  }

  @Test
  void aCommandThatThereIsNotIsFound() {
    List<String> wrong = new ArrayList<>();
    check("moongate lun creat --lun 0", wrong);
    check("moongate lun list --colour", wrong);
    check("moongate lun list", wrong);
    assertEquals(2, wrong.size(), wrong::toString);
    assertTrue(wrong.get(1).contains("--colour"), wrong::toString);
  }
}
