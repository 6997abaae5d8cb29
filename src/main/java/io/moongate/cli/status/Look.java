package io.moongate.cli.status;

import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Operation;
import io.moongate.management.api.Path;
import io.moongate.management.api.Sessions;
import io.moongate.management.api.Target;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A cluster at one moment, as the gateway says that was asked for it.
 *
 * @param at when that gateway was asked, by the clock here
 * @param asked URL of its API
 * @param silent those that were asked before it and did not answer, with the reason
 * @param units each logical unit once
 * @param paths empty where there are so many that they were not asked for
 * @param answers of each gateway's own API, by the gateway's name
 */
public record Look(
    Instant at,
    String asked,
    List<String> silent,
    List<Gateway> gateways,
    List<Target> targets,
    List<LogicalUnit> units,
    Optional<List<Path>> paths,
    List<Operation> operations,
    Sessions sessions,
    Map<String, Answer> answers) {

  public Look {
    silent = List.copyOf(silent);
    gateways = List.copyOf(gateways);
    targets = List.copyOf(targets);
    units = List.copyOf(units);
    operations = List.copyOf(operations);
    answers = Map.copyOf(answers);
  }

  /** A list of mappings as a list of units: the API names a unit once for each of its places. */
  public static List<LogicalUnit> once(List<LogicalUnit> mapped) {
    Map<String, LogicalUnit> units = new LinkedHashMap<>();
    mapped.forEach(unit -> units.putIfAbsent(unit.id(), unit));
    return List.copyOf(units.values());
  }

  static boolean up(Gateway gateway) {
    return gateway.state().equals("up");
  }

  /** How a unit is called where people are told of it: by its first place, else by its id. */
  static String name(LogicalUnit unit) {
    return unit.target() == null ? unit.id() : unit.target() + "/" + unit.lun();
  }

  Answer answer(String gateway) {
    return answers.getOrDefault(gateway, Answer.without(Answer.Kind.NOT_ASKED, ""));
  }

  long sessionsOf(String gateway) {
    return sessions.sessions().stream().filter(each -> each.gateway().equals(gateway)).count();
  }
}
