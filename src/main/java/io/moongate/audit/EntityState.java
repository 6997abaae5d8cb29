package io.moongate.audit;

import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.UnitState;
import io.moongate.cluster.view.ViewEntry;
import java.util.Optional;

/** An entity's state, which its events make of it by the very code that serves. */
sealed interface EntityState {

  /** What the view knows of it; empty before the first event. */
  Optional<ViewEntry> entry();

  /**
   * The state after an event.
   *
   * @throws ClassCastException when the event is of another kind of entity
   */
  EntityState apply(Object event);

  /** How many events made it. */
  default long version() {
    return entry().map(ViewEntry::version).orElse(0L);
  }

  /** A gateway's. */
  record OfGateway(Gateway.State state) implements EntityState {
    @Override
    public Optional<ViewEntry> entry() {
      return state.entry().map(entry -> entry);
    }

    @Override
    public EntityState apply(Object event) {
      return new OfGateway(state.apply((Gateway.Event) event));
    }
  }

  /** A target's. */
  record OfTarget(Target.State state) implements EntityState {
    @Override
    public Optional<ViewEntry> entry() {
      return state.entry().map(entry -> entry);
    }

    @Override
    public EntityState apply(Object event) {
      return new OfTarget(state.apply((Target.Event) event));
    }
  }

  /** A logical unit's. */
  record OfLun(UnitState state) implements EntityState {
    @Override
    public Optional<ViewEntry> entry() {
      return state.entry().map(entry -> entry);
    }

    @Override
    public EntityState apply(Object event) {
      return new OfLun(state.apply((LogicalUnit.Event) event));
    }
  }
}
