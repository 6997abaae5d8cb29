package io.moongate.cluster;

import static io.moongate.cluster.Refusals.cause;
import static io.moongate.cluster.Refusals.refuse;

import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.access.AccessLists;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.SealedAccessLists;
import io.moongate.cluster.gateway.ClusterMaintenance;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.gateway.Maintenance;
import io.moongate.cluster.membership.MemberIdentity;
import io.moongate.cluster.ownership.WaitingUnits.Waiting;
import io.moongate.cluster.replica.ViewReplica;
import io.moongate.cluster.snapshot.ClusterSnapshots;
import io.moongate.cluster.snapshot.Snapshots;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewChanges;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.failure.Observation;
import io.moongate.scsi.shared.Rollback;
import io.moongate.scsi.shared.UnitPeers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.pattern.Patterns;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Metadata} over the sharded entities and this gateway's replica. */
final class ShardedMetadata implements Metadata {
  private static final Logger LOG = LoggerFactory.getLogger(ShardedMetadata.class);
  private static final Duration ANSWER_BOUND = Duration.ofSeconds(10);
  private static final Duration SESSIONS_BOUND = Duration.ofSeconds(2);
  private static final Duration MOVE_BOUND = Duration.ofSeconds(15);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration VOLUME_RETRY = Duration.ofMillis(250);

  /** How often LUNs of a unit that is deleted are looked for. */
  private static final int UNMAPPING_ROUNDS = 4;

  private static final int VOLUME_ATTEMPTS = 20;

  /** A client of Ceph that has died counts for 30 s. */
  private static final int VOLUME_LATE_ATTEMPTS = 480;

  private final ActorSystem<?> system;
  private final ClusterSharding sharding;
  private final String gateway;
  private final View view;
  private final ActorRef<ViewReplica.Command> replica;
  private final VolumeProvisioner volumes;
  private final UnitNames names;
  private final ChapSecrets secrets;
  private final NewUnits newUnits;
  private final AccessLists accessLists;
  private final ClusterMaintenance maintenance;
  private final ClusterSnapshots snapshots;
  private final Known known;
  private final Origin origin;
  private final Condition condition;
  private final UnitPeers peers;
  private final Function<String, Optional<io.moongate.scsi.LogicalUnit>> units;

  /**
   * What this gateway knows beside the view.
   *
   * @param changes of the view
   * @param standing of the cluster
   * @param loads by id of a unit, operations a second
   * @param leaseBound in which any lease that another gateway could hold runs out; empty while that
   *     is not known
   */
  record Known(
      ViewChanges changes,
      Supplier<ClusterStanding> standing,
      Supplier<List<Observation>> observations,
      Supplier<List<Waiting>> waiting,
      ToDoubleFunction<String> loads,
      Supplier<Optional<Duration>> leaseBound) {}

  /**
   * @param peers how the device servers of a unit on the other gateways are told
   * @param units the one on this gateway
   */
  ShardedMetadata(
      ActorSystem<?> system,
      String gateway,
      View view,
      ActorRef<ViewReplica.Command> replica,
      UnitNames names,
      VolumeProvisioner volumes,
      ChapSecrets secrets,
      UnitPeers peers,
      Function<String, Optional<io.moongate.scsi.LogicalUnit>> units,
      Known known) {
    this.known = known;
    this.peers = peers;
    this.units = units;
    this.system = system;
    this.sharding = ClusterSharding.get(system);
    this.gateway = gateway;
    this.view = view;
    this.replica = replica;
    this.volumes = volumes;
    this.newUnits = new NewUnits(view, new Entities(), names, volumes);
    this.accessLists = new SealedAccessLists(secrets, this::target);
    this.snapshots = new ClusterSnapshots(system, view, this::unit, volumes, new RollbackGuard());
    this.maintenance =
        new ClusterMaintenance(
            gateway, view, this::gateway, new Membership(), known.leaseBound(), System::nanoTime);
    this.names = names;
    this.secrets = secrets;
    this.origin = Origin.gateway(gateway);
    this.condition = Condition.NONE;
  }

