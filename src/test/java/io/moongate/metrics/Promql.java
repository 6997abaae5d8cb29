package io.moongate.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads expressions of PromQL, as far as rules and dashboards here use it: what it can't read is no
 * expression. Finds the metrics that are asked for, with the labels by which.
 */
final class Promql {
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s+|(?<word>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<string>\"[^\"]*\")"
              + "|(?<range>\\[(?:[0-9]+[smhd]|\\$__rate_interval)\\])|(?<number>[0-9]+(?:\\.[0-9]+)?)"
              + "|(?<sign>=~|!~|!=|==|>=|<=|[-+*/%^><=(){},])");
  private static final Set<String> AGGREGATIONS = Set.of("sum", "min", "max", "avg", "count");
  private static final Set<String> FUNCTIONS =
      Set.of("rate", "increase", "histogram_quantile", "min_over_time", "max_over_time");
  private static final Set<String> OVER_RANGES =
      Set.of("rate", "increase", "min_over_time", "max_over_time");
  private static final Set<String> BINARY =
      Set.of("+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless");
  private static final Set<String> MATCHES = Set.of("=", "!=", "=~", "!~");

  /** A metric that is asked for, and every label that is expected of it. */
  record Selector(String metric, boolean ranged, Set<String> labels) {}

  private final String text;
  private final List<String> tokens = new ArrayList<>();
  private final List<Selector> selectors = new ArrayList<>();
  private int at;

  private Promql(String text) {
    this.text = text;
    Matcher matcher = TOKEN.matcher(text);
    int end = 0;
    while (end < text.length() && matcher.find(end) && matcher.start() == end) {
      end = matcher.end();
      if (!matcher.group().isBlank()) {
        tokens.add(matcher.group());
      }
    }
    if (end < text.length()) {
      throw wrong("what begins at character " + end);
    }
  }

  /**
   * What an expression asks for.
   *
   * @throws IllegalArgumentException when it is none
   */
  static List<Selector> selectors(String text) {
    Promql parser = new Promql(text);
    parser.expression();
    if (parser.at < parser.tokens.size()) {
      throw parser.wrong(parser.peek());
    }
    return parser.selectors;
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("unexpected " + what + " in " + text);
  }

  private String peek() {
    return at < tokens.size() ? tokens.get(at) : "<end>";
  }

  private boolean takes(String token) {
    if (peek().equals(token)) {
      at++;
      return true;
    }
    return false;
  }

  private void require(String token) {
    if (!takes(token)) {
      throw wrong(peek() + " instead of " + token);
    }
  }

  private void expression() {
    operand();
    while (BINARY.contains(peek())) {
      at++;
      if (takes("on") || takes("ignoring")) {
        labels();
      }
      operand();
    }
  }

  private void operand() {
    String token = peek();
    if (takes("(")) {
      expression();
      require(")");
    } else if (token.matches("[0-9].*")) {
      at++;
    } else if (AGGREGATIONS.contains(token)) {
      at++;
      aggregation();
    } else if (FUNCTIONS.contains(token)) {
      at++;
      int first = selectors.size();
      arguments();
      for (Selector each : selectors.subList(first, selectors.size())) {
        if (OVER_RANGES.contains(token) && !each.ranged()) {
          throw wrong(token + " of " + each.metric() + " without a range");
        }
      }
    } else if (token.matches("[a-zA-Z_:].*") && !BINARY.contains(token)) {
      at++;
      selector(token);
    } else {
      throw wrong(token);
    }
  }

  private void aggregation() {
    Set<String> by = takes("by") ? labels() : Set.of();
    int first = selectors.size();
    arguments();
    if (by.isEmpty() && takes("by")) {
      by = labels();
    }
    for (Selector each : selectors.subList(first, selectors.size())) {
      each.labels().addAll(by);
    }
  }

  private void arguments() {
    require("(");
    do {
      expression();
    } while (takes(","));
    require(")");
  }

  private Set<String> labels() {
    Set<String> labels = new HashSet<>();
    require("(");
    do {
      labels.add(peek());
      at++;
    } while (takes(","));
    require(")");
    return labels;
  }

  private void selector(String metric) {
    Set<String> labels = new HashSet<>();
    if (takes("{")) {
      do {
        labels.add(peek());
        at++;
        if (!MATCHES.contains(peek())) {
          throw wrong(peek());
        }
        at++;
        if (!peek().startsWith("\"")) {
          throw wrong(peek());
        }
        at++;
      } while (takes(","));
      require("}");
    }
    boolean ranged = peek().startsWith("[");
    if (ranged) {
      at++;
    }
    selectors.add(new Selector(metric, ranged, labels));
  }
}
