package io.moongate.cluster.unit;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.moongate.cluster.Answer;
import io.moongate.cluster.CborSerializable;
import io.moongate.cluster.Origin;
import io.moongate.cluster.entity.AskedCommand;
import io.moongate.cluster.entity.AttributedEvent;
import io.moongate.cluster.entity.OnVersion;
import io.moongate.cluster.entity.TermedEntity;
import io.moongate.cluster.entity.Terms;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.failure.Observation;
import io.moongate.scsi.shared.SharedState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;

/**
 * A logical unit: its identity, its size, and who owns it.
 *
 * <p>An ownership goes through these phases; each has a bound, and at the bound an exit:
 *
 * <pre>
 *   UNOWNED ──TakeOver──▶ ACQUIRING ──Opened──▶ SERVING ──Move──▶ RELEASING
 *      ▲                   │  ▲  ▲              │ ▲   ▲            │   │
 *      ├──OpenFailed/bound─┘  │  └─TakeOver of a┘ │   └──the bound─┘   │
 *      │                      │    failed owner    │                    │
 *      │                      └────────────────Released────────────────┘
 *      └──OpenFailed── SERVING                    └─ a gateway took it over by the row,
 *                                                    or was handed it over by the row
 * </pre>
 *
 * Every arrow into ACQUIRING is decided by a compare-and-set on the {@linkplain OwnershipRows
 * ownership row} and has an epoch of its own; the event records what the row decided. So is the one
 * by which a gateway takes a unit over from a failed owner without asking the entity: it leads into
 * SERVING at once, since that gateway serves as soon as it has opened the store; and so is the one
 * by which an owner hands the unit over as planned, once it has released it. A release that is not
 * acknowledged within the bound leaves the unit with the owner that would not let go, under the
 * same epoch, and never gives it to the successor: the owner may still be serving (rule 3).
 *
 * <p>Here is what is said to a unit and what happens to it. {@link UnitState} is what the events
 * make of it, {@link UnitDecider} decides, {@link LogicalUnitEntity} carries out what was decided.
 */
public final class LogicalUnit {
  private LogicalUnit() {}

  public static final EntityTypeKey<Command> KEY =
      EntityTypeKey.create(Command.class, "LogicalUnit");

  /** What an entity of this kind needs. */
  public record Settings(Duration openBound, Duration releaseBound) {}

  // -- commands

  /** A command to a logical unit. */
  public sealed interface Command extends CborSerializable {}

  /** A command that is answered. */
  public sealed interface Request extends Command {
    /** Who asks. */
    ActorRef<Answer> replyTo();
  }

  /** Creates it. Repeating an equal creation is accepted. */
  public record Create(
      long naa,
      String serial,
      String store,
      long size,
      int blockSize,
      List<String> preferred,
      UnitAttributes attributes,
      ActorRef<Answer> replyTo)
      implements Request {
    public Create {
      attributes = attributes == null ? UnitAttributes.DEFAULT : attributes;
    }
  }

  /**
   * Makes it larger; the store has the size already. Accepted when the growth is on record; hosts
   * are told once the owner has {@link Grown} its volume. Repeating it is accepted; a smaller size
   * is refused.
   *
   * @param size bytes
   */
  public record Resize(long size, String cause, ActorRef<Answer> replyTo) implements Request {}

  /** The owner serves blocks up to {@code size} bytes from now on. */
  public record Grown(String gateway, String incarnation, long epoch, long size)
      implements Command {}

  /**
   * Makes it read-only, or writable again; so it is in the shared state as well, as the next
   * version of it. Repeating it is accepted.
   *
   * @param change names that version
   */
  public record SetReadOnly(boolean readOnly, String change, String cause, ActorRef<Answer> replyTo)
      implements Request {}

  /** What is done with a snapshot. */
  public enum SnapshotOrder {
    /** It is made. */
    MAKE,
    /** It is deleted. */
    DELETE
  }

  /** Puts on record what the owner is asked next to do with a snapshot. */
  public record OrderSnapshot(
      SnapshotOrder order, String name, String cause, ActorRef<Answer> replyTo)
      implements Request {}

  /**
   * Gives it the content of a snapshot: from its record until the owner says that it is {@link
   * RolledBack} nobody serves it. Repeating it meanwhile is accepted.
   *
   * @param id names this rollback; the last one is not done again
   * @param until when it must not begin any more: hosts may be let in again by then
   */
  public record RollBack(
      String snapshot, String id, Instant until, String cause, ActorRef<Answer> replyTo)
      implements Request {}

