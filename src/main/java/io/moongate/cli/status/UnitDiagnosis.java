package io.moongate.cli.status;

import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Operation;
import io.moongate.management.api.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What is wrong with logical units, those alike told in one line. */
final class UnitDiagnosis {
  /** A move or an opening that takes longer than this has met an obstacle. */
  private static final Duration LONG = Duration.ofSeconds(30);

  /** How many units a line names. */
  private static final int NAMED = 3;

  private static final String OPTIMIZED = "active-optimized";
  private static final String NON_OPTIMIZED = "active-non-optimized";

  private final Look look;
  private final Map<String, LogicalUnit> units = new HashMap<>();
  private final Set<String> up = new HashSet<>();
  private final Set<String> inService = new HashSet<>();
  private final List<Finding> findings = new ArrayList<>();

  private UnitDiagnosis(Look look) {
    this.look = look;
    look.units().forEach(unit -> units.put(unit.id(), unit));
    for (Gateway gateway : look.gateways()) {
      if (Look.up(gateway)) {
        up.add(gateway.name());
        if (gateway.service().equals("in-service")) {
          inService.add(gateway.name());
        }
      }
    }
  }

  static List<Finding> of(Look look) {
    UnitDiagnosis diagnosis = new UnitDiagnosis(look);
    diagnosis.waiting();
    diagnosis.withoutOwner();
    diagnosis.slow();
    diagnosis.paths();
    diagnosis.rollbacks();
    diagnosis.refused();
    diagnosis.preferences();
    return diagnosis.findings;
  }

  /** A few by name, the others by number. */
  static String named(List<String> names) {
    String some = names.stream().limit(NAMED).collect(Collectors.joining(", "));
    return names.size() <= NAMED ? some : some + " and " + (names.size() - NAMED) + " more";
  }

  static String units(List<String> names) {
    return (names.size() == 1 ? "logical unit " : names.size() + " logical units, ") + named(names);
  }

  private String name(String unitId) {
    LogicalUnit unit = units.get(unitId);
    return unit == null ? unitId : Look.name(unit);
  }

  private void waiting() {
    Map<String, List<String>> byCause = new TreeMap<>();
    for (Operation operation : look.operations()) {
      if (operation.kind().equals("wait")) {
        byCause
            .computeIfAbsent(String.valueOf(operation.cause()), key -> new ArrayList<>())
            .add(name(operation.unit()));
      }
    }
    byCause.forEach(
        (cause, names) ->
            findings.add(
                Finding.wrong(
                    "waiting for an owner: " + units(names) + ": " + cause,
                    "start a gateway that can open it; moongate lun show says who refused it, and"
                        + " the logs of those why")));
  }

  private void withoutOwner() {
    Set<String> told = new HashSet<>();
    look.operations().forEach(operation -> told.add(operation.unit()));
    List<String> names = new ArrayList<>();
    for (LogicalUnit unit : look.units()) {
      boolean gone = unit.owner() == null || !up.contains(unit.owner());
      if (gone && !told.contains(unit.id()) && unit.rollingBackTo() == null) {
        names.add(Look.name(unit));
      }
    }
    if (!names.isEmpty()) {
      findings.add(
          Finding.wrong(
              "nobody that is up owns " + units(names),
              "it is moved within seconds if a gateway is left; else start one"));
    }
  }

  private void slow() {
    for (Operation operation : look.operations()) {
      boolean moving = operation.kind().equals("move") || operation.kind().equals("open");
      if (moving && Duration.between(operation.since(), look.at()).compareTo(LONG) > 0) {
        findings.add(
            Finding.warning(
                "%s of %s is under way since %s: %s"
                    .formatted(
                        operation.kind(),
                        name(operation.unit()),
                        operation.since(),
                        operation.cause()),
                "see the logs of "
                    + (operation.from() == null ? "" : operation.from() + " and ")
                    + operation.gateway()
                    + (operation.cancellable()
                        ? "; to take it back: moongate operation cancel " + operation.id()
                        : "")));
      }
    }
  }

  /** Through gateways that are up: what hosts are told is not what they should be. */
  private void paths() {
    if (look.paths().isEmpty()) {
      return;
    }
    Map<String, List<String>> wrong = new TreeMap<>();
    for (Path path : look.paths().get()) {
      LogicalUnit unit = units.get(path.id());
      if (unit == null || !unit.phase().equals("serving") || !up.contains(path.gateway())) {
        continue;
      }
      String expected = path.gateway().equals(unit.owner()) ? OPTIMIZED : NON_OPTIMIZED;
      if (!path.state().equals(expected) && path.epoch() == unit.epoch()) {
        wrong
            .computeIfAbsent(
                path.state() + " instead of " + expected + " through " + path.gateway(),
                key -> new ArrayList<>())
            .add(path.target() + "/" + path.lun());
      }
    }
    wrong.forEach(
        (how, names) ->
            findings.add(
                Finding.wrong(
                    "paths are " + how + ": " + named(names.stream().distinct().toList()),
                    "see moongate path list and that gateway's log")));
  }

  private void rollbacks() {
    for (LogicalUnit unit : look.units()) {
      if (unit.rollingBackTo() != null) {
        findings.add(
            Finding.warning(
                "logical unit %s is rolled back to snapshot %s, and nobody serves it"
                    .formatted(Look.name(unit), unit.rollingBackTo()),
                "wait: moongate lun show says when it has ended"));
      }
    }
  }

  private void refused() {
    Map<String, List<String>> by = new TreeMap<>();
    for (LogicalUnit unit : look.units()) {
      if (!unit.refusedBy().isEmpty()) {
        by.computeIfAbsent(String.join(", ", unit.refusedBy()), key -> new ArrayList<>())
            .add(Look.name(unit));
      }
    }
    by.forEach(
        (gateways, names) ->
            findings.add(
                Finding.warning(
                    gateways + " could not open " + units(names),
                    "their logs say why; see to the store as they see it: moongate store list")));
  }

  private void preferences() {
    Map<String, List<String>> by = new TreeMap<>();
    for (LogicalUnit unit : look.units()) {
      String wanted =
          unit.preferred().stream().filter(inService::contains).findFirst().orElse(unit.owner());
      if (unit.phase().equals("serving") && wanted != null && !wanted.equals(unit.owner())) {
        by.computeIfAbsent(wanted, key -> new ArrayList<>()).add(Look.name(unit));
      }
    }
    by.forEach(
        (gateway, names) ->
            findings.add(
                Finding.warning(
                    "not on " + gateway + ", which is preferred and in service: " + units(names),
                    "moongate lun move LUN --to %s, or moongate.ownership.failback.automatic"
                        .formatted(gateway))));
  }
}
