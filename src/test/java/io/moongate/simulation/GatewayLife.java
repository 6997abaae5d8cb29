package io.moongate.simulation;

import io.moongate.UnitsOfGateway;
import io.moongate.cluster.Answer;
import io.moongate.cluster.charter.ClockRates;
import io.moongate.cluster.ownership.HandOvers;
import io.moongate.cluster.ownership.SimulatedSteward;
import io.moongate.cluster.unit.DataPath;
import io.moongate.cluster.unit.HandOver;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import io.moongate.failure.ObservationBoard;
import io.moongate.scsi.BlockUnit;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.scsi.task.TaskLimits;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;

/**
 * One process of a gateway from its start to its end. Of the product: the device servers with their
 * task sets ({@link BlockUnit}), how they are opened and released ({@code ExportedUnits}), the
 * relay's rules, the lease ({@link LeaseDriver}), the decisions of units ({@link UnitEntity}), the
 * observations that stand, and the view.
 */
final class GatewayLife {
  private static final long SHARE = Scheduler.SECOND;
  private static final long LOAD_AGAIN = 500 * Scheduler.MS;

  /** The product's bound: by the slowest clock, and what was begun is to end. */
  private static final long LEASE_BOUND =
      ClockRates.longest(LeaseDriver.LENGTH).toNanos() + 200 * Scheduler.MS;

  private static final Clock CLOCK = Clock.fixed(Samples.WHEN, ZoneOffset.UTC);

  private static final ScsiSettings SETTINGS =
      new ScsiSettings(
          new TaskLimits(1024, 512, 256, 64 << 20), 4 << 20, 128, 1 << 20, 16, 1 << 20, false);

  private final World world;
  private final SimulatedGateway gateway;
  private final SimulatedProcess process;
  private final View view = new View();
  private final ObservationBoard board = new ObservationBoard();
  private final Set<String> proven = new TreeSet<>();
  private final Map<String, WatchedUnit> units = new TreeMap<>();
  private final SimulatedLuns luns;
  private final HandOver handOver;
  private final SharedChanges changes;
  private final Map<String, UnitEntity> entities = new TreeMap<>();
  private final Relays relays;
  private final DataPath dataPath;
  private final LeaseDriver lease;
  private final Sessions sessions;
  private final SimulatedSteward steward;
  private long publications;
  private boolean registered;

  GatewayLife(World world, SimulatedGateway gateway, int number) {
    this.world = world;
    this.gateway = gateway;
    this.process =
        new SimulatedProcess(
            gateway.name() + "-p" + number, world.scheduler(), world.random(), world.clocksOff());
    this.relays = new Relays(this, this::served);
    this.dataPath = UnitsOfGateway.dataPath(world.storeOf(this), relays::to, this::unit);
    this.sessions = new Sessions(this);
    this.luns = new SimulatedLuns(this);
    OwnershipRows rows = world.cassandra().rows(this);
    StewardOfLife place = new StewardOfLife(this);
    this.steward = new SimulatedSteward(place, rows, this::sharedVersion, CLOCK);
    this.handOver =
        new HandOvers(
            rows,
            view,
            this::sharedVersion,
            claim -> process.after(1, () -> luns.given(claim)),
            CLOCK,
            place);
    this.changes = new SharedChanges(this);
    view.apply(Samples.target(world.unitIds()));
    this.lease = new LeaseDriver(this);
    load();
    process.every(SHARE, this::share);
  }

  private WatchedUnit unit(
      io.moongate.scsi.UnitIdentity identity, io.moongate.volume.VolumeGeometry geometry) {
    BlockUnit unit =
        new BlockUnit(
            identity,
            geometry,
            () ->
                java.util.concurrent.CompletableFuture.failedStage(
                    new UnsupportedOperationException()),
            now -> world.lacks(Mutation.LEASE_NOT_ASKED) || lease().covers(now),
            UnitPeers.ALONE,
            SETTINGS,
            process);
    WatchedUnit watched = new WatchedUnit(world, unit);
    units.put(identity.id(), watched);
    return watched;
  }

