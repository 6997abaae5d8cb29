package io.moongate.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Rows in columns, as wide as they need to be. On a terminal that is narrower, columns of text for
 * people are cut; names and numbers never are.
 */
public final class Table {
  private static final String GAP = "  ";
  private static final String CUT = "…";
  private static final int LEAST_TEXT = 12;

  /** Headings of columns whose text is for people. */
  private static final Set<String> TEXT =
      Set.of("CAUSE", "OBSTACLE", "REMARK", "DETAIL", "WHAT", "TO DO");

  private final String[] heading;
  private final List<String[]> rows = new ArrayList<>();

  public Table(String... heading) {
    this.heading = heading.clone();
  }

  /** Adds a row, with a value for each column. */
  public Table row(Object... values) {
    if (values.length != heading.length) {
      throw new IllegalArgumentException("A row of " + values.length + " values");
    }
    String[] row = new String[values.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = ClientCommand.orDash(values[i]);
    }
    rows.add(row);
    return this;
  }

  /** Prints it with its heading, as wide as it is. */
  public void print(PrintWriter out) {
    print(out, true, 0);
  }

  /**
   * Prints it.
   *
   * @param headed whether the heading is printed
   * @param columns characters of a line of the terminal; 0 where it does not matter
   */
  public void print(PrintWriter out, boolean headed, int columns) {
    List<String[]> lines = new ArrayList<>(rows.size() + 1);
    if (headed) {
      lines.add(heading);
    }
    lines.addAll(rows);
    int[] widths = fitted(widths(lines), columns);
    for (String[] line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < line.length; i++) {
        String cell = cut(line[i], widths[i]);
        text.append(cell).append(" ".repeat(widths[i] - cell.length())).append(GAP);
      }
      out.println(text.toString().stripTrailing());
    }
  }

  private int[] widths(List<String[]> lines) {
    int[] widths = new int[heading.length];
    for (String[] line : lines) {
      for (int i = 0; i < line.length; i++) {
        widths[i] = Math.max(widths[i], line[i].length());
      }
    }
    return widths;
  }

  /** Takes what is too much from the columns of text, from the last one first. */
  private int[] fitted(int[] widths, int columns) {
    int excess =
        columns == 0
            ? 0
            : Arrays.stream(widths).sum() + GAP.length() * (widths.length - 1) - columns;
    for (int i = widths.length - 1; i >= 0 && excess > 0; i--) {
      if (TEXT.contains(heading[i]) && widths[i] > LEAST_TEXT) {
        int less = Math.min(excess, widths[i] - LEAST_TEXT);
        widths[i] -= less;
        excess -= less;
      }
    }
    return widths;
  }

  private static String cut(String cell, int width) {
    return cell.length() <= width ? cell : cell.substring(0, width - 1) + CUT;
  }
}
