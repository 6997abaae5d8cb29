package io.moongate.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Rows in columns, as wide as they need to be. */
public final class Table {
  private static final String GAP = "  ";

  private final List<String[]> rows = new ArrayList<>();

  public Table(String... heading) {
    rows.add(heading);
  }

  /** Adds a row, with a value for each column. */
  public Table row(Object... values) {
    if (values.length != rows.get(0).length) {
      throw new IllegalArgumentException("A row of " + values.length + " values");
    }
    String[] row = new String[values.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = ClientCommand.orDash(values[i]);
    }
    rows.add(row);
    return this;
  }

  public void print(PrintWriter out) {
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.length; i++) {
        line.append(row[i]).append(" ".repeat(widths[i] - row[i].length())).append(GAP);
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