  private ShardedMetadata(ShardedMetadata of, Origin origin, Condition condition) {
    this.condition = condition;
    this.known = of.known;
    this.peers = of.peers;
    this.units = of.units;
    this.system = of.system;
    this.sharding = of.sharding;
    this.gateway = of.gateway;
    this.view = of.view;
    this.replica = of.replica;
    this.volumes = of.volumes;
    this.names = of.names;
    this.secrets = of.secrets;
    this.newUnits = new NewUnits(view, new Entities(), names, volumes);
    this.accessLists = new SealedAccessLists(secrets, this::target);
    this.snapshots = new ClusterSnapshots(system, view, this::unit, volumes, new RollbackGuard());
    this.maintenance = of.maintenance.asking(this::gateway);
    this.origin = origin;
  }

  @Override
  public Metadata as(Origin other) {
    return new ShardedMetadata(this, other, condition);
  }

  @Override
  public CompletionStage<Metadata> expecting(Expected expected) {
    return held(expected.entityId())
        .thenCompose(
            entry ->
                expected.isMetBy(entry)
                    ? CompletableFuture.completedStage(
                        new ShardedMetadata(this, origin, Condition.of(expected)))
                    : CompletableFuture.failedStage(Answer.outdated(entry.version()).refusal()));
  }

  /** An entity as it is. */
  private CompletionStage<? extends ViewEntry> held(String entityId) {
    int bar = entityId.indexOf('|');
    String id = entityId.substring(bar + 1);
    return switch (entityId.substring(0, bar)) {
      case "gateway" -> gateway(id, Gateway.Get::new);
      case "target" -> target(id, Target.Get::new);
      case "unit" -> unit(id, LogicalUnit.Get::new);
      default -> refuse(Kind.INVALID, "", "there is no entity " + entityId);
    };
  }

  @Override
  public View view() {
    return view;
  }

  @Override
  public ViewChanges changes() {
    return known.changes();
  }

  @Override
  public List<Observation> observations() {
    return known.observations().get();
  }

  @Override
  public List<Waiting> waiting() {
    return known.waiting().get();
  }

  @Override
  public double load(String unitId) {
    return known.loads().applyAsDouble(unitId);
  }

  @Override
  public String gateway() {
    return gateway;
  }

  @Override
  public CompletionStage<TargetEntry> createTarget(
      String iscsiName, List<String> gateways, Optional<Boolean> explicitAlua) {
    for (String name : gateways) {
      if (view.gateway(name).isEmpty()) {
        return refuse(Kind.INVALID, "gateways", "there is no gateway " + name);
      }
    }
    return target(
        iscsiName, replyTo -> new Target.Create(List.copyOf(gateways), explicitAlua, replyTo));
  }

  @Override
  public CompletionStage<TargetEntry> setExplicitAlua(String iscsiName, boolean explicitAlua) {
    return target(iscsiName, replyTo -> new Target.SetExplicitAlua(explicitAlua, replyTo));
  }

  @Override
  public CompletionStage<Void> deleteTarget(String iscsiName) {
    return target(iscsiName, Target.Delete::new).thenApply(gone -> null);
  }

  @Override
  public CompletionStage<UnitEntry> createUnit(
      String targetName,
      int lun,
      long size,
      int blockSize,
      String store,
      List<String> preferred,
      UnitAttributes attributes) {
    if (!volumes.kinds().contains(store)) {
      return refuse(
          Kind.INVALID,
          "store",
          "there is no store %s; there are: %s".formatted(store, volumes.kinds()));
    }
    for (String name : preferred) {
      if (view.gateway(name).isEmpty()) {
        return refuse(Kind.INVALID, "preferred", "there is no gateway " + name);
      }
    }
    return newUnits.make(
        new NewUnits.Wanted(targetName, lun, size, blockSize, store, preferred, attributes));
  }

  @Override
  public AccessLists accessLists() {
    return accessLists;
  }