  /**
   * The owner has ended a rollback, and serves once that is on record.
   *
   * @param id of the rollback
   * @param failure why nothing was changed; empty when it was done
   */
  public record RolledBack(
      String gateway,
      String incarnation,
      long epoch,
      String id,
      String failure,
      ActorRef<Answer> replyTo)
      implements Request {}

  /**
   * Decides a deletion that is conditional, before anything is taken away for it. The unit stays,
   * as another version, until {@link Delete}.
   */
  public record BeginDeletion(String cause, ActorRef<Answer> replyTo) implements Request {}

  /** Deletes it; its volume is the caller's to remove. */
  public record Delete(String cause, ActorRef<Answer> replyTo) implements Request {}

  /**
   * A gateway proposes itself as the owner after {@code epoch}, because there is none or because of
   * what the evidence says of the present one.
   */
  public record TakeOver(
      String gateway,
      String incarnation,
      long epoch,
      String cause,
      List<Observation> evidence,
      ActorRef<Answer> replyTo)
      implements Request {}

  /**
   * Moves it to a gateway as planned; accepted when the owner has been asked to release.
   *
   * @param evidence the observations that led to it, when it is for a fault
   */
  public record Move(
      String gateway,
      String incarnation,
      String cause,
      List<Observation> evidence,
      ActorRef<Answer> replyTo)
      implements Request {
    public Move {
      evidence = evidence == null ? List.of() : List.copyOf(evidence);
    }

    /** For no fault. */
    public Move(String gateway, String incarnation, String cause, ActorRef<Answer> replyTo) {
      this(gateway, incarnation, cause, List.of(), replyTo);
    }
  }

  /**
   * Takes back a planned move that the owner has not finished: it keeps the unit, under the same
   * epoch; unless it gives it to the next owner by the row in this very moment: then the unit moves
   * all the same (decision 18). Refused when there is none, or when the next owner is decided or
   * being decided. Unavailable while the row is raised for a change, or can't be asked.
   */
  public record CancelMove(String cause, ActorRef<Answer> replyTo) implements Request {}

  /**
   * Changes which gateways it is to be owned by, the most wanted one first. Nothing moves for that
   * at once. Repeating it is accepted.
   */
  public record SetPreferred(List<String> preferred, String cause, ActorRef<Answer> replyTo)
      implements Request {}

  /** The new owner has fenced and opened the store. */
  public record Opened(String gateway, String incarnation, long epoch) implements Command {}

  /**
   * The owner could not open the store: it has nothing open of this epoch, and won't open it before
   * it sees a newer entry than {@code seen}.
   *
   * @param seen version of the entry by which it was to open; what else it may have seen since is
   *     not newer. 0 when the sender did not say: then it counts only while the unit is ACQUIRING
   */
  public record OpenFailed(String gateway, String incarnation, long epoch, String reason, long seen)
      implements Command {}

  /**
   * The owner has drained and closed the store: nothing of its epoch will touch it any more, unless
   * a newer entry says that it serves.
   *
   * @param seen version of the entry by which it was asked to release: an abandoned move leaves the
   *     epoch as it was, so the epoch alone does not tell whether the owner has opened the store
   *     again since. 0 when the sender did not say, which no release is answered by
   */
  public record Released(String gateway, String incarnation, long epoch, long seen)
      implements Command {}

  /**
   * The owner has released the unit and set the ownership row for its successor, as the move that
   * is or was under way had asked for: the row is to be recorded. Sent until the view shows it, by
   * either of the two.
   *
   * @param epoch of the successor's ownership
   * @param cause of the move
   */
  public record HandedOver(String gateway, String incarnation, long epoch, String cause)
      implements Command {}

  /**
   * The owner changes what the device servers of the unit share (design rule 7).
   *
   * @param gateway that owns the unit
   * @param incarnation of its process
   * @param epoch of its ownership
   * @param next what it is to be, one version after what it is; its {@code change} is the name by
   *     which a repetition of this command is recognised
   */
  public record ChangeShared(
      String gateway,
      String incarnation,
      long epoch,
      SharedState next,
      String cause,
      ActorRef<Answer> replyTo)
      implements Request {}

