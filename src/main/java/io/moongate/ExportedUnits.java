package io.moongate;

import io.moongate.cluster.membership.ServingLease;
import io.moongate.cluster.unit.DataPath;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Route;
import io.moongate.scsi.UnitIdentity;
import io.moongate.scsi.UnitReading;
import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.shared.Rollback;
import io.moongate.scsi.task.UnitCounts;
import io.moongate.volume.Meter;
import io.moongate.volume.MeteredVolume;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logical units of this gateway: joins what the cluster decides with what serves the sessions.
 */
final class ExportedUnits implements DataPath {
  private static final Logger LOG = LoggerFactory.getLogger(ExportedUnits.class);

  /** Discarding is asked in pieces of this many bytes. */
  private static final int UNMAP_GRANULARITY = 4096;

  /** What every store here writes atomically. */
  private static final int ATOMIC_WRITE = 1 << 20;

  /**
   * How long a release waits for what is under way, where that can be given up. Well below the
   * bound within which an owner has to have released a unit.
   */
  private static final Duration ABANDON_AFTER = Duration.ofSeconds(1);

  private final Map<String, Exported> units = new ConcurrentHashMap<>();
  private final Volumes volumes;
  private final Function<GatewayEntry, Route.Forwarder> relays;
  private final UnitFactory factory;
  private final Moves moves;
  private final TransitionCounts transitions = new TransitionCounts();

  /** Of units that this gateway exports no more, by the kind of their store. */
  private final Map<String, UnitCounts> gone = new HashMap<>();

  private final Map<String, Map<String, Long>> goneFailures = new HashMap<>();
  private volatile boolean stopping;

  /** Makes the device server of a unit. */
  interface UnitFactory {
    LogicalUnit make(UnitIdentity identity, VolumeGeometry geometry, AluaQueries alua);
  }

  /** Moves a unit as a host has asked for. */
  interface Moves {
    /**
     * Makes the gateway of a target port group the owner; completes when it serves.
     *
     * @param cause who asked, for the record
     */
    CompletionStage<?> move(String unitId, int portGroup, String cause);

    /** Whether a target lets hosts ask for that. */
    default boolean offeredBy(String target) {
      return false;
    }
  }

  private static final class Exported {
    final LogicalUnit unit;

    /** Kind of its store. */
    final String store;

    final LateQueries queries;
    final Meter meter = new Meter();
    final TransitionCounts.OfUnit transition;
    volatile Volume volume;

    /** Under which the volume was fenced. */
    volatile long epoch;

    /** Ends with what was asked of the store last. */
    private final AtomicReference<CompletionStage<Void>> last =
        new AtomicReference<>(CompletableFuture.completedStage(null));

    Exported(
        UnitEntry entry, UnitFactory factory, Moves moves, TransitionCounts.OfUnit transition) {
      store = entry.store();
      this.transition = transition;
      queries = new LateQueries(entry.id(), moves);
      unit = factory.make(identity(entry), geometry(entry), queries);
      unit.grow(entry.size(), entry.acceptedSize());
      unit.share(entry.shared());
    }

    /**
     * Opens, grows and releases one after the other. A LUN actor that was restarted, or the stop of
     * this gateway, can ask for a release while an opening or a release that somebody else has
     * asked for is still under way. It must not be taken for done before that one is: "released"
     * promises that nothing of this ownership will touch the store any more.
     */
    CompletionStage<Void> inTurn(Supplier<CompletionStage<Void>> step) {
      CompletableFuture<Void> ended = new CompletableFuture<>();
      return last.getAndSet(ended)
          .thenCompose(before -> step.get())
          .whenComplete((done, failure) -> ended.complete(null));
    }
  }

  /** ALUA queries before the LUN actor has published: there is nothing to tell yet. */
  private static final class LateQueries implements AluaQueries {
    private final CompletableFuture<AluaQueries> actor = new CompletableFuture<>();
    private final String unitId;
    private final Moves moves;

    LateQueries(String unitId, Moves moves) {
      this.unitId = unitId;
      this.moves = moves;
    }

    @Override
    public CompletionStage<PathStates> pathStates() {
      return actor.thenCompose(AluaQueries::pathStates);
    }

    @Override
    public boolean explicitAlua(String target) {
      return moves.offeredBy(target);
    }

    @Override
    public CompletionStage<Void> optimize(int group, String cause) {
      return moves.move(unitId, group, cause).thenApply(moved -> null);
    }
  }

  ExportedUnits(
      Volumes volumes,
      Function<GatewayEntry, Route.Forwarder> relays,
      UnitFactory factory,
      Moves moves) {
    this.moves = moves;
    this.volumes = volumes;
    this.relays = relays;
    this.factory = factory;
  }