  /** Of the state that this gateway serves the unit with, or would. */
  private long sharedVersion(UnitEntry entry) {
    WatchedUnit here = units.get(entry.id());
    return Math.max(entry.shared().version(), here == null ? 0 : here.sharedVersion());
  }

  private Optional<io.moongate.scsi.LogicalUnit> served(String unitId) {
    return Optional.ofNullable(units.get(unitId));
  }

  // ---- its parts

  World world() {
    return world;
  }

  SimulatedProcess process() {
    return process;
  }

  String name() {
    return gateway.name();
  }

  String incarnation() {
    return process.name();
  }

  int portGroup() {
    return gateway.portGroup();
  }

  View view() {
    return view;
  }

  DataPath dataPath() {
    return dataPath;
  }

  LeaseDriver lease() {
    return lease;
  }

  Sessions sessions() {
    return sessions;
  }

  Relays relays() {
    return relays;
  }

  SimulatedLuns luns() {
    return luns;
  }

  HandOver handOver() {
    return handOver;
  }

  SharedChanges changes() {
    return changes;
  }

  void recordWanted(String unitId) {
    process.after(1, () -> steward.recordWanted(unitId));
  }

  Luns.ClaimListener claimListener() {
    return steward.claims();
  }

  ObservationBoard board() {
    return board;
  }

  boolean registered() {
    return registered;
  }

  boolean ready() {
    return registered && view.units().size() == world.unitIds().size();
  }

  Map<String, WatchedUnit> units() {
    return units;
  }

  long nextPublication() {
    return ++publications;
  }

  @Override
  public String toString() {
    return process.name();
  }

  // ---- the other gateways

  List<GatewayLife> others() {
    return world.lives().stream().filter(other -> other != this).toList();
  }

  void send(GatewayLife to, Runnable arrival) {
    world.network().send(name(), to.name(), to.process, arrival);
  }

  /** Changes of an entity are told to every replica. */
  void publish(ViewEntry entry) {
    apply(entry);
    others().forEach(other -> send(other, () -> other.apply(entry)));
  }

  /** Replicas look now and then what others have that they lack. */
  private void share() {
    List<GatewayLife> others = others();
    if (!others.isEmpty()) {
      GatewayLife other = others.get(world.random().nextInt(others.size()));
      List<ViewEntry> mine = view.entries();
      send(
          other,
          () -> {
            List<ViewEntry> theirs = other.view.entries();
            mine.forEach(other::apply);
            other.send(this, () -> theirs.forEach(this::apply));
          });
    }
    List<Observation> own = new ArrayList<>(board.all());
    own.removeIf(seen -> !seen.observer().equals(name()) || seen.kind() != Kind.PROCESS_GONE);
    own.sort(StewardOfLife.IN_ORDER);
    if (!own.isEmpty()) {
      others.forEach(other -> send(other, () -> other.shared(own)));
    }
  }

  private void load() {
    if (!registered) {
      register();
    }
    for (String unit : world.unitIds()) {
      if (view.unit(unit).isEmpty()) {
        askEntity(
            unit,
            new LogicalUnit.Get(null),
            answer -> {
              if (answer instanceof Answer.Accepted accepted) {
                apply(accepted.entry());
              }
            });
      }
    }
    world
        .cassandra()
        .gateways(name(), process)
        .whenComplete(
            (entries, failure) -> {
              if (failure == null) {
                entries.forEach(this::apply);
              }
              if (failure != null || !ready()) {
                process.after(LOAD_AGAIN, this::load);
              }
            });
  }

  private void register() {
    GatewayEntry self = Samples.gateway(name(), portGroup(), incarnation(), GatewayEntry.State.UP);
    world
        .cassandra()
        .gateway(name(), process, self, false)
        .whenComplete(
            (entry, failure) -> {
              if (failure == null) {
                registered = true;
                publish(entry);
                steward.viewChanged();
              }
            });
  }

