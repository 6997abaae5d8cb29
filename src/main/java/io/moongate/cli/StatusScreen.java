package io.moongate.cli;

import io.moongate.cli.Terminal.Style;
import io.moongate.cli.status.Answer;
import io.moongate.cli.status.Finding;
import io.moongate.cli.status.Finding.Level;
import io.moongate.cli.status.Look;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Operation;
import io.moongate.management.api.Path;
import io.moongate.management.api.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A cluster on one screen: its gateways, then a line for each sort of thing, then what is wrong.
 */
final class StatusScreen {
  /** Findings that fit on a screen; --all shows the others. */
  private static final int FEW = 8;

  private static final double GIB = 1L << 30;

  private final Look look;
  private final List<Finding> findings;
  private final Terminal terminal;

  StatusScreen(Look look, List<Finding> findings, Terminal terminal) {
    this.look = look;
    this.findings = findings;
    this.terminal = terminal;
  }

  /** The gateways. */
  Table gateways() {
    Table table =
        new Table(
            "GATEWAY", "STATE", "DUTY", "OWNS", "LOAD", "SESSIONS", "VERSION", "API", "HEALTH");
    for (Gateway gateway : look.gateways()) {
      Answer answer = look.answers().getOrDefault(gateway.name(), NOT_ASKED);
      table.row(
          gateway.name(),
          gateway.state(),
          gateway.service(),
          gateway.luns(),
          Math.round(gateway.load()),
          look.sessions().silent().contains(gateway.name())
              ? "?"
              : look.sessions().sessions().stream()
                  .filter(session -> session.gateway().equals(gateway.name()))
                  .count(),
          gateway.version(),
          answer.kind().word(),
          answer.status());
    }
    return table;
  }

  private static final Answer NOT_ASKED = Answer.without(Answer.Kind.NOT_ASKED, "");

  /** A line for each sort of thing. */
  void summary(Consumer<String> line) {
    line.accept(
        "targets     %d; logical units %d: %s"
            .formatted(
                look.targets().size(),
                look.units().size(),
                counted(look.units(), LogicalUnit::phase)));
    line.accept(
        "paths       "
            + look.paths()
                .map(paths -> paths.size() + ": " + counted(paths, Path::state))
                .orElse("too many to look at one by one; see moongate path list"));
    line.accept("stores      " + stores());
    line.accept(
        "operations  "
            + (look.operations().isEmpty() ? "none" : counted(look.operations(), Operation::kind)));
    line.accept("cassandra   " + cassandra());
  }

  /** What is wrong, worst first, or that nothing is. */
  void verdict(boolean all, Consumer<String> line) {
    if (findings.isEmpty()) {
      line.accept(terminal.styled(Style.GOOD, "Nothing is wrong."));
      return;
    }
    int shown = all ? findings.size() : Math.min(FEW, findings.size());
    for (Finding finding : findings.subList(0, shown)) {
      boolean wrong = finding.level() == Level.WRONG;
      String word = wrong ? "WRONG  " : "warning";
      line.accept(terminal.styled(wrong ? Style.BAD : Style.WARNING, word) + "  " + finding.what());
      line.accept("         -> " + finding.advice());
    }
    if (shown < findings.size()) {
      line.accept("         %d more: moongate status --all".formatted(findings.size() - shown));
    }
  }

  private static <T> String counted(List<T> things, Function<T, String> word) {
    if (things.isEmpty()) {
      return "none";
    }
    Map<String, Long> counts =
        things.stream().collect(Collectors.groupingBy(word, TreeMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .map(each -> each.getValue() + " " + each.getKey())
        .collect(Collectors.joining(", "));
  }

  /** Each kind with its state, and the least that any gateway says is left. */
  private String stores() {
    Map<String, TreeSet<String>> states = new TreeMap<>();
    Map<String, Long> least = new TreeMap<>();
    for (Answer answer : look.answers().values()) {
      for (Store store : answer.stores()) {
        states.computeIfAbsent(store.kind(), kind -> new TreeSet<>()).add(store.state());
        if (store.available() != null) {
          least.merge(store.kind(), store.available(), Math::min);
        }
      }
    }
    List<String> each = new ArrayList<>();
    states.forEach(
        (kind, words) ->
            each.add(
                kind
                    + " "
                    + String.join("/", words)
                    + (least.containsKey(kind)
                        ? ", %.1f GiB left".formatted(least.get(kind) / GIB)
                        : "")));
    return each.isEmpty() ? "no gateway that could be asked says" : String.join("; ", each);
  }

  private String cassandra() {
    List<String> words = new ArrayList<>();
    new TreeMap<>(look.answers())
        .forEach(
            (name, answer) ->
                answer.checks().stream()
                    .filter(check -> check.name().startsWith("cassandra"))
                    .forEach(check -> words.add(name + ": " + check.state())));
    return words.isEmpty() ? "no gateway that could be asked says" : String.join(", ", words);
  }
}