  /** Does what is asked only while this is of one of the versions. */
  public record IfVersion(
      List<Long> versions,
      @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
          @JsonSubTypes({
            @JsonSubTypes.Type(value = Create.class, name = "create"),
            @JsonSubTypes.Type(value = Resize.class, name = "resize"),
            @JsonSubTypes.Type(value = SetReadOnly.class, name = "set-read-only"),
            @JsonSubTypes.Type(value = OrderSnapshot.class, name = "order-snapshot"),
            @JsonSubTypes.Type(value = RollBack.class, name = "roll-back"),
            @JsonSubTypes.Type(value = BeginDeletion.class, name = "begin-deletion"),
            @JsonSubTypes.Type(value = Delete.class, name = "delete"),
            @JsonSubTypes.Type(value = Move.class, name = "move"),
            @JsonSubTypes.Type(value = CancelMove.class, name = "cancel-move"),
            @JsonSubTypes.Type(value = SetPreferred.class, name = "set-preferred")
          })
          Command command,
      ActorRef<Answer> replyTo)
      implements Request, OnVersion<Command> {}

  /** Asks for the entity as it is. */
  public record Get(ActorRef<Answer> replyTo) implements Request {}

  /** A command, and who asks for it. */
  public record Asked(@JsonTypeInfo(use = JsonTypeInfo.Id.MINIMAL_CLASS) Command command, Origin by)
      implements Command, AskedCommand<Command> {}

  record Taken(Terms.Term term, Throwable failure) implements Command, TermedEntity.TermTaken {}

  record Confirmed(Boolean ours, Runnable action) implements Command, TermedEntity.Confirmation {}

  /**
   * The ownership row has answered.
   *
   * @param row null when it could not be asked
   * @param proposal what was claimed; null when the row was only read
   * @param by who asked for what the row was asked about
   */
  record RowSaid(
      OwnershipRows.Row row,
      UnitDecider.Proposal proposal,
      Optional<ActorRef<Answer>> replyTo,
      Origin by)
      implements Command {}

  /**
   * The ownership row was read because it is said to have been handed over.
   *
   * @param row null when it could not be read, or there is none
   */
  record RowRead(OwnershipRows.Row row, HandedOver handedOver) implements Command {}

  /**
   * The ownership row was to have so great a shared version, so that {@code command} may be
   * decided.
   *
   * @param failure null when the row could be asked
   * @param moved the row when it holds another epoch
   * @param by who asks for the command
   * @param only versions at which alone it may be decided; empty: at any
   */
  record Raised(
      long epoch,
      Request command,
      Optional<OwnershipRows.Row> moved,
      Throwable failure,
      Origin by,
      List<Long> only)
      implements Command {}

  /** The bound of a transition: the one that was armed as the {@code number}th. */
  record BoundPassed(long number) implements Command {}

  // -- events

