package io.moongate.cluster.snapshot;

import static io.moongate.cluster.Refusals.cause;
import static io.moongate.cluster.Refusals.refuse;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.VolumeProvisioner;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.LogicalUnit.SnapshotOrder;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.scsi.shared.Rollback;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.pattern.Patterns;

/**
 * {@link Snapshots} of the cluster: what is there is asked of the store; what is to be done is
 * recorded by the unit's entity first, and then done by the owner.
 */
public final class ClusterSnapshots implements Snapshots {
  /** Below the bound of a request to the API. */
  private static final Duration OWNER_BOUND = Duration.ofSeconds(15);

  /** For a rollback: small units end within it. */
  private static final Duration ROLLBACK_BOUND = Duration.ofSeconds(15);

  /**
   * From the look at the sessions to the record of a rollback: later a host may have been told that
   * it was not done, and be let in again.
   */
  private static final Duration BEGIN_BOUND = Duration.ofSeconds(5);

  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration FIND_BOUND = Duration.ofSeconds(2);

  /** Asks the entity of a unit. */
  public interface Entities
      extends BiFunction<
          String, Function<ActorRef<Answer>, LogicalUnit.Command>, CompletionStage<UnitEntry>> {}

  private final ActorSystem<?> system;
  private final View view;
  private final Entities entities;
  private final VolumeProvisioner volumes;
  private final Guard guard;

  /** What a rollback needs of the rest of the cluster. */
  public interface Guard {
    /** Refuses with CONFLICT while sessions can reach a unit, or may be able to. */
    CompletionStage<Void> requireNoSessions(String unitId);

    /** Tells every gateway what the unit's device servers share now; those that can be told. */
    CompletionStage<Void> tell(UnitEntry entry);
  }

  /**
   * @param view this gateway's replica
   */
  public ClusterSnapshots(
      ActorSystem<?> system, View view, Entities entities, VolumeProvisioner volumes, Guard guard) {
    this.guard = guard;
    this.system = system;
    this.view = view;
    this.entities = entities;
    this.volumes = volumes;
  }

  @Override
  public CompletionStage<List<Snapshot>> of(String unitId) {
    return view.unit(unitId)
        .map(unit -> volumes.snapshots(unit.store(), unit.volume()))
        .orElseGet(() -> unknown(unitId));
  }

  private static <T> CompletionStage<T> unknown(String unitId) {
    return refuse(Kind.NOT_FOUND, "id", "there is no logical unit of id " + unitId);
  }

  @Override
  public CompletionStage<Made> make(String unitId, String name, String cause) {
    return find(unitId, name)
        .thenCompose(
            there ->
                there.isPresent()
                    ? CompletableFuture.completedStage(new Made(there.get(), true))
                    : done(unitId, SnapshotOrder.MAKE, name, cause)
                        .thenApply(told -> new Made(told.made().orElseThrow(), false)));
  }

  @Override
  public CompletionStage<Void> delete(String unitId, String name, String cause) {
    return find(unitId, name)
        .thenCompose(
            there ->
                there.isEmpty()
                    ? CompletableFuture.completedStage(null)
                    : requireUnused(there.get())
                        .thenCompose(unused -> done(unitId, SnapshotOrder.DELETE, name, cause))
                        .thenApply(told -> null));
  }

  @Override
  public CompletionStage<UnitEntry> rollBack(String unitId, String name, String id, String cause) {
    Optional<UnitEntry> known = view.unit(unitId).filter(unit -> isLast(unit, id));
    return known.isPresent()
        ? watched(known.get(), id)
        : begin(unitId, name, id, Instant.now().plus(BEGIN_BOUND), cause);
  }

  private static boolean isLast(UnitEntry unit, String id) {
    Rollback last = unit.shared().rollback();
    return last != null && last.id().equals(id);
  }

  private CompletionStage<UnitEntry> begin(
      String unitId, String name, String id, Instant until, String cause) {
    return find(unitId, name)
        .thenCompose(
            there ->
                there.isPresent()
                    ? guard.requireNoSessions(unitId)
                    : refuse(Kind.NOT_FOUND, "name", "the unit has no snapshot %s".formatted(name)))
        .thenCompose(free -> owner(unitId))
        .thenCompose(
            owner ->
                entities.apply(
                    unitId, replyTo -> new LogicalUnit.RollBack(name, id, until, cause, replyTo)))
        .thenCompose(
            entry ->
                guard
                    .tell(entry)
                    .thenCompose(told -> watched(entry, entry.shared().rollback().id())));
  }

  private CompletionStage<UnitEntry> watched(UnitEntry begun, String id) {
    return rolledBack(begun, id, System.nanoTime() + ROLLBACK_BOUND.toNanos());
  }

