package io.moongate.cli;

import io.moongate.management.api.Gateway;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is to be asked of a cluster so that it has what was exported. Nobody can log in to a new
 * target before all of it is there. What the cluster has already is not changed: where it differs
 * from what was exported, that is named.
 *
 * <p>What steps make has names, by which others need it: what needs something that is left out is
 * left out as well, whether that is known beforehand or found when it is tried.
 */
final class ConfigurationPlan {

  /**
   * A request, or some.
   *
   * @param gives the name of what it makes
   * @param needs names of what has to be there
   */
  record Step(String what, String gives, Set<String> needs, Action action) {}

  /** Asks for something. */
  interface Action {
    void run(ApiClient api, Missing missing);
  }

  /** What is not there of what was to be restored. */
  interface Missing {
    boolean has(String name);

    /** One more thing that is not restored, for people. */
    void leaveOut(String what);
  }

  private static final String IN_SERVICE = "in-service";

  private final ConfigurationPresent present;
  private final List<Step> steps = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<String, String> missing = new HashMap<>();

  private ConfigurationPlan(ConfigurationPresent present) {
    this.present = present;
  }

  /** Makes the plan. */
  static ConfigurationPlan of(
      Configuration from, ConfigurationPresent present, ConfigurationSecrets secrets) {
    ConfigurationPlan plan = new ConfigurationPlan(present);
    List<ConfigurationTarget> targets =
        from.targets().stream()
            .map(target -> new ConfigurationTarget(plan, target, secrets, from))
            .toList();
    ConfigurationLuns luns = new ConfigurationLuns(plan);
    targets.forEach(ConfigurationTarget::add);
    from.luns().forEach(luns::add);
    targets.forEach(ConfigurationTarget::addAccess);
    from.gateways().forEach(plan::addNotes);
    if (!from.luns().isEmpty()) {
      plan.notes.add(
          "reservations, snapshots' roll-backs and what hosts have set by MODE SELECT are not in an"
              + " export: hosts of a cluster of their own have to register anew");
    }
    return plan;
  }

  List<Step> steps() {
    return List.copyOf(steps);
  }

  /** What can't be restored, or not yet, and what is there and differs. */
  List<String> leftOut() {
    return List.copyOf(leftOut);
  }

  /** Names of what is left out beforehand. */
  Set<String> missing() {
    return Set.copyOf(missing.keySet());
  }

  /** What hosts or operators may notice. */
  List<String> notes() {
    return List.copyOf(notes);
  }

  ConfigurationPresent present() {
    return present;
  }

  /** Why something is left out, if it is. */
  Optional<String> withheld(String name) {
    return Optional.ofNullable(missing.get(name));
  }

  /** Adds a step, unless something that it needs is left out. */
  void step(String what, String gives, Set<String> needs, Action action) {
    for (String need : needs.stream().sorted().toList()) {
      if (missing.containsKey(need)) {
        leaveOut(what + ": " + missing.get(need));
        withhold(gives, "it needs " + need + ", which is left out");
        return;
      }
    }
    steps.add(new Step(what, gives, needs, action));
  }

  void leaveOut(String what) {
    leftOut.add(what);
  }

  /** What needs this is left out for that reason. */
  void withhold(String name, String reason) {
    missing.putIfAbsent(name, reason);
  }

  /** Those that the cluster knows; the others are noted. */
  List<String> known(List<String> gateways, String of) {
    List<String> known = gateways.stream().filter(present.gateways()::containsKey).toList();
    if (known.size() < gateways.size()) {
      notes.add(
          "%s names gateways that have not registered, and is restored without: %s"
              .formatted(
                  of,
                  gateways.stream()
                      .filter(name -> !known.contains(name))
                      .collect(Collectors.joining(", "))));
    }
    return known;
  }

  private void addNotes(Configuration.Gateway gateway) {
    Gateway now = present.gateways().get(gateway.name());
    if (now == null) {
      notes.add("gateway %s has not registered".formatted(gateway.name()));
      return;
    }
    if (now.portGroup() != gateway.portGroup()) {
      notes.add(
          ("gateway %s was port group %d and is %d: hosts that keep the number (open-iscsi does) have to"
                  + " repeat the discovery")
              .formatted(gateway.name(), gateway.portGroup(), now.portGroup()));
    }
    if (!IN_SERVICE.equals(gateway.service()) && IN_SERVICE.equals(now.service())) {
      notes.add(
          "gateway %s was %s, and is not: moongate gateway drain %s"
              .formatted(gateway.name(), gateway.service(), gateway.name()));
    }
  }

  /** How others need a target: there, and nobody lets hosts in meanwhile. */
  static String target(String name) {
    return "target " + name;
  }

  static String lun(Configuration.Place place) {
    return "LUN " + place;
  }
}
