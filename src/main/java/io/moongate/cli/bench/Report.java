package io.moongate.cli.bench;

import io.moongate.cli.Table;
import io.moongate.cli.bench.load.AccessPattern;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/** What came of a race, for people and for programs. */
final class Report {

  /** A column for what cells differ in; those of which all are plain have none. */
  private enum Dimension {
    SESSIONS(cell -> cell.sessions() == 1, Cell::sessions),
    PATTERN(cell -> cell.pattern() == AccessPattern.SEQUENTIAL, Cell::pattern),
    DIGESTS(cell -> !cell.digests(), cell -> cell.digests() ? "on" : "off"),
    PATH(cell -> cell.path() == Cell.Path.AO, Cell::path);

    private final Predicate<Cell> plain;
    private final Function<Cell, Object> value;

    Dimension(Predicate<Cell> plain, Function<Cell, Object> value) {
      this.plain = plain;
      this.value = value;
    }

    static List<Dimension> of(Set<Cell> cells) {
      List<Dimension> used = new ArrayList<>();
      for (Dimension dimension : values()) {
        if (!cells.stream().allMatch(dimension.plain)) {
          used.add(dimension);
        }
      }
      return used;
    }
  }

  private Report() {}

  /** Medians; of the ratios least and most too. */
  static void print(Map<Cell, List<Score>> scores, PrintWriter out) {
    List<Dimension> dimensions = Dimension.of(scores.keySet());
    Table table = null;
    for (Map.Entry<Cell, List<Score>> row : scores.entrySet()) {
      if (table == null) {
        table = new Table(heading(dimensions, row.getValue()));
      }
      table.row(values(dimensions, row.getKey(), row.getValue()));
    }
    if (table != null) {
      out.println(
          "Operations a second, the gateway's by each other's, and in brackets microseconds");
      out.println(
          "of a processor for an operation: of the serving processes / of the whole machine.");
      table.print(out);
      out.flush();
    }
  }

  private static String[] heading(List<Dimension> dimensions, List<Score> scores) {
    List<String> heading = new ArrayList<>(List.of("operation", "size", "depth"));
    dimensions.forEach(dimension -> heading.add(dimension.name().toLowerCase(Locale.ROOT)));
    heading.add(scores.get(0).contestant());
    for (Score other : others(scores)) {
      heading.addAll(List.of(other.contestant(), "ratio"));
    }
    return heading.toArray(String[]::new);
  }

  private static Object[] values(List<Dimension> dimensions, Cell cell, List<Score> scores) {
    Score gateway = scores.get(0);
    List<Object> values =
        new ArrayList<>(List.of(cell.operation(), cell.sizeInWords(), cell.depth()));
    dimensions.forEach(dimension -> values.add(dimension.value.apply(cell)));
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

  /** All but the gateway's. */
  static List<Score> others(List<Score> scores) {
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
  static Object json(Map<Cell, List<Score>> scores, Clients.Choice choice) {
    List<Object> cells = new ArrayList<>();
    scores.forEach(
        (cell, results) -> {
          Map<String, Object> object = new LinkedHashMap<>();
          object.put("operation", cell.operation().toString());
          object.put("size", cell.size());
          object.put("depth", cell.depth());
          object.put("sessions", cell.sessions());
          object.put("pattern", cell.pattern().toString());
          object.put("digests", cell.digests());
          object.put("path", cell.path().toString());
          object.put("client", Clients.name(choice, cell));
          object.put("results", results);
          object.put("ratios", ratios(results));
          cells.add(object);
        });
    return Map.of("processors", Runtime.getRuntime().availableProcessors(), "cells", cells);
  }

  private static Map<String, Score.Ratio> ratios(List<Score> scores) {
    Map<String, Score.Ratio> ratios = new LinkedHashMap<>();
    others(scores).forEach(other -> ratios.put(other.contestant(), scores.get(0).to(other)));
    return ratios;
  }
}
