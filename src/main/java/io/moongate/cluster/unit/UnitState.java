package io.moongate.cluster.unit;

import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.unit.LogicalUnit.Adopted;
import io.moongate.cluster.unit.LogicalUnit.Created;
import io.moongate.cluster.unit.LogicalUnit.Deleted;
import io.moongate.cluster.unit.LogicalUnit.DeletionBegun;
import io.moongate.cluster.unit.LogicalUnit.Event;
import io.moongate.cluster.unit.LogicalUnit.GrowthBegun;
import io.moongate.cluster.unit.LogicalUnit.OwnerChosen;
import io.moongate.cluster.unit.LogicalUnit.OwnerGaveUp;
import io.moongate.cluster.unit.LogicalUnit.OwnerServed;
import io.moongate.cluster.unit.LogicalUnit.PreferredSet;
import io.moongate.cluster.unit.LogicalUnit.ReadOnlySet;
import io.moongate.cluster.unit.LogicalUnit.ReleaseAbandoned;
import io.moongate.cluster.unit.LogicalUnit.ReleaseBegun;
import io.moongate.cluster.unit.LogicalUnit.Resized;
import io.moongate.cluster.unit.LogicalUnit.RollbackBegun;
import io.moongate.cluster.unit.LogicalUnit.RollbackEnded;
import io.moongate.cluster.unit.LogicalUnit.SharedChanged;
import io.moongate.cluster.unit.LogicalUnit.SnapshotOrdered;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation;
import io.moongate.scsi.shared.Rollback;
import io.moongate.scsi.shared.SharedState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the events of a logical unit make of it: the view's entry, absent before the creation. Every
 * event makes the entry's next version.
 *
 * @param successorIncarnation in RELEASING, the process that is to own it next
 * @param releaseVersion in RELEASING, the version of the entry that asked the owner to release;
 *     else 0. Where it was not kept, it is the version of the entry that was: a release that was
 *     reported for an older one is refused then, and the move abandoned at its bound
 */