  /** Something that happened to a logical unit. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Created.class, name = "created"),
    @JsonSubTypes.Type(value = OwnerChosen.class, name = "owner-chosen"),
    @JsonSubTypes.Type(value = OwnerServed.class, name = "owner-served"),
    @JsonSubTypes.Type(value = OwnerGaveUp.class, name = "owner-gave-up"),
    @JsonSubTypes.Type(value = ReleaseBegun.class, name = "release-begun"),
    @JsonSubTypes.Type(value = ReleaseAbandoned.class, name = "release-abandoned"),
    @JsonSubTypes.Type(value = GrowthBegun.class, name = "growth-begun"),
    @JsonSubTypes.Type(value = Resized.class, name = "resized"),
    @JsonSubTypes.Type(value = ReadOnlySet.class, name = "read-only-set"),
    @JsonSubTypes.Type(value = SharedChanged.class, name = "shared-changed"),
    @JsonSubTypes.Type(value = PreferredSet.class, name = "preferred-set"),
    @JsonSubTypes.Type(value = SnapshotOrdered.class, name = "snapshot-ordered"),
    @JsonSubTypes.Type(value = RollbackBegun.class, name = "rollback-begun"),
    @JsonSubTypes.Type(value = RollbackEnded.class, name = "rollback-ended"),
    @JsonSubTypes.Type(value = DeletionBegun.class, name = "deletion-begun"),
    @JsonSubTypes.Type(value = Deleted.class, name = "deleted"),
    @JsonSubTypes.Type(value = Adopted.class, name = "adopted"),
    @JsonSubTypes.Type(value = Settled.class, name = "settled")
  })
  public sealed interface Event extends CborSerializable {
    /** When, by the wall clock of the node that persisted it. */
    Instant at();
  }

  /** It came into being; with the default attributes when it tells of none. */
  public record Created(
      String id,
      long naa,
      String serial,
      String store,
      long size,
      int blockSize,
      List<String> preferred,
      Instant at,
      UnitAttributes attributes)
      implements Event {
    public Created {
      attributes = attributes == null ? UnitAttributes.DEFAULT : attributes;
    }
  }

  /**
   * The ownership row was set: this gateway is the owner from now on.
   *
   * @param serving whether it took the unit over by the row itself, from a failed owner, or was
   *     given it by the row from the owner before: then it serves as soon as it can, and has asked
   *     nobody
   */
  public record OwnerChosen(
      String owner,
      String incarnation,
      long epoch,
      String cause,
      List<Observation> evidence,
      Instant at,
      boolean serving)
      implements Event {}

  /** The owner has fenced and opened the store and serves. */
  public record OwnerServed(long epoch, Instant at) implements Event {}

  /** The owner could not open the store within the bound. */
  public record OwnerGaveUp(long epoch, String gateway, String reason, Instant at)
      implements Event {}

  /**
   * The owner was asked to release in favour of another gateway.
   *
   * @param evidence the observations that led to it, when it was for a fault
   */
  public record ReleaseBegun(
      long epoch,
      String successor,
      String successorIncarnation,
      String cause,
      Instant at,
      List<Observation> evidence)
      implements Event {
    public ReleaseBegun {
      evidence = evidence == null ? List.of() : List.copyOf(evidence);
    }
  }

  /** The owner did not release within the bound and stays the owner, under the same epoch. */
  public record ReleaseAbandoned(long epoch, String reason, Instant at) implements Event {}

  /** It is to have so many bytes, and its store has. */
  public record GrowthBegun(long size, String cause, Instant at) implements Event {}

  /** The owner serves so many bytes: hosts are told from now on. */
  public record Resized(long size, long epoch, Instant at) implements Event {}

  /** It was made read-only, or writable; the shared state has a version of this name. */
  public record ReadOnlySet(boolean readOnly, String change, String cause, Instant at)
      implements Event {}

  /** The owner of the epoch changed what the device servers of the unit share. */
  public record SharedChanged(long epoch, SharedState state, String cause, Instant at)
      implements Event {}

  /** Other gateways, or the same in another order, are to own it. */
  public record PreferredSet(List<String> preferred, String cause, Instant at) implements Event {}

  /**
   * The owner is asked to make or delete a snapshot of this name; the store has what came of it.
   */
  public record SnapshotOrdered(SnapshotOrder order, String name, String cause, Instant at)
      implements Event {}

  /** It is to have the content of a snapshot; the shared state has a version of the id's name. */
  public record RollbackBegun(String snapshot, String id, String cause, Instant at)
      implements Event {}

  /**
   * The owner of the epoch has rolled it back, or could not.
   *
   * @param failure why nothing was changed; empty when it was done
   */
  public record RollbackEnded(String snapshot, String id, long epoch, String failure, Instant at)
      implements Event {}

  /** It is to be deleted: its LUNs go first. */
  public record DeletionBegun(String cause, Instant at) implements Event {}

  /** It is no more. */
  public record Deleted(String cause, Instant at) implements Event {}

  /** A new incarnation of the entity took over what it had replayed. */
  public record Adopted(Instant at) implements Event {}

  /** Follows each event in the same write. */
  public record Settled(Instant at) implements Event, TermedEntity.Mark {}

  /** An event as the journal keeps it. */
  public record Kept(Event event, Origin by) implements CborSerializable, AttributedEvent<Event> {}

  /**
   * A snapshot.
   *
   * @param term in which it was saved
   * @param digest of the last event in the state; empty when it was saved before there were any
   */
  public record Snapshot(long term, UnitState state, String digest) implements CborSerializable {
    public Snapshot {
      digest = digest == null ? "" : digest;
    }
  }

  /** The persistence id of a unit. */
  public static PersistenceId persistenceId(String id) {
    return PersistenceId.of("unit", id);
  }

  /** Makes the entity. */
  public static Behavior<Command> create(
      String id,
      Terms terms,
      OwnershipRows rows,
      ActorRef<ViewPublisher.Command> publisher,
      Settings settings,
      Clock clock) {
    return LogicalUnitEntity.create(id, terms, rows, publisher, settings, clock);
  }
}
