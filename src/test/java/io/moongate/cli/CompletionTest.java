package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code moongate completion} prints, sourced and asked in a bash. */
@Timeout(60)
class CompletionTest {
  @TempDir Path directory;

  private static String completion(String shell) {
    StringWriter out = new StringWriter();
    int code =
        Cli.run(
            new String[] {"completion", shell},
            config -> 42,
            new StringReader(""),
            new PrintWriter(out),
            new PrintWriter(new StringWriter()));
    assertEquals(0, code);
    return out.toString();
  }

  /** What bash offers for the last word of a line. */
  private List<String> offered(String... words) throws Exception {
    Path script = Files.writeString(directory.resolve("moongate.bash"), completion("bash"));
    String quoted = String.join(" ", Arrays.stream(words).map(word -> "'" + word + "'").toList());
    Path test =
        Files.writeString(
            directory.resolve("ask.bash"),
            """
            set -e
            source '%s'
            complete -p moongate >/dev/null
            COMP_WORDS=(moongate %s)
            COMP_CWORD=%d
            COMP_LINE="${COMP_WORDS[*]}"
            COMP_POINT=${#COMP_LINE}
            _complete_moongate || true
            printf '%%s\\n' "${COMPREPLY[@]}"
            """
                .formatted(script, quoted, words.length));
    Process bash =
        new ProcessBuilder("bash", "--norc", test.toString())
            .redirectError(new File("/dev/null"))
            .start();
    String out = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(bash.waitFor(30, TimeUnit.SECONDS));
    assertEquals(0, bash.exitValue(), out);
    return out.lines().map(String::strip).toList();
  }

  @Test
  void commandsAreOffered() throws Exception {
    List<String> offered = offered("");
    assertTrue(
        offered.containsAll(List.of("status", "doctor", "lun", "target")), offered::toString);
  }

  @ParameterizedTest
  @CsvSource({"sta,status", "host,host-config", "comp,completion"})
  void aCommandIsCompleted(String begun, String whole) throws Exception {
    assertEquals(List.of(whole), offered(begun));
  }

  @Test
  void optionsOfASubcommandAreOffered() throws Exception {
    List<String> offered = offered("lun", "create", "--");
    assertTrue(offered.containsAll(List.of("--target", "--size", "--json")), offered::toString);
    assertEquals(List.of("rollback"), offered("lun", "snapshot", "roll"));
  }

  @Test
  void zshIsToldToRunIt() {
    String zsh = completion("zsh");
    assertTrue(zsh.contains("bashcompinit"), zsh.substring(0, 200));
    assertTrue(zsh.endsWith(completion("bash")), "the same functions");
  }

  @Test
  void anotherShellIsRefused() {
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            new String[] {"completion", "fish"},
            config -> 42,
            new StringReader(""),
            new PrintWriter(new StringWriter()),
            new PrintWriter(err));
    assertEquals(2, code);
    assertTrue(err.toString().contains("bash, zsh"), err.toString());
  }
}
