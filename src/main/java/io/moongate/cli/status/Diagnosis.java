package io.moongate.cli.status;

import io.moongate.cli.status.Finding.Level;
import io.moongate.management.api.Evidence;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Store;
import io.moongate.management.api.Target;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is wrong with a cluster, worst first, and what to do about each. */
public final class Diagnosis {
  private final Look look;
  private final List<Finding> findings = new ArrayList<>();

  private Diagnosis(Look look) {
    this.look = look;
  }

  /** Judges what was seen. */
  public static List<Finding> of(Look look) {
    Diagnosis diagnosis = new Diagnosis(look);
    diagnosis.gateways();
    diagnosis.parts();
    diagnosis.findings.addAll(UnitDiagnosis.of(look));
    diagnosis.apis();
    diagnosis.checks();
    diagnosis.stores();
    diagnosis.redundancy();
    diagnosis.versions();
    diagnosis.findings.sort(Comparator.comparing(Finding::level));
    return List.copyOf(diagnosis.findings);
  }

  private void gateways() {
    if (look.gateways().stream().noneMatch(Look::up)) {
      wrong(
          "no gateway is up in the view of the one that answers",
          "start the gateways, and look again");
    }
    for (Gateway gateway : look.gateways()) {
      String name = gateway.name();
      switch (gateway.state()) {
        case "up" -> duty(gateway);
        case "stopped" ->
            warning(
                "gateway %s is stopped since %s: %s"
                    .formatted(name, gateway.since(), gateway.cause()),
                "start it when its maintenance is over; if it never comes back: moongate gateway"
                    + " remove "
                    + name);
        default ->
            wrong(
                "gateway %s is %s since %s: %s"
                    .formatted(name, gateway.state(), gateway.since(), gateway.cause()),
                "start it again, its own log says why it ended; if it never comes back: moongate"
                    + " gateway remove "
                    + name);
      }
    }
  }

  private void duty(Gateway gateway) {
    if (!gateway.service().equals("in-service")) {
      warning(
          "gateway %s is %s: %s"
              .formatted(gateway.name(), gateway.service(), gateway.serviceCause()),
          "when that is over: moongate gateway undrain " + gateway.name());
    }
  }

  private record Part(String subject, String part, String kind) {}

  /** What is seen of gateways that are up, or of parts of them. */
  private void parts() {
    for (Gateway gateway : look.gateways()) {
      Map<Part, List<Evidence>> seen = new TreeMap<>(Comparator.comparing(Part::toString));
      for (Evidence each : gateway.observations()) {
        if (Look.up(gateway)
            && !each.kind().endsWith("-well")
            && !each.kind().equals("reachable")) {
          seen.computeIfAbsent(
                  new Part(each.subject(), each.part(), each.kind()), part -> new ArrayList<>())
              .add(each);
        }
      }
      seen.forEach(this::part);
    }
  }

  private void part(Part part, List<Evidence> seen) {
    TreeSet<String> observers = new TreeSet<>();
    seen.forEach(each -> observers.add(each.observer()));
    Evidence newest = seen.get(seen.size() - 1);
    wrong(
        "gateway %s%s: %s, seen by %s since %s: %s"
            .formatted(
                part.subject(),
                part.part() == null ? "" : ", " + part.part(),
                part.kind(),
                String.join(", ", observers),
                seen.get(0).at(),
                newest.detail()),
        advice(part.kind()));
  }

  private static String advice(String kind) {
    if (kind.startsWith("portal")) {
      return "see to the address and the link of that portal, and to what filters packets on the way";
    } else if (kind.equals("store-lost")) {
      return "keep that gateway running: only its open volume knows what it could not write; see"
          + " \"After a failed sync\" in docs/limits.md";
    } else if (kind.startsWith("store")) {
      return "see to the store behind it: the disk and its file system, or Ceph's health";
    }
    return "see to the network between the gateways, and to that gateway's host and log";
  }

