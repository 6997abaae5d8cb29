package io.moongate.cli.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Ratios as bars, with a line from the least to the most of each: an SVG 1.1 document that needs
 * nothing beside it.
 */
final class Plot {
  private static final int LABEL = 430;
  private static final int WIDTH = 560;
  private static final int VALUE = 150;
  private static final int BAR = 14;
  private static final int GAP = 8;
  private static final int TOP = 64;
  private static final int AXIS = 30;
  private static final double LEAST_SCALE = 1.25;
  private static final List<String> COLOURS = List.of("#2a6f97", "#c77d2e", "#5b8c5a", "#8a5a8c");

  private final StringBuilder svg = new StringBuilder();
  private final double scale;

  private Plot(Map<Cell, List<Score>> scores) {
    double most =
        scores.values().stream()
            .flatMap(row -> Report.others(row).stream().map(other -> row.get(0).to(other).most()))
            .mapToDouble(Double::doubleValue)
            .max()
            .orElse(1);
    this.scale = Math.max(LEAST_SCALE, most * 1.05);
  }

  /**
   * The document.
   *
   * @param scores the gateway's first, in each cell of the same contestants
   */
  static String svg(Map<Cell, List<Score>> scores) {
    return new Plot(scores).draw(scores);
  }

  private String draw(Map<Cell, List<Score>> scores) {
    List<Score> first = scores.isEmpty() ? List.of() : scores.values().iterator().next();
    List<String> others =
        first.isEmpty() ? List.of() : Report.others(first).stream().map(Score::contestant).toList();
    int row = others.size() * BAR + GAP;
    int bottom = TOP + scores.size() * row;
    line(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
            + " font-family=\"sans-serif\" font-size=\"12\">",
        LABEL + WIDTH + VALUE, bottom + AXIS);
    line("<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>");
    text(10, 22, "start", "How many times as fast the gateway was: median, least to most");
    for (int i = 0; i < others.size(); i++) {
      int x = 10 + i * 160;
      line("<rect x=\"%d\" y=\"34\" width=\"12\" height=\"12\" fill=\"%s\"/>", x, colour(i));
      text(x + 18, 45, "start", "than " + others.get(i));
    }
    axis(bottom);
    int y = TOP;
    for (Map.Entry<Cell, List<Score>> cell : scores.entrySet()) {
      text(LABEL - 8, y + others.size() * BAR / 2 + 4, "end", cell.getKey().toString());
      for (int i = 0; i < others.size(); i++) {
        bar(y + i * BAR, colour(i), cell.getValue().get(0).to(cell.getValue().get(i + 1)));
      }
      y += row;
    }
    line("</svg>");
    return svg.toString();
  }

  private static String colour(int other) {
    return COLOURS.get(other % COLOURS.size());
  }

  private void axis(int bottom) {
    double step = scale > 8 ? 2 : scale > 3 ? 1 : 0.5;
    for (double at = 0; at <= scale; at += step) {
      boolean equal = Math.abs(at - 1) < 1e-9;
      vertical(at, TOP - 6, bottom, equal ? "#000000" : "#dddddd");
      text(x(at), bottom + 16, "middle", String.format(Locale.ROOT, "%.1f", at));
    }
  }

  private void bar(int y, String colour, Score.Ratio ratio) {
    int middle = y + BAR / 2;
    line(
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>",
        LABEL, y + 1, x(ratio.median()) - LABEL, BAR - 2, colour);
    line(
        "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#000000\"/>",
        x(ratio.least()), middle, x(ratio.most()), middle);
    vertical(ratio.least(), middle - 3, middle + 3, "#000000");
    vertical(ratio.most(), middle - 3, middle + 3, "#000000");
    text(
        x(ratio.most()) + 6,
        middle + 4,
        "start",
        String.format(
            Locale.ROOT, "%.2f (%.2f to %.2f)", ratio.median(), ratio.least(), ratio.most()));
  }

  private void vertical(double at, int from, int to, String colour) {
    line(
        "<line x1=\"%1$d\" y1=\"%2$d\" x2=\"%1$d\" y2=\"%3$d\" stroke=\"%4$s\"/>",
        x(at), from, to, colour);
  }

  private int x(double ratio) {
    return LABEL + (int) Math.round(ratio / scale * WIDTH);
  }

  private void text(int x, int y, String anchor, String words) {
    line(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>",
        x, y, anchor, words.replace("&", "&amp;").replace("<", "&lt;"));
  }

  private void line(String format, Object... arguments) {
    svg.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}