  private void apply(ViewEntry entry) {
    if (!view.apply(entry)) {
      return;
    }
    if (entry instanceof UnitEntry unit) {
      world.invariants().learns(this, unit);
      luns.entryChanged(unit);
    } else {
      if (entry instanceof GatewayEntry peer) {
        relays.closeOlder(peer);
      }
      luns.gatewayChanged();
    }
    steward.viewChanged();
  }

  // ---- what it sees of the others

  void processGone(GatewayLife gone) {
    if (proven.add(gone.incarnation())) {
      beginsNothing(gone.incarnation());
      lease.processGone(gone.incarnation());
      note(gone.name(), gone.incarnation(), Kind.PROCESS_GONE);
      List<Observation> news =
          List.of(observation(gone.name(), gone.incarnation(), Kind.PROCESS_GONE));
      others().forEach(other -> send(other, () -> other.shared(news)));
    }
  }

  /** A process is gone, or left out and its lease over. */
  private void beginsNothing(String incarnation) {
    luns.ownerGone(incarnation);
    relays.peerDead(incarnation);
  }

  /** A charter in force leaves a process out. */
  void leftOut(String incarnation, String gatewayName, long lastPing) {
    note(gatewayName, incarnation, Kind.REMOVED);
    long until =
        world.lacks(Mutation.TAKEOVER_WITHOUT_WAITING)
            ? process.nanoTime()
            : lastPing + LEASE_BOUND;
    process.at(
        until,
        () -> {
          note(gatewayName, incarnation, Kind.LEASE_OUT);
          beginsNothing(incarnation);
          Observation news = observation(gatewayName, incarnation, Kind.LEASE_OUT);
          others().forEach(other -> send(other, () -> other.shared(List.of(news))));
        });
  }

  private void note(String gatewayName, String incarnation, Kind kind) {
    Observation observation = observation(gatewayName, incarnation, kind);
    if (board.note(observation)) {
      world.trace(() -> "%s sees %s of %s".formatted(this, kind, incarnation));
      world.invariants().observed(observation);
      steward.look();
    }
  }

  private Observation observation(String gatewayName, String incarnation, Kind kind) {
    return new Observation(name(), gatewayName, incarnation, kind, Samples.WHEN, "");
  }

  private void shared(List<Observation> observations) {
    boolean changed = false;
    for (Observation observation : observations) {
      if (!observation.incarnation().equals(incarnation())) {
        changed |= board.note(observation);
        if (observation.kind() == Kind.LEASE_OUT) {
          beginsNothing(observation.incarnation());
        }
      }
    }
    if (changed) {
      steward.look();
    }
  }

  // ---- entities

  GatewayLife home(String unitId) {
    List<GatewayLife> candidates = lease.reachable();
    return candidates.get(Math.floorMod(unitId.hashCode(), candidates.size()));
  }

  void tellEntity(String unitId, LogicalUnit.Command command) {
    askEntity(unitId, command, UnitEntity.Asker.NOBODY);
  }

  void askEntity(String unitId, LogicalUnit.Command command, UnitEntity.Asker asker) {
    GatewayLife home = home(unitId);
    if (home == this) {
      process.after(1, () -> deliver(unitId, command, asker));
    } else {
      send(
          home,
          () ->
              home.deliver(unitId, command, answer -> home.send(this, () -> asker.accept(answer))));
    }
  }

  private void deliver(String unitId, LogicalUnit.Command command, UnitEntity.Asker asker) {
    BiFunction<String, UnitEntity, UnitEntity> running =
        (id, present) ->
            present == null || present.isStopped() ? new UnitEntity(this, id) : present;
    entities.compute(unitId, running).deliver(command, asker);
  }

  // ---- its end

  void leaseLost() {
    if (!world.lacks(Mutation.SESSIONS_KEPT)) {
      sessions.drop();
    }
  }

  void expelled(String cause) {
    if (!process.hasEnded()) {
      world.trace(() -> this + " ends: " + cause);
      gateway.halt(true);
    }
  }
}