  /**
   * The device server of a unit of the view. It may be asked for before the unit's LUN actor has
   * published anything: commands to the medium are held then.
   */
  LogicalUnit unit(UnitEntry entry) {
    return exported(entry).unit;
  }

  /** The device server of a unit that is exported already. */
  Optional<LogicalUnit> unit(String unitId) {
    return Optional.ofNullable(units.get(unitId)).map(exported -> exported.unit);
  }

  private Exported exported(UnitEntry entry) {
    return units.computeIfAbsent(
        entry.id(), id -> new Exported(entry, factory, moves, transitions.new OfUnit()));
  }

  @Override
  public void share(UnitEntry entry) {
    exported(entry).unit.share(entry.shared());
  }

  @Override
  public void publish(
      UnitEntry entry,
      PathStates states,
      Way way,
      Optional<GatewayEntry> owner,
      AluaQueries queries) {
    Exported exported = exported(entry);
    exported.queries.actor.complete(queries);
    Route route =
        switch (way) {
          case LOCAL -> local(exported);
          case REMOTE -> new Route.Remote(relays.apply(owner.orElseThrow()));
          case HELD -> new Route.Transition();
        };
    exported.unit.publish(states, route);
    Way really = route instanceof Route.Transition ? Way.HELD : way;
    exported.transition.published(really, System.nanoTime());
  }

  /** Nothing is served any more once this gateway stops: it may have said so already. */
  private Route local(Exported exported) {
    Volume volume = exported.volume;
    return stopping || volume == null ? new Route.Transition() : new Route.Local(volume);
  }

  @Override
  public CompletionStage<Void> open(UnitEntry entry, long epoch) {
    Exported exported = exported(entry);
    if (stopping) {
      return CompletableFuture.failedStage(
          new VolumeException(Reason.UNAVAILABLE, "this gateway is stopping"));
    }
    return exported.inTurn(() -> openNow(exported, entry, epoch));
  }

  private CompletionStage<Void> openNow(Exported exported, UnitEntry entry, long epoch) {
    // A LUN actor that was restarted does not know what its predecessor had opened.
    long begun = System.nanoTime();
    CompletionStage<Void> before =
        exported.volume == null
            ? CompletableFuture.completedStage(null)
            : unlessItHangs(exported, letGo -> releaseNow(exported));
    return before
        .thenCompose(closed -> volumes.open(entry.store(), entry.volume(), entry.id()))
        .thenApply(opened -> new MeteredVolume(opened, exported.meter))
        .thenCompose(
            volume ->
                volume
                    .fence(epoch)
                    .thenCompose(fenced -> atLeast(volume, entry.size()))
                    .thenRun(() -> acceptAll(exported, entry, volume))
                    .thenRun(() -> install(exported, volume, epoch))
                    .exceptionallyCompose(
                        failure ->
                            volume
                                .close()
                                .handle((closed, ignored) -> failure)
                                .thenCompose(CompletableFuture::failedStage)))
        .whenComplete(
            (installed, failure) ->
                transitions.opened(exported.store, failure != null, System.nanoTime() - begun));
  }

  /** What hosts were told of must be there, whatever the store has lost of its own records. */
  private static CompletionStage<Void> atLeast(Volume volume, long size) {
    return volume.geometry().size() >= size
        ? CompletableFuture.completedStage(null)
        : volume.grow(size);
  }

  /**
   * A gateway that takes a unit over by the row may not have seen yet that it grows, while a host
   * was told elsewhere.
   */
  private static void acceptAll(Exported exported, UnitEntry entry, Volume volume) {
    exported.unit.grow(entry.size(), Math.max(entry.acceptedSize(), volume.geometry().size()));
  }

  @Override
  public void resize(UnitEntry entry) {
    exported(entry).unit.grow(entry.size(), entry.acceptedSize());
  }

  @Override
  public CompletionStage<Void> grow(UnitEntry entry) {
    Exported exported = exported(entry);
    return exported.inTurn(
        () -> {
          Volume volume = exported.volume;
          return volume == null
              ? CompletableFuture.failedStage(
                  new VolumeException(Reason.CLOSED, "the volume is not open here"))
              : volume.grow(entry.growingTo());
        });
  }

  @Override
  public CompletionStage<Void> rollBack(UnitEntry entry) {
    Exported exported = exported(entry);
    Rollback wanted = entry.shared().rollback();
    return exported.inTurn(
        () ->
            exported
                .unit
                .drain()
                .thenCompose(
                    drained -> {
                      Volume volume = exported.volume;
                      return volume == null
                          ? CompletableFuture.failedStage(
                              new VolumeException(Reason.CLOSED, "the volume is not open here"))
                          : volume.rollBack(wanted.snapshot(), wanted.id());
                    })
                .whenComplete((done, failure) -> exported.unit.undrain())
                .exceptionallyCompose(
                    failure -> CompletableFuture.failedStage(ofRollback(failure))));
  }

