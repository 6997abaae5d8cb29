package io.moongate.cluster.view;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.moongate.cluster.CborSerializable;

/** What the view knows of one entity: pushed by the entity, kept by every gateway's replica. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = GatewayEntry.class, name = "gateway"),
  @JsonSubTypes.Type(value = TargetEntry.class, name = "target"),
  @JsonSubTypes.Type(value = UnitEntry.class, name = "unit")
})
public sealed interface ViewEntry extends CborSerializable
    permits GatewayEntry, TargetEntry, UnitEntry {

  /** The entity's persistence id. */
  String entityId();

  /** Grows with every event of the entity; of two entries the greater one is true. */
  long version();
}