public record UnitState(Optional<UnitEntry> entry, String successorIncarnation, long releaseVersion)
    implements CborSerializable {

  public UnitState {
    if (releaseVersion == 0 && entry.isPresent() && in(entry.get(), Phase.RELEASING)) {
      releaseVersion = entry.get().version();
    }
  }

  /** Before its creation. */
  public static UnitState absent() {
    return new UnitState(Optional.empty(), "", 0);
  }

  /** Whether it is there, and not deleted. */
  public boolean live() {
    return entry.isPresent() && !entry.get().deleted();
  }

  /** The entry of a unit that was created. */
  public UnitEntry unit() {
    return entry.orElseThrow();
  }

  /** The ownership of a unit that was created. */
  public Ownership ownership() {
    return unit().ownership();
  }

  /** Whether it is live, and in this phase of this ownership. */
  boolean in(Phase phase, String gateway, String incarnation, long epoch) {
    return live()
        && ownership().phase() == phase
        && ownership().epoch() == epoch
        && ownership().ownedBy(gateway, incarnation);
  }

  private static boolean in(UnitEntry unit, Phase phase) {
    return unit.ownership().phase() == phase;
  }

  /** The state after an event. */
  public UnitState apply(Event event) {
    if (event instanceof Created created) {
      return created(created);
    }
    UnitEntry unit = unit();
    Ownership now = unit.ownership();
    if (event instanceof Adopted
        || event instanceof SnapshotOrdered
        || event instanceof DeletionBegun) {
      return same(unit.next(now, unit.shared()));
    } else if (event instanceof SharedChanged changed) {
      return same(unit.next(now, changed.state()));
    } else if (event instanceof GrowthBegun growth) {
      return same(unit.nextSized(unit.size(), growth.size()));
    } else if (event instanceof Resized resized) {
      long rest = unit.growingTo() > resized.size() ? unit.growingTo() : 0;
      return same(unit.nextSized(resized.size(), rest));
    } else if (event instanceof ReadOnlySet set) {
      return same(unit.nextReadOnly(set.readOnly(), set.change()));
    } else if (event instanceof RollbackBegun begun) {
      return same(unit.nextRollback(Rollback.begun(begun.snapshot(), begun.id()), begun.id()));
    } else if (event instanceof RollbackEnded ended) {
      return same(
          unit.nextRollback(
              unit.shared().rollback().ended(ended.failure()), ended.id() + "-ended"));
    } else if (event instanceof PreferredSet set) {
      return same(unit.nextPreferred(set.preferred()));
    } else if (event instanceof OwnerChosen chosen) {
      return owned(
          new Ownership(
              chosen.serving() ? Phase.SERVING : Phase.ACQUIRING,
              chosen.epoch(),
              chosen.owner(),
              chosen.incarnation(),
              "",
              chosen.at(),
              chosen.cause(),
              chosen.evidence(),
              // Who takes it over by the row is not told by anybody that it serves now.
              chosen.serving() ? List.of() : now.refusedBy()));
    } else if (event instanceof OwnerServed served) {
      return owned(
          onward(now, Phase.SERVING, "", served.at(), now.cause(), now.evidence(), List.of()));
    } else if (event instanceof OwnerGaveUp gaveUp) {
      List<String> refusedBy = new ArrayList<>(now.refusedBy());
      refusedBy.remove(gaveUp.gateway());
      refusedBy.add(gaveUp.gateway());
      return owned(nobody(now.epoch(), gaveUp.at(), gaveUp.reason(), refusedBy));
    } else if (event instanceof ReleaseBegun release) {
      UnitEntry next =
          unit.next(
              onward(
                  now,
                  Phase.RELEASING,
                  release.successor(),
                  release.at(),
                  release.cause(),
                  release.evidence(),
                  now.refusedBy()),
              unit.shared());
      return new UnitState(Optional.of(next), release.successorIncarnation(), next.version());
    } else if (event instanceof ReleaseAbandoned abandoned) {
      return owned(
          onward(
              now,
              Phase.SERVING,
              "",
              abandoned.at(),
              abandoned.reason(),
              List.of(),
              now.refusedBy()));
    } else if (event instanceof Deleted deleted) {
      Ownership none = nobody(now.epoch(), deleted.at(), deleted.cause(), List.of());
      return new UnitState(Optional.of(unit.next(none, SharedState.INITIAL).asDeleted()), "", 0);
    }
    throw new IllegalArgumentException("changes nothing: " + event);
  }

  private static UnitState created(Created created) {
    UnitEntry unit =
        new UnitEntry(
            created.id(),
            1,
            created.naa(),
            created.serial(),
            created.store(),
            created.size(),
            created.blockSize(),
            created.preferred(),
            nobody(0, created.at(), "created", List.of()),
            false,
            0,
            created.attributes().initial(created.id()),
            created.attributes());
    return new UnitState(Optional.of(unit), "", 0);
  }

  private static Ownership nobody(long epoch, Instant at, String cause, List<String> refusedBy) {
    return new Ownership(Phase.UNOWNED, epoch, "", "", "", at, cause, List.of(), refusedBy);
  }

  /** The same owner under the same epoch, in another phase. */
  private static Ownership onward(
      Ownership now,
      Phase phase,
      String successor,
      Instant at,
      String cause,
      List<Observation> evidence,
      List<String> refusedBy) {
    return new Ownership(
        phase,
        now.epoch(),
        now.owner(),
        now.incarnation(),
        successor,
        at,
        cause,
        evidence,
        refusedBy);
  }

  /** What does not concern the ownership. */
  private UnitState same(UnitEntry next) {
    return new UnitState(Optional.of(next), successorIncarnation, releaseVersion);
  }

  private UnitState owned(Ownership ownership) {
    return new UnitState(Optional.of(unit().next(ownership, unit().shared())), "", 0);
  }
}
