package io.moongate.cli.demo;

import io.moongate.management.api.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The paths as a table for a terminal. */
final class PathsTable {

  private static final List<String> HEAD =
      List.of("LUN", "GATEWAY", "PORTAL", "TPG", "STATE", "OWNER", "EPOCH", "CAUSE");

  private PathsTable() {}

  static String of(List<Path> paths) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEAD);
    for (Path path : paths) {
      rows.add(
          List.of(
              Integer.toString(path.lun()),
              path.gateway(),
              Objects.toString(path.portal(), "-"),
              Integer.toString(path.tpg()),
              path.state(),
              Objects.toString(path.owner(), "-"),
              Long.toString(path.epoch()),
              Objects.toString(path.cause(), "")));
    }
    int[] widths = new int[HEAD.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder("  ");
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
      }
      table.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    return table.toString();
  }
}