  @Override
  public CompletionStage<UnitEntry> setReadOnly(String unitId, boolean readOnly, String cause) {
    String change = UUID.randomUUID().toString();
    return unit(unitId, replyTo -> new LogicalUnit.SetReadOnly(readOnly, change, cause, replyTo))
        .thenCompose(this::toldEverywhere);
  }

  /** The view brings it to every gateway, too; but it does not say when it has. */
  private CompletionStage<UnitEntry> toldEverywhere(UnitEntry entry) {
    units.apply(entry.id()).ifPresent(unit -> unit.share(entry.shared()));
    return peers
        .tell(entry.id(), entry.shared(), List.of())
        .thenApply(told -> entry)
        .exceptionallyCompose(
            failure ->
                refuse(
                    Kind.UNAVAILABLE,
                    "",
                    "it is on record, and not every gateway is known to act by it yet"));
  }

  @Override
  public CompletionStage<UnitEntry> resizeUnit(String unitId, long size, String cause) {
    long deadline = System.nanoTime() + MOVE_BOUND.toNanos();
    return unit(unitId, LogicalUnit.Get::new)
        .thenCompose(
            unit -> {
              // The entity decides; but the store must not grow for what it is going to refuse.
              if (unit.deleted()) {
                return refuse(Kind.NOT_FOUND, "id", "there is no logical unit of id " + unitId);
              }
              if (size <= unit.size() || size % unit.blockSize() != 0) {
                return CompletableFuture.completedStage(unit);
              }
              return volumes
                  .grow(unit.store(), unit.volume(), size)
                  .exceptionallyCompose(
                      failure ->
                          refuse(
                              Kind.UNAVAILABLE,
                              "size",
                              "the volume could not be grown: " + cause(failure).getMessage()))
                  .thenApply(grown -> unit);
            })
        .thenCompose(grown -> unit(unitId, replyTo -> new LogicalUnit.Resize(size, cause, replyTo)))
        .thenCompose(accepted -> resized(unitId, size, deadline));
  }

  /** Watches the replica until the owner serves the size. */
  private CompletionStage<UnitEntry> resized(String unitId, long size, long deadline) {
    Optional<UnitEntry> unit = view.unit(unitId);
    if (unit.isPresent() && unit.get().size() >= size) {
      return CompletableFuture.completedStage(unit.get());
    }
    if (unit.isEmpty() || System.nanoTime() - deadline > 0) {
      return refuse(
          Kind.UNAVAILABLE,
          "",
          "the unit is to grow to %d bytes, and its owner does not serve them within %s yet"
              .formatted(size, MOVE_BOUND));
    }
    return Patterns.after(POLL, system.classicSystem(), () -> resized(unitId, size, deadline));
  }

  @Override
  public CompletionStage<TargetEntry> mapUnit(String targetName, int lun, String unitId) {
    return living(unitId)
        .thenCompose(unit -> target(targetName, replyTo -> new Target.MapLun(lun, unitId, replyTo)))
        .thenCompose(
            mapped ->
                // Whoever deletes it takes its LUNs away first: one of the two sees the other.
                living(unitId)
                    .thenApply(unit -> mapped)
                    .exceptionallyCompose(
                        failure -> undoMapping(targetName, lun, unitId, cause(failure))));
  }

  /** A unit that can't be asked now is no reason: it may have been mapped there all along. */
  private CompletionStage<TargetEntry> undoMapping(
      String targetName, int lun, String unitId, Throwable failure) {
    boolean gone = failure instanceof Refusal refusal && refusal.kind() == Kind.NOT_FOUND;
    return !gone
        ? CompletableFuture.failedStage(failure)
        : target(targetName, replyTo -> new Target.UnmapLun(lun, unitId, replyTo))
            .thenCompose(undone -> CompletableFuture.failedStage(failure));
  }

  private CompletionStage<UnitEntry> living(String unitId) {
    return unit(unitId, LogicalUnit.Get::new)
        .thenCompose(
            unit ->
                unit.deleted()
                    ? refuse(Kind.NOT_FOUND, "id", "there is no logical unit of id " + unitId)
                    : CompletableFuture.completedStage(unit));
  }

