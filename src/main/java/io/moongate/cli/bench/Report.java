package io.moongate.cli.bench;

import io.moongate.cli.Table;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What came of a race, for people and for programs. */
final class Report {

  private Report() {}

  /** Medians; of the ratios least and most too. */
  static void print(Map<Cell, List<Score>> scores, PrintWriter out) {
    Table table = null;
    for (Map.Entry<Cell, List<Score>> row : scores.entrySet()) {
      if (table == null) {
        table = new Table(heading(row.getValue()));
      }
      table.row(values(row.getKey(), row.getValue()));
    }
    if (table != null) {
      out.println(
          "Operations a second, the gateway's by each other's, and in brackets microseconds");
      out.println(
          "of a processor for an operation: of the serving process / of the whole machine.");
      table.print(out);
      out.flush();
    }
  }

  private static String[] heading(List<Score> scores) {
    List<String> heading = new ArrayList<>(List.of("operation", "size", "depth"));
    heading.add(scores.get(0).contestant());
    for (Score other : others(scores)) {
      heading.addAll(List.of(other.contestant(), "ratio"));
    }
    return heading.toArray(String[]::new);
  }

  private static Object[] values(Cell cell, List<Score> scores) {
    Score gateway = scores.get(0);
    List<Object> values =
        new ArrayList<>(List.of(cell.operation(), cell.sizeInWords(), cell.depth()));
    values.add(figures(gateway));
    for (Score other : others(scores)) {
      Score.Ratio ratio = gateway.to(other);
      values.add(figures(other));
      values.add(
          String.format(
              Locale.ROOT, "%.2f (%.2f to %.2f)", ratio.median(), ratio.least(), ratio.most()));
    }
    return values.toArray();
  }

  private static List<Score> others(List<Score> scores) {
    return scores.subList(1, scores.size());
  }

  private static String figures(Score score) {
    String server =
        score.server().isEmpty()
            ? "-"
            : String.format(Locale.ROOT, "%.0f", Score.median(score.server()));
    return String.format(
        Locale.ROOT, "%.0f (%s / %.0f)", score.rate(), server, Score.median(score.machine()));
  }

  /** Everything, as objects that Jackson writes. */
  static Object json(Map<Cell, List<Score>> scores) {
    List<Object> cells = new ArrayList<>();
    scores.forEach(
        (cell, results) -> {
          Map<String, Object> object = new LinkedHashMap<>();
          object.put("operation", cell.operation().toString());
          object.put("size", cell.size());
          object.put("depth", cell.depth());
          object.put("results", results);
          cells.add(object);
        });
    return Map.of("processors", Runtime.getRuntime().availableProcessors(), "cells", cells);
  }
}