  private static Throwable ofRollback(Throwable failure) {
    return VolumeException.in(failure)
        .filter(
            store ->
                EnumSet.of(Reason.NOT_FOUND, Reason.UNSUPPORTED, Reason.RANGE)
                    .contains(store.reason()))
        .<Throwable>map(NotRolledBack::new)
        .orElse(failure);
  }

  /** Either this sees that the gateway is stopping, or {@link #releaseAll} sees the volume. */
  private void install(Exported exported, Volume volume, long epoch) {
    synchronized (exported) {
      if (stopping) {
        throw new VolumeException(Reason.UNAVAILABLE, "this gateway is stopping");
      }
      exported.epoch = epoch;
      exported.volume = volume;
    }
  }

  @Override
  public CompletionStage<Void> release(UnitEntry entry, boolean mayKeep) {
    Exported exported = exported(entry);
    return mayKeep
        ? exported.inTurn(() -> unlessItHangs(exported, letGo -> keepOrRelease(exported, letGo)))
        : release(exported);
  }

  private static CompletionStage<Void> release(Exported exported) {
    return exported.inTurn(() -> unlessItHangs(exported, letGo -> releaseNow(exported)));
  }

  /**
   * Releases, or gives up what hangs in a store that refuses it once the next owner has fenced
   * (docs/decisions/0025). Then the closing is not waited for.
   */
  private static CompletionStage<Void> unlessItHangs(
      Exported exported, Function<AtomicBoolean, CompletionStage<Void>> release) {
    Volume volume = exported.volume;
    CompletableFuture<Void> released = new CompletableFuture<>();
    // Either it is kept, or it is abandoned: whoever sets this first decides.
    AtomicBoolean decided = new AtomicBoolean();
    release
        .apply(decided)
        .whenComplete(
            (done, failure) -> {
              if (failure == null) {
                released.complete(null);
              } else {
                released.completeExceptionally(failure);
              }
            });
    if (volume != null && !released.isDone() && volume.isAbandonable()) {
      CompletableFuture.delayedExecutor(ABANDON_AFTER.toMillis(), TimeUnit.MILLISECONDS)
          .execute(
              () -> {
                if (!released.isDone() && decided.compareAndSet(false, true)) {
                  abandon(exported, volume).thenRun(() -> released.complete(null));
                }
              });
    }
    return released;
  }

  private static CompletionStage<Void> abandon(Exported exported, Volume volume) {
    LOG.warn(
        "event=store-abandoned unit={} epoch={} operations={}",
        exported.unit.identity().id(),
        exported.epoch,
        volume.health().underWay());
    volume.abandon();
    return exported
        .unit
        .drain()
        .thenRun(
            () -> {
              synchronized (exported) {
                if (exported.volume == volume) {
                  exported.volume = null;
                }
              }
              volume.close();
            });
  }

  private static CompletionStage<Void> keepOrRelease(Exported exported, AtomicBoolean decided) {
    return flushed(exported, decided).thenCompose(flushed -> releaseNow(exported));
  }

  /** Drains and flushes; what can't be flushed is served on. */
  private static CompletionStage<Void> flushed(Exported exported, AtomicBoolean decided) {
    return exported
        .unit
        .drain()
        .thenCompose(
            drained -> {
              Volume volume = exported.volume;
              return volume == null ? CompletableFuture.completedStage(null) : volume.flush();
            })
        .exceptionallyCompose(
            failure -> {
              if (!losesSomething(failure) || !decided.compareAndSet(false, true)) {
                // A newer owner has it already, say; or it was abandoned just now.
                return CompletableFuture.completedStage(null);
              }
              exported.unit.undrain();
              return CompletableFuture.failedStage(new Kept(failure));
            });
  }

  /** Not when it is another's already, or closed: all else may come with a loss. */
  private static boolean losesSomething(Throwable failure) {
    return VolumeException.in(failure).map(VolumeException::reason).stream()
        .noneMatch(EnumSet.of(Reason.FENCED, Reason.CLOSED, Reason.NOT_FOUND)::contains);
  }

  private static CompletionStage<Void> releaseNow(Exported exported) {
    return exported
        .unit
        .drain()
        .thenCompose(
            drained -> {
              Volume volume;
              synchronized (exported) {
                volume = exported.volume;
                exported.volume = null;
              }
              return volume == null ? CompletableFuture.completedStage(null) : volume.close();
            });
  }

