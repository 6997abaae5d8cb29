package io.moongate.cli;

import java.util.Map;

/**
 * What a command prints to.
 *
 * @param interactive whether a person sees each line as it is printed
 * @param colour whether colours may be used
 * @param columns characters of a line; 0 where it may be as long as it likes
 */
public record Terminal(boolean interactive, boolean colour, int columns) {
  /** A file or a pipe. */
  static final Terminal NONE = new Terminal(false, false, 0);

  /** System property by which the launcher tells rows and columns, when there is a terminal. */
  static final String PROPERTY = "moongate.terminal";

  private static final int DEFAULT_COLUMNS = 80;
  private static final int LEAST_COLUMNS = 20;
  private static final String ESCAPE = "\u001b[";

  /** How text stands out. */
  public enum Style {
    GOOD("32"),
    WARNING("33"),
    BAD("31"),
    BOLD("1");

    private final String code;

    Style(String code) {
      this.code = code;
    }
  }

  /**
   * The terminal of this process, of which the launcher knows.
   *
   * @param rowsAndColumns the value of {@link #PROPERTY}; null when there is no terminal
   * @param environment NO_COLOR switches colours off, if it is not empty, and so does TERM=dumb
   */
  static Terminal of(String rowsAndColumns, Map<String, String> environment) {
    if (rowsAndColumns == null) {
      return NONE;
    }
    boolean dumb = "dumb".equals(environment.get("TERM"));
    boolean plain = dumb || !environment.getOrDefault("NO_COLOR", "").isEmpty();
    return new Terminal(!dumb, !plain, columns(rowsAndColumns));
  }

  private static int columns(String rowsAndColumns) {
    String[] words = rowsAndColumns.strip().split(" +", -1);
    try {
      int columns = words.length < 2 ? 0 : Integer.parseInt(words[1]);
      return columns < LEAST_COLUMNS ? DEFAULT_COLUMNS : columns;
    } catch (NumberFormatException e) {
      return DEFAULT_COLUMNS;
    }
  }

  /** A text in a colour, where there are any. */
  public String styled(Style style, String text) {
    return colour ? ESCAPE + style.code + "m" + text + ESCAPE + "0m" : text;
  }

  /** What clears the screen; empty where there is none. */
  String clear() {
    return interactive ? ESCAPE + "H" + ESCAPE + "2J" : "";
  }

  /** What takes back the line that was printed last without its end; empty where there is none. */
  String backToStart() {
    return interactive ? "\r" + ESCAPE + "K" : "";
  }
}
