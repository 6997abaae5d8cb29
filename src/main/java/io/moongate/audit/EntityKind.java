package io.moongate.audit;

import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.UnitState;
import java.util.Optional;

/** The kinds of entity that the journal knows. */
public enum EntityKind {
  GATEWAY("gateway", "gateway"),
  TARGET("target", "target"),
  LUN("unit", "lun");

  private final String prefix;
  private final String word;

  EntityKind(String prefix, String word) {
    this.prefix = prefix;
    this.word = word;
  }

  /** As the API calls it. */
  public String word() {
    return word;
  }

  /** The persistence id of the entity of a name. */
  public String persistenceId(String name) {
    return switch (this) {
      case GATEWAY -> Gateway.persistenceId(name).id();
      case TARGET -> Target.persistenceId(name).id();
      case LUN -> LogicalUnit.persistenceId(name).id();
    };
  }

  /** The kind of a persistence id; empty when it is none of ours. */
  public static Optional<EntityKind> of(String persistenceId) {
    int bar = persistenceId.indexOf('|');
    for (EntityKind kind : values()) {
      if (bar >= 0 && kind.prefix.equals(persistenceId.substring(0, bar))) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /** The entity's name in a persistence id: a gateway's, an iSCSI name, a logical unit's id. */
  public static String name(String persistenceId) {
    return persistenceId.substring(persistenceId.indexOf('|') + 1);
  }

  /** The state before the first event. */
  EntityState empty() {
    return switch (this) {
      case GATEWAY -> new EntityState.OfGateway(new Gateway.State(Optional.empty()));
      case TARGET -> new EntityState.OfTarget(new Target.State(Optional.empty()));
      case LUN -> new EntityState.OfLun(UnitState.absent());
    };
  }
}