  /** The volume of a unit that is open here. */
  Optional<Volume> volume(String unitId) {
    return Optional.ofNullable(units.get(unitId)).map(exported -> exported.volume);
  }

  /** The same, if it was opened under this epoch. */
  Optional<Volume> volume(String unitId, long epoch) {
    return Optional.ofNullable(units.get(unitId))
        .filter(exported -> exported.epoch == epoch)
        .map(exported -> exported.volume);
  }

  /** The kind of the store of a unit that is exported. */
  Optional<String> store(String unitId) {
    return Optional.ofNullable(units.get(unitId)).map(exported -> exported.store);
  }

  @Override
  public boolean isFenced(String unitId) {
    return volume(unitId).filter(Volume::isFenced).isPresent();
  }

  /** Of each unit that is open here, the operations so far. */
  Map<String, Double> workDone() {
    Map<String, Double> work = new HashMap<>();
    units.forEach(
        (id, exported) -> {
          if (exported.volume != null) {
            work.put(id, exported.meter.work());
          }
        });
    return work;
  }

  /** Ids of the units that this gateway exports. */
  Set<String> ids() {
    return Set.copyOf(units.keySet());
  }

  @Override
  public void remove(String unitId) {
    Exported removed = units.remove(unitId);
    if (removed != null) {
      removed.unit.reading().ifPresent(last -> keep(removed.store, last));
    }
  }

  private void keep(String store, UnitReading last) {
    synchronized (gone) {
      gone.computeIfAbsent(store, first -> new UnitCounts()).add(last.counts());
      addFailures(goneFailures, store, last);
    }
  }

  /** What was counted of units that are exported no more, by the kind of their store. */
  Map<String, UnitCounts> gone() {
    Map<String, UnitCounts> copies = new HashMap<>();
    synchronized (gone) {
      gone.forEach(
          (store, counts) -> copies.computeIfAbsent(store, first -> new UnitCounts()).add(counts));
    }
    return copies;
  }

  /**
   * A unit as it is exported now.
   *
   * @param open whether its volume is open here
   */
  record Reading(String id, String store, boolean open, UnitReading unit) {}

  /** Every unit that is exported. */
  List<Reading> readings() {
    List<Reading> all = new ArrayList<>();
    units.forEach(
        (id, exported) ->
            exported
                .unit
                .reading()
                .ifPresent(
                    reading ->
                        all.add(
                            new Reading(id, exported.store, exported.volume != null, reading))));
    return all;
  }

  /** By the kind of a store and by the reason, the operations that failed, gone units' too. */
  Map<String, Map<String, Long>> storeFailures(List<Reading> readings) {
    Map<String, Map<String, Long>> all = new HashMap<>();
    synchronized (gone) {
      goneFailures.forEach((store, reasons) -> all.put(store, new HashMap<>(reasons)));
    }
    readings.forEach(each -> addFailures(all, each.store(), each.unit()));
    return all;
  }

  private static void addFailures(
      Map<String, Map<String, Long>> all, String store, UnitReading unit) {
    Map<String, Long> ofStore = all.computeIfAbsent(store, first -> new HashMap<>());
    unit.storeFailures().forEach((reason, count) -> ofStore.merge(reason, count, Long::sum));
  }

  TransitionCounts transitions() {
    return transitions;
  }

  /** Drains and closes everything, before this gateway says that it has stopped. */
  CompletionStage<Void> releaseAll() {
    stopping = true;
    CompletableFuture<?>[] all =
        units.values().stream()
            .map(
                exported ->
                    release(exported)
                        .whenComplete(
                            (closed, failure) -> {
                              if (failure != null) {
                                LOG.error(
                                    "event=store-not-closed-cleanly unit={} reason=\"{}\"",
                                    exported.unit.identity().id(),
                                    failure.toString());
                              }
                            })
                        .toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(all);
  }

  private static UnitIdentity identity(UnitEntry entry) {
    return new UnitIdentity(
        entry.id(),
        entry.vendorSpecific(),
        entry.designator(),
        entry.serial(),
        "Moongate " + entry.store(),
        entry.attributes().removable());
  }

  /** What hosts are told, the same through every gateway: only the owner has the volume itself. */
  private static VolumeGeometry geometry(UnitEntry entry) {
    UnitAttributes attributes = entry.attributes();
    return new VolumeGeometry(
        entry.size(),
        entry.blockSize(),
        attributes.provisioning() == UnitAttributes.Provisioning.THIN,
        UNMAP_GRANULARITY,
        0,
        true,
        ATOMIC_WRITE,
        attributes.physicalBlockSize());
  }

  /** The lease as the data path asks for it. */
  static io.moongate.scsi.Lease lease(ServingLease lease) {
    return lease::coversNanos;
  }
}