  /** Watches the replica until it has ended, for a time. */
  private CompletionStage<UnitEntry> rolledBack(UnitEntry before, String id, long deadline) {
    UnitEntry unit =
        view.unit(before.id()).filter(seen -> seen.version() >= before.version()).orElse(before);
    Rollback now = unit.shared().rollback();
    if (!now.id().equals(id) || (!now.going() && now.failure().isEmpty())) {
      return CompletableFuture.completedStage(unit);
    }
    if (!now.going()) {
      return refuse(Kind.CONFLICT, "name", "nothing was changed: " + now.failure());
    }
    return System.nanoTime() - deadline > 0
        ? CompletableFuture.completedStage(unit)
        : Patterns.after(POLL, system.classicSystem(), () -> rolledBack(before, id, deadline));
  }

  private CompletionStage<Optional<Snapshot>> find(String unitId, String name) {
    return of(unitId)
        .thenApply(all -> all.stream().filter(each -> each.name().equals(name)).findFirst());
  }

  /** The store decides; but what it is going to refuse need not be on record. */
  private static CompletionStage<Void> requireUnused(Snapshot snapshot) {
    if (snapshot.clones() > 0) {
      return refuse(
          Kind.CONFLICT,
          "name",
          "%d clones were made of the snapshot %s: delete them first"
              .formatted(snapshot.clones(), snapshot.name()));
    }
    return snapshot.locked()
        ? refuse(
            Kind.CONFLICT,
            "name",
            "the snapshot %s is protected by hand: take that back first (rbd snap unprotect)"
                .formatted(snapshot.name()))
        : CompletableFuture.completedStage(null);
  }

  /** Only what an owner is there for is recorded. */
  private CompletionStage<SnapshotWork.Told> done(
      String unitId, SnapshotOrder order, String name, String cause) {
    return owner(unitId)
        .thenCompose(
            before ->
                entities.apply(
                    unitId, replyTo -> new LogicalUnit.OrderSnapshot(order, name, cause, replyTo)))
        .thenCompose(
            recorded -> owner(unitId).thenCompose(owner -> ask(unitId, owner, order, name)));
  }

  /** The process that serves the unit, and the epoch under which it does. */
  private record Owner(String gateway, long epoch, ActorRef<SnapshotWork.Ask> work) {}

  private CompletionStage<Owner> owner(String unitId) {
    Optional<UnitEntry> unit = view.unit(unitId);
    if (unit.isEmpty()) {
      return unknown(unitId);
    }
    Ownership now = unit.get().ownership();
    if (now.phase() != Phase.SERVING) {
      return refuse(
          Kind.UNAVAILABLE,
          "id",
          "nobody serves the unit just now, it is %s: ask again once it has an owner that does"
              .formatted(now.phase()));
    }
    CompletionStage<Receptionist.Listing> listing =
        AskPattern.ask(
            system.receptionist(),
            replyTo -> Receptionist.find(SnapshotWork.key(now.incarnation()), replyTo),
            FIND_BOUND,
            system.scheduler());
    return listing.thenCompose(
        found ->
            found.getServiceInstances(SnapshotWork.key(now.incarnation())).stream()
                .findAny()
                .<CompletionStage<Owner>>map(
                    work ->
                        CompletableFuture.completedStage(new Owner(now.owner(), now.epoch(), work)))
                .orElseGet(
                    () ->
                        refuse(
                            Kind.UNAVAILABLE,
                            "id",
                            "the owner %s can't be reached: ask again once it can, or another has"
                                    .formatted(now.owner())
                                + " taken the unit over")));
  }

  private CompletionStage<SnapshotWork.Told> ask(
      String unitId, Owner owner, SnapshotOrder order, String name) {
    CompletionStage<SnapshotWork.Told> answer =
        AskPattern.ask(
            owner.work(),
            replyTo -> new SnapshotWork.Ask(unitId, owner.epoch(), order, name, replyTo),
            OWNER_BOUND,
            system.scheduler());
    return answer
        .exceptionallyCompose(
            failure ->
                refuse(
                    Kind.UNAVAILABLE,
                    "",
                    "%s has not answered within %s: whether it was done is seen in the list"
                        .formatted(owner.gateway(), OWNER_BOUND)))
        .thenCompose(
            told ->
                told.refused()
                    .<CompletionStage<SnapshotWork.Told>>map(
                        refused -> CompletableFuture.failedStage(refused.refusal()))
                    .orElseGet(() -> CompletableFuture.completedStage(told)));
  }

  /**
   * Refuses the deletion of a unit whose volume can't be deleted then, before anybody loses it.
   *
   * @param unit that is to be deleted with its volume
   */
  public CompletionStage<Void> requireDeletable(UnitEntry unit) {
    return volumes
        .requireDeletable(unit.store(), unit.volume())
        .exceptionallyCompose(failure -> CompletableFuture.failedStage(cause(failure)));
  }
}
