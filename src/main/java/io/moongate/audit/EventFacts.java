package io.moongate.audit;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.failure.Observation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What events of all kinds have in common: their type, why they happened, the gateways they are
 * about. It is found by the names of their components, which the journal's format keeps for ever.
 */
final class EventFacts {
  private static final List<String> CAUSES = List.of("cause", "reason", "failure");
  private static final List<String> GATEWAYS = List.of("owner", "successor", "gateway", "name");
  private static final Map<Class<?>, EventFacts> KINDS = kinds();

  private final String type;
  private final Map<String, RecordComponent> components = new HashMap<>();

  private EventFacts(String type, Class<?> kind) {
    this.type = type;
    for (RecordComponent component : kind.getRecordComponents()) {
      components.put(component.getName(), component);
    }
  }

  private static Map<Class<?>, EventFacts> kinds() {
    Map<Class<?>, EventFacts> kinds = new HashMap<>();
    for (Class<?> family :
        List.of(Gateway.Event.class, Target.Event.class, LogicalUnit.Event.class)) {
      for (JsonSubTypes.Type each : family.getAnnotation(JsonSubTypes.class).value()) {
        kinds.put(each.value(), new EventFacts(each.name(), each.value()));
      }
    }
    return Map.copyOf(kinds);
  }

  static boolean isEvent(Object event) {
    return KINDS.containsKey(event.getClass());
  }

  /** Every type of event. */
  static List<String> types() {
    return KINDS.values().stream().map(facts -> facts.type).distinct().sorted().toList();
  }

  /** As the journal calls it, such as {@code owner-chosen}. */
  static String type(Object event) {
    return of(event).type;
  }

  /** When, by the clock of the node that decided it. */
  static Instant at(Object event) {
    if (event instanceof LogicalUnit.Event unit) {
      return unit.at();
    } else if (event instanceof Target.Event target) {
      return target.at();
    }
    return ((Gateway.Event) event).at();
  }

  /** Why; empty when the event does not say. */
  static Optional<String> cause(Object event) {
    for (String name : CAUSES) {
      if (of(event).value(event, name) instanceof String text && !text.isEmpty()) {
        return Optional.of(text);
      }
    }
    return Optional.empty();
  }

  /** The observations that led to it. */
  static List<Observation> evidence(Object event) {
    List<Observation> evidence = new ArrayList<>();
    if (of(event).value(event, "evidence") instanceof List<?> list) {
      for (Object each : list) {
        if (each instanceof Observation seen) {
          evidence.add(seen);
        }
      }
    }
    return evidence;
  }

  /** Whether an event of a logical unit names a gateway: as owner, as successor, as who failed. */
  static boolean names(Object event, String gateway) {
    return GATEWAYS.stream().anyMatch(name -> gateway.equals(of(event).value(event, name)));
  }

  private static EventFacts of(Object event) {
    return KINDS.get(event.getClass());
  }

  private Object value(Object event, String component) {
    RecordComponent found = components.get(component);
    if (found == null) {
      return null;
    }
    try {
      return found.getAccessor().invoke(event);
    } catch (IllegalAccessException | InvocationTargetException failure) {
      throw new IllegalStateException(failure);
    }
  }
}