  @Override
  public CompletionStage<TargetEntry> unmapLun(String targetName, int lun) {
    return target(targetName, Target.Get::new)
        .thenCompose(
            target -> {
              String mapped = target.deleted() ? null : target.luns().get(lun);
              return mapped == null
                  ? refuse(
                      Kind.NOT_FOUND, "lun", "there is no LUN %d in %s".formatted(lun, targetName))
                  : target(target.name(), replyTo -> new Target.UnmapLun(lun, mapped, replyTo));
            });
  }

  @Override
  public CompletionStage<Void> deleteUnit(String unitId, boolean force) {
    if (force) {
      return deleteUnit(unitId);
    }
    Optional<Rollback> rollback =
        view.unit(unitId).map(unit -> unit.shared().rollback()).filter(Rollback::going);
    return rollback.isPresent()
        ? refuse(
            Kind.CONFLICT,
            "id",
            "the unit is being rolled back to snapshot " + rollback.get().snapshot())
        : requireNoSessions(unitId).thenCompose(free -> deleteUnit(unitId));
  }

  /** What rolling a unit back needs. */
  private final class RollbackGuard implements ClusterSnapshots.Guard {
    @Override
    public CompletionStage<Void> requireNoSessions(String unitId) {
      return ShardedMetadata.this.requireNoSessions(unitId);
    }

    @Override
    public CompletionStage<Void> tell(UnitEntry entry) {
      units.apply(entry.id()).ifPresent(unit -> unit.share(entry.shared()));
      return peers
          .tell(entry.id(), entry.shared(), List.of())
          .exceptionally(
              failure -> {
                LOG.warn(
                    "event=rollback-not-told-everywhere unit={} reason=\"{}\"",
                    entry.id(),
                    failure.toString());
                return null;
              });
    }
  }

  private CompletionStage<Void> requireNoSessions(String unitId) {
    List<String> targets = view.targetsOf(unitId).stream().map(TargetEntry::name).toList();
    if (targets.isEmpty()) {
      return CompletableFuture.completedStage(null);
    }
    return sessions()
        .thenCompose(
            known -> {
              List<SessionEntry> using =
                  known.sessions().stream()
                      .filter(session -> session.target().filter(targets::contains).isPresent())
                      .toList();
              if (!using.isEmpty()) {
                return refuse(
                    Kind.CONFLICT,
                    "id",
                    "%d sessions are logged in to %s, among them %s through %s"
                        .formatted(
                            using.size(),
                            targets,
                            using.get(0).initiator(),
                            using.get(0).gateway()));
              }
              if (!known.silent().isEmpty()) {
                return refuse(
                    Kind.CONFLICT,
                    "id",
                    "%s do not say whether sessions are logged in to %s"
                        .formatted(known.silent(), targets));
              }
              return CompletableFuture.completedStage(null);
            });
  }

  private CompletionStage<Void> deleteUnit(String unitId) {
    return requireDeletable(unitId)
        .thenCompose(deletable -> decideDeletion(unitId))
        .thenCompose(decided -> unmapEverywhere(unitId, UNMAPPING_ROUNDS))
        .thenCompose(unmapped -> unit(unitId, LogicalUnit.Get::new))
        .thenCompose(unit -> removeUnit(unit, origin.asked("deleted")));
  }

  /** Takes its LUNs away, and those that it gets meanwhile. */
  private CompletionStage<Void> unmapEverywhere(String unitId, int rounds) {
    CompletionStage<?> unmapped = CompletableFuture.completedStage(null);
    boolean any = false;
    for (TargetEntry target : view.targetsOf(unitId)) {
      for (Map.Entry<Integer, String> lun : target.luns().entrySet()) {
        if (lun.getValue().equals(unitId)) {
          any = true;
          unmapped =
              unmapped.thenCompose(
                  before ->
                      target(
                          target.name(),
                          replyTo -> new Target.UnmapLun(lun.getKey(), unitId, replyTo)));
        }
      }
    }
    return any && rounds > 1
        ? unmapped.thenCompose(done -> unmapEverywhere(unitId, rounds - 1))
        : unmapped.thenApply(done -> null);
  }

