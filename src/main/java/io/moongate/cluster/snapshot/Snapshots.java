package io.moongate.cluster.snapshot;

import io.moongate.cluster.view.UnitEntry;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Snapshots of logical units, as the management API asks for them. Stages fail with a {@link
 * io.moongate.cluster.Metadata.Refusal}: with CONFLICT where the unit's store has none, with
 * UNAVAILABLE while nobody serves the unit, where an owner is needed.
 */
public interface Snapshots {

  /** Those of a unit, oldest first, whoever has made them. Needs no owner. */
  CompletionStage<List<Snapshot>> of(String unitId);

  /**
   * Makes one, by the unit's owner: all writes that were answered before are in it, and an atomic
   * write wholly or not at all. One of that name that is there is left as it is.
   */
  CompletionStage<Made> make(String unitId, String name, String cause);

  /**
   * Deletes one, by the unit's owner; one that is gone is no error. Refused with CONFLICT when
   * units were cloned from it.
   */
  CompletionStage<Void> delete(String unitId, String name, String cause);

  /**
   * Gives a unit the content of one of its snapshots; what was written since is lost. Refused with
   * CONFLICT while sessions are logged in to a target that maps the unit, or may be. From its
   * record until its end nobody serves the unit, whoever owns it.
   *
   * @param id names this rollback: asked for again by the same one, it is answered with what came
   *     of it, and not done again if it was the last
   * @return the unit: when that has not ended within a bound it goes on, and the shared state says
   *     so. Fails with CONFLICT when it has ended with nothing changed
   */
  CompletionStage<UnitEntry> rollBack(String unitId, String name, String id, String cause);

  /**
   * A snapshot that was asked for.
   *
   * @param there whether it was there before
   */
  record Made(Snapshot snapshot, boolean there) {}
}