  private void apis() {
    if (!look.silent().isEmpty()) {
      warning(
          "asked in vain: " + String.join("; ", look.silent()),
          "see to that gateway, or correct --api and MOONGATE_API");
    }
    look.answers()
        .forEach(
            (name, answer) -> {
              if (answer.kind() == Answer.Kind.SILENT) {
                warning(
                    "the HTTP API of gateway " + name + " does not answer: " + answer.detail(),
                    "see to its process, and to what filters packets to its management port");
              }
            });
    if (!look.sessions().silent().isEmpty()) {
      warning(
          "no answer about the sessions of " + String.join(", ", look.sessions().silent()),
          "see to that gateway's log and to the network between the gateways");
    }
  }

  /** What gateways have looked at themselves: Cassandra, stores, certificates. */
  private void checks() {
    new TreeMap<>(look.answers())
        .forEach(
            (name, answer) -> {
              List<Answer.Check> bad =
                  answer.checks().stream().filter(check -> !check.well()).toList();
              for (Answer.Check check : bad) {
                add(
                    check.down() ? Level.WRONG : Level.WARNING,
                    "gateway %s, %s: %s%s"
                        .formatted(
                            name,
                            check.name(),
                            check.state(),
                            check.detail() == null ? "" : ", " + check.detail()),
                    "run moongate doctor on the host of " + name);
              }
              boolean well = answer.status().isEmpty() || answer.status().equals("up");
              if (!well && bad.isEmpty()) {
                add(
                    answer.status().equals("down") ? Level.WRONG : Level.WARNING,
                    "gateway " + name + " says of itself: " + answer.status(),
                    "run moongate doctor on its host");
              }
            });
  }

  private void stores() {
    Map<String, TreeSet<String>> states = new TreeMap<>();
    Map<String, TreeSet<String>> warnings = new TreeMap<>();
    look.answers()
        .forEach(
            (gateway, answer) -> {
              for (Store store : answer.stores()) {
                states
                    .computeIfAbsent(store.kind() + " " + store.state(), key -> new TreeSet<>())
                    .add(gateway);
                for (String each : store.warnings()) {
                  warnings
                      .computeIfAbsent(store.kind() + ": " + each, key -> new TreeSet<>())
                      .add(gateway);
                }
              }
            });
    states.forEach(
        (store, gateways) -> {
          if (store.endsWith(" full") || store.endsWith(" near-full")) {
            add(
                store.endsWith(" full") ? Level.WRONG : Level.WARNING,
                "store " + store + ", says " + String.join(", ", gateways),
                "give it more space, or delete what is not needed");
          }
        });
    warnings.forEach(
        (text, gateways) ->
            warning(
                "store " + text + " (says " + String.join(", ", gateways) + ")", "docs/ceph.md"));
  }

  /** Targets for which no gateway is left to fail over to. */
  private void redundancy() {
    TreeSet<String> up = new TreeSet<>();
    look.gateways().stream().filter(Look::up).forEach(gateway -> up.add(gateway.name()));
    List<String> single = new ArrayList<>();
    for (Target target : look.targets()) {
      long exporting = target.gateways().stream().filter(up::contains).count();
      if (exporting == 1 && !target.luns().isEmpty()) {
        single.add(target.name());
      }
    }
    if (!single.isEmpty()) {
      warning(
          "only one gateway that is up exports " + UnitDiagnosis.named(single),
          "there is nothing to fail over to: start another gateway that exports it");
    }
  }

  private void versions() {
    Map<String, TreeSet<String>> versions = new TreeMap<>();
    for (Gateway gateway : look.gateways()) {
      if (Look.up(gateway)) {
        versions.computeIfAbsent(gateway.version(), key -> new TreeSet<>()).add(gateway.name());
      }
    }
    if (versions.size() > 1) {
      List<String> each = new ArrayList<>();
      versions.forEach((version, names) -> each.add(version + " on " + String.join(", ", names)));
      warning("gateways differ in version: " + String.join("; ", each), "finish the upgrade");
    }
  }

  private void wrong(String what, String advice) {
    add(Level.WRONG, what, advice);
  }

  private void warning(String what, String advice) {
    add(Level.WARNING, what, advice);
  }

  private void add(Level level, String what, String advice) {
    findings.add(new Finding(level, what, advice));
  }
}