  /** A deletion on a condition: it is met or not before the first LUN is taken away. */
  private CompletionStage<?> decideDeletion(String unitId) {
    return condition.isOpenFor(LogicalUnit.persistenceId(unitId).id())
        ? unit(
            unitId,
            replyTo -> new LogicalUnit.BeginDeletion(origin.asked("deletion begun"), replyTo))
        : CompletableFuture.completedStage(null);
  }

  /** One that is imported stays. One that is gone keeps nothing from being deleted. */
  private CompletionStage<Void> requireDeletable(String unitId) {
    return view.unit(unitId)
        .filter(unit -> unit.attributes().imported().isEmpty())
        .map(
            unit ->
                snapshots
                    .requireDeletable(unit)
                    .exceptionallyCompose(
                        failure ->
                            cause(failure) instanceof Refusal refusal
                                    && refusal.kind() == Kind.NOT_FOUND
                                ? CompletableFuture.completedStage(null)
                                : CompletableFuture.failedStage(cause(failure))))
        .orElseGet(() -> CompletableFuture.completedStage(null));
  }

  /** Its volume stays when it was there before the unit was. */
  private CompletionStage<Void> removeUnit(UnitEntry unit, String cause) {
    return unit(unit.id(), replyTo -> new LogicalUnit.Delete(cause, replyTo))
        // Whoever has mapped it since saw it living.
        .thenCompose(
            deleted -> unmapEverywhere(unit.id(), UNMAPPING_ROUNDS).exceptionally(failed -> null))
        .thenCompose(
            unmapped ->
                unit.attributes().imported().isPresent()
                    ? CompletableFuture.completedStage(null)
                    : removeVolume(unit));
  }

  /** The owner closes the volume when its replica learns of it; one that has died can't. */
  private CompletionStage<Void> removeVolume(UnitEntry unit) {
    return removeVolume(unit, VOLUME_ATTEMPTS)
        .exceptionallyCompose(
            failure -> {
              removeVolume(unit, VOLUME_LATE_ATTEMPTS)
                  .whenComplete(
                      (removed, late) -> {
                        if (late != null) {
                          LOG.error(
                              "event=volume-left store={} volume={} reason=\"{}\"",
                              unit.store(),
                              unit.volume(),
                              late.toString());
                        }
                      });
              return refuse(
                  Kind.UNAVAILABLE,
                  "",
                  "the logical unit is deleted; its volume can't be removed yet, and is tried again for %d s: %s"
                      .formatted(
                          VOLUME_RETRY.multipliedBy(VOLUME_LATE_ATTEMPTS).toSeconds(),
                          cause(failure).getMessage()));
            });
  }

  private CompletionStage<Void> removeVolume(UnitEntry unit, int attempts) {
    return Patterns.retry(
        () -> volumes.delete(unit.store(), unit.volume(), unit.id()),
        attempts,
        VOLUME_RETRY,
        system.classicSystem());
  }

  @Override
  public CompletionStage<UnitEntry> moveUnit(String unitId, String toGateway, String cause) {
    Optional<GatewayEntry> to = view.gateway(toGateway);
    if (to.isEmpty()) {
      return refuse(Kind.INVALID, "gateway", "there is no gateway " + toGateway);
    }
    if (to.get().state() != GatewayEntry.State.UP) {
      return refuse(Kind.CONFLICT, "gateway", "%s is %s".formatted(toGateway, to.get().state()));
    }
    if (!to.get().inService()) {
      return refuse(Kind.CONFLICT, "gateway", toGateway + " is out of service: undrain it first");
    }
    long deadline = System.nanoTime() + MOVE_BOUND.toNanos();
    return unit(
            unitId,
            replyTo -> new LogicalUnit.Move(toGateway, to.get().incarnation(), cause, replyTo))
        .thenCompose(accepted -> moved(unitId, accepted.version(), toGateway, deadline));
  }

