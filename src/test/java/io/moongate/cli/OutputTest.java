package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How tables, terminals and progress are printed. */
class OutputTest {
  private static List<String> printed(Table table, boolean headed, int columns) {
    StringWriter text = new StringWriter();
    table.print(new PrintWriter(text, true), headed, columns);
    return text.toString().lines().toList();
  }

  private static Table table() {
    return new Table("ID", "CAUSE", "NAME")
        .row("0123456789abcdef0123", "a cause that is rather long to read", "gw1")
        .row("1", null, "gw2");
  }

  @Test
  void textForPeopleIsCutToTheTerminalAndNamesAreNot() {
    List<String> lines = printed(table(), true, 50);
    lines.forEach(line -> assertTrue(line.length() <= 50, line));
    assertTrue(lines.get(1).startsWith("0123456789abcdef0123  "), lines.get(1));
    assertTrue(lines.get(1).endsWith("…  gw1"), lines.get(1));
    assertTrue(printed(table(), true, 10).get(1).contains("0123456789abcdef0123"));
    assertTrue(printed(table(), true, 0).get(1).contains("rather long to read"));
  }

  @Test
  void theHeadingCanBeLeftOut() {
    assertEquals(3, printed(table(), true, 0).size());
    List<String> lines = printed(table(), false, 0);
    assertEquals(2, lines.size());
    assertTrue(lines.get(1).startsWith("1  "), lines.get(1));
  }

  @Test
  void whatATerminalIs() {
    assertEquals(Terminal.NONE, Terminal.of(null, Map.of("TERM", "dumb")));
    assertEquals(new Terminal(true, true, 132), Terminal.of("50 132", Map.of("TERM", "xterm")));
    assertFalse(Terminal.of("50 132", Map.of("NO_COLOR", "1")).colour());
    assertTrue(Terminal.of("50 132", Map.of("NO_COLOR", "")).colour());
    assertFalse(Terminal.of("50 132", Map.of("TERM", "dumb")).interactive());
    assertEquals(80, Terminal.of("0 0", Map.of()).columns());
    assertEquals(80, Terminal.of("what?", Map.of()).columns());
  }

  private static String progress(Terminal terminal) {
    StringWriter text = new StringWriter();
    try (Progress progress = new Progress(terminal, new PrintWriter(text), "draining gw1", null)) {
      for (int done = 0; done <= 100; done++) {
        progress.at(done, 100);
      }
    }
    return text.toString();
  }

  @Test
  void progressIsABarOnATerminalAndALineForEachTenthElsewhere() {
    List<String> lines = progress(Terminal.NONE).lines().toList();
    assertEquals(11, lines.size());
    assertEquals("draining gw1: 50 of 100", lines.get(5));
    String bar = progress(new Terminal(true, true, 80));
    assertFalse(bar.contains("\n"), "one line, drawn anew");
    assertTrue(bar.contains("[###############...............] 50 of 100"), bar);
    assertTrue(bar.endsWith("\r\u001b[K"), "the bar is taken away");
  }

  @Test
  void nothingIsToldWhereThatIsNotWanted() {
    try (Progress progress = new Progress(Terminal.NONE, null, "draining", "it goes on")) {
      progress.at(1, 2);
      progress.underWay();
    }
  }
}