  /** Watches the replica until the move has ended one way or the other. */
  private CompletionStage<UnitEntry> moved(
      String unitId, long version, String toGateway, long deadline) {
    Optional<UnitEntry> unit = view.unit(unitId);
    if (unit.isPresent()
        && unit.get().version() >= version
        && unit.get().ownership().phase() == Phase.SERVING) {
      UnitEntry.Ownership now = unit.get().ownership();
      return now.owner().equals(toGateway)
          ? CompletableFuture.completedStage(unit.get())
          : refuse(Kind.CONFLICT, "gateway", "not moved: " + now.cause());
    }
    if (unit.isEmpty() || System.nanoTime() - deadline > 0) {
      return refuse(
          Kind.UNAVAILABLE,
          "",
          "the move was begun and is not known to have ended within " + MOVE_BOUND);
    }
    return Patterns.after(
        POLL, system.classicSystem(), () -> moved(unitId, version, toGateway, deadline));
  }

  @Override
  public CompletionStage<UnitEntry> cancelMove(String unitId, String cause) {
    return unit(unitId, replyTo -> new LogicalUnit.CancelMove(cause, replyTo));
  }

  @Override
  public CompletionStage<UnitEntry> preferUnit(
      String unitId, List<String> preferred, String cause) {
    for (String name : preferred) {
      if (view.gateway(name).isEmpty()) {
        return refuse(Kind.INVALID, "preferred", "there is no gateway " + name);
      }
    }
    return unit(
        unitId, replyTo -> new LogicalUnit.SetPreferred(List.copyOf(preferred), cause, replyTo));
  }

  @Override
  public Snapshots snapshots() {
    return snapshots;
  }

  @Override
  public VolumeStores volumeStores() {
    return volumes;
  }

  @Override
  public Maintenance maintenance() {
    return maintenance;
  }

  /** What the membership of this node, and a connection, say of other gateways. */
  private final class Membership implements ClusterMaintenance.Sight {
    @Override
    public Optional<String> member(String incarnation) {
      CurrentClusterState state = Cluster.get(system).state();
      return MemberIdentity.find(state, incarnation)
          .map(
              member ->
                  member.status()
                      + (state.getUnreachable().contains(member) ? ", unreachable" : ""));
    }

    @Override
    public CompletionStage<Boolean> answers(PortalAddress address) {
      return ClusterMaintenance.accepts(address);
    }
  }

  @Override
  public CompletionStage<Sessions> sessions() {
    CompletionStage<Receptionist.Listing> listing =
        AskPattern.ask(
            system.receptionist(),
            replyTo -> Receptionist.find(SessionsActor.SERVICE, replyTo),
            SESSIONS_BOUND,
            system.scheduler());
    return listing.thenCompose(
        found -> {
          List<CompletableFuture<Optional<SessionsActor.Told>>> asked = new ArrayList<>();
          for (ActorRef<SessionsActor.Ask> actor :
              found.getServiceInstances(SessionsActor.SERVICE)) {
            asked.add(
                AskPattern.<SessionsActor.Ask, SessionsActor.Told>ask(
                        actor, SessionsActor.Ask::new, SESSIONS_BOUND, system.scheduler())
                    .handle((told, failure) -> Optional.ofNullable(told))
                    .toCompletableFuture());
          }
          return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
              .thenApply(
                  all -> gather(asked.stream().flatMap(told -> told.join().stream()).toList()));
        });
  }

  @Override
  public CompletionStage<Void> closeSession(SessionId id) {
    boolean up =
        view.gateway(id.gateway())
            .filter(entry -> entry.state() == GatewayEntry.State.UP)
            .isPresent();
    return SessionClosing.ask(system, id, up);
  }

  @Override
  public ClusterStanding cluster() {
    return known.standing().get();
  }

  private Sessions gather(List<SessionsActor.Told> told) {
    List<SessionEntry> sessions = new ArrayList<>();
    List<String> silent = new ArrayList<>();
    view.gateways().stream()
        .filter(entry -> entry.state() == GatewayEntry.State.UP)
        .forEach(entry -> silent.add(entry.name()));
    for (SessionsActor.Told one : told) {
      sessions.addAll(one.sessions());
      silent.remove(one.gateway());
    }
    return new Sessions(sessions, silent);
  }

  // -- asking entities

  private final class Entities implements NewUnits.Entities {
    @Override
    public CompletionStage<UnitEntry> unit(
        String id, Function<ActorRef<Answer>, LogicalUnit.Command> command) {
      return ShardedMetadata.this.unit(id, command);
    }

    @Override
    public CompletionStage<TargetEntry> target(
        String name, Function<ActorRef<Answer>, Target.Command> command) {
      return ShardedMetadata.this.target(name, command);
    }

    @Override
    public CompletionStage<?> map(String target, int lun, String unitId) {
      return mapUnit(target, lun, unitId);
    }

    @Override
    public CompletionStage<Void> remove(UnitEntry unit, String cause) {
      return removeUnit(unit, cause);
    }

    @Override
    public CompletionStage<Void> leasesOut() {
      return known
          .leaseBound()
          .get()
          .<CompletionStage<Void>>map(
              bound ->
                  Patterns.after(
                      bound, system.classicSystem(), () -> CompletableFuture.completedStage(null)))
          .orElseGet(() -> refuse(Kind.UNAVAILABLE, "", "how long leases last is not known yet"));
    }
  }

  private CompletionStage<TargetEntry> target(
      String name, Function<ActorRef<Answer>, Target.Command> command) {
    return condition.ask(
        Target.persistenceId(name).id(),
        command,
        Condition.TARGET,
        asked -> entry(Target.KEY, name, asked.andThen(each -> new Target.Asked(each, origin))));
  }

  private CompletionStage<GatewayEntry> gateway(
      String name, Function<ActorRef<Answer>, Gateway.Command> command) {
    return condition.ask(
        Gateway.persistenceId(name).id(),
        command,
        Condition.GATEWAY,
        asked -> entry(Gateway.KEY, name, asked.andThen(each -> new Gateway.Asked(each, origin))));
  }

  private CompletionStage<UnitEntry> unit(
      String id, Function<ActorRef<Answer>, LogicalUnit.Command> command) {
    return condition.ask(
        LogicalUnit.persistenceId(id).id(),
        command,
        Condition.UNIT,
        asked ->
            entry(LogicalUnit.KEY, id, asked.andThen(each -> new LogicalUnit.Asked(each, origin))));
  }

  /** Asks, and lets this gateway's replica learn the answer, so that a change is read back here. */
  private <C, T extends ViewEntry> CompletionStage<T> entry(
      EntityTypeKey<C> type, String id, Function<ActorRef<Answer>, C> command) {
    return sharding
        .entityRefFor(type, id)
        .<Answer>ask(command::apply, ANSWER_BOUND)
        .exceptionallyCompose(
            failure -> {
              LOG.warn("event=entity-unanswered type={} entity={}", type.name(), id);
              return refuse(
                  Kind.UNAVAILABLE,
                  "",
                  "the metadata entity did not answer within %s; is Cassandra reachable?"
                      .formatted(ANSWER_BOUND));
            })
        .thenCompose(
            answer -> {
              if (answer instanceof Answer.Refused refused) {
                return CompletableFuture.failedStage(refused.refusal());
              }
              @SuppressWarnings("unchecked") // An entity answers with its own kind of entry.
              T entry = (T) ((Answer.Accepted) answer).entry();
              return AskPattern.<ViewReplica.Command, ViewReplica.Done>ask(
                      replica,
                      replyTo -> new ViewReplica.Learn(entry, replyTo),
                      ANSWER_BOUND,
                      system.scheduler())
                  .thenApply(done -> entry);
            });
  }
}
