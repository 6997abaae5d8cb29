package io.moongate.simulation;

import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.unit.OwnershipRows.Row;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.RegisterChecker;
import io.moongate.volume.VolumeStore;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Gateways, hosts, network, Cassandra and store, and everything that happens to them, from a seed:
 * the same seed, the same run.
 */
final class World {
  /**
   * By what part of it clocks run faster or slower than true time, at most, which nobody corrects.
   */
  static final double DRIFT = 0.0049;

  /** The same of a host whose time is being corrected as chrony does it. */
  private static final double CORRECTED = 1.0 / 12;

  private static final long MOST_TROUBLE = 25;

  /** Within which everything must have come to rest once nothing goes wrong any more. */
  private static final long SETTLING = 60 * Scheduler.SECOND;

  private static final long LOOK = 100 * Scheduler.MS;

  /**
   * What is simulated.
   *
   * @param store what the store can promise
   * @param lacks rules that are left out
   */
  record Settings(Disk.Kind store, Set<Mutation> lacks) {
    static final Settings PRODUCT = new Settings(Disk.Kind.FENCES, EnumSet.noneOf(Mutation.class));

    Settings on(Disk.Kind kind) {
      return new Settings(kind, lacks);
    }

    Settings without(Mutation rule) {
      return new Settings(store, EnumSet.of(rule));
    }
  }

  /**
   * What a run was like.
   *
   * @param digest the same for the same run
   * @param claimed ownerships that gateways have taken by the row
   * @param handedOver those that gateways have given so
   */
  record Result(
      long steps,
      long digest,
      long worldNanos,
      int operations,
      int repeated,
      long begun,
      long ownerships,
      int claimed,
      int handedOver) {}

  private final long seed;
  private final Settings settings;
  private final Trace trace;
  private final Random random;
  private final Scheduler scheduler = new Scheduler();
  private final Network network;
  private final SimulatedCassandra cassandra;
  private final Invariants invariants;
  private final Faults faults;
  private final List<String> unitIds = new ArrayList<>();
  private final Map<String, Disk> disks = new TreeMap<>();
  private final Map<String, History> histories = new TreeMap<>();
  private final List<SimulatedGateway> gateways = new ArrayList<>();
  private final Map<String, GatewayLife> everyLife = new TreeMap<>();
  private final List<GatewayLife> lives = new ArrayList<>();
  private final List<SimulatedHost> hosts = new ArrayList<>();
  private final long troubleUntil;
  private final boolean hostsReset;
  private boolean busy = true;
  private boolean atRest;
  private Violation violation;
  private long values;
  private int operations;
  private int repeated;
  private int claimed;
  private int handedOver;

  World(long seed, Settings settings, Trace trace) {
    this.seed = seed;
    this.settings = settings;
    this.trace = trace;
    this.random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
    this.network = new Network(scheduler, random);
    this.cassandra = new SimulatedCassandra(scheduler, network, random);
    this.invariants = new Invariants(this);
    int units = 1 + random.nextInt(2);
    for (int i = 1; i <= units; i++) {
      String id = i == 2 && random.nextBoolean() ? ofGroupOf(unitIds.get(0)) : "unit" + i;
      unitIds.add(id);
      disks.put(id, new Disk(this, id, settings.store()));
      histories.put(id, new History());
      disks.get(id).slow(random.nextInt(3) > 0);
    }
    int count = 2 + random.nextInt(3);
    for (int i = 1; i <= count; i++) {
      gateways.add(new SimulatedGateway(this, i));
    }
    hostsReset = random.nextBoolean();
    for (int i = 1; i <= 2; i++) {
      hosts.add(new SimulatedHost(this, "host" + i, 1 + random.nextInt(2)));
    }
    faults = new Faults(this);
    troubleUntil = (6 + random.nextInt((int) MOST_TROUBLE - 6)) * Scheduler.SECOND;
  }

  /** Another unit whose row is set by the same transaction when one gateway takes both over. */
  private static String ofGroupOf(String unit) {
    return IntStream.iterate(2, number -> number + 1)
        .mapToObj(number -> "unit" + number)
        .filter(id -> OwnershipRows.group(id) == OwnershipRows.group(unit))
        .findFirst()
        .orElseThrow();
  }

  /** Runs it. */
  Result run() {
    for (SimulatedGateway gateway : gateways) {
      scheduler.after(random.nextInt(500) * Scheduler.MS, gateway::start);
    }
    scheduler.after(600 * Scheduler.MS, this::create);
    faults.begin();
    scheduler.at(troubleUntil, null, this::settle);
    while (!atRest) {
      scheduler.step();
      invariants.check();
      if (violation != null) {
        throw violation;
      }
    }
    hosts.forEach(SimulatedHost::settle);
    histories.forEach(
        (unit, history) -> {
          List<String> found = RegisterChecker.violations(history);
          if (!found.isEmpty()) {
            violation(unit + " is not linearizable: " + found);
          }
        });
    long ownerships = unitIds.stream().mapToLong(cassandra::epoch).sum();
    return new Result(
        scheduler.steps(),
        scheduler.digest(),
        scheduler.now(),
        operations,
        repeated,
        invariants.begun(),
        ownerships,
        claimed,
        handedOver);
  }

  /** An operator creates the units, as often as it takes. */
  private void create() {
    for (String unit : unitIds) {
      boolean known = lives.stream().anyMatch(life -> life.view().unit(unit).isPresent());
      if (!known && !lives.isEmpty()) {
        GatewayLife asked = lives.get(random.nextInt(lives.size()));
        asked.process().after(1, () -> asked.tellEntity(unit, UnitSample.create(unit)));
      }
    }
    scheduler.after(500 * Scheduler.MS, this::create);
  }

  /** Nothing goes wrong any more, and nobody asks for anything new. */
  private void settle() {
    trace(() -> "nothing goes wrong any more");
    busy = false;
    network.heal();
    cassandra.heal();
    disks.values().forEach(disk -> disk.slow(false));
    look();
  }

  private void look() {
    String unrest = unrest();
    atRest = unrest.isEmpty();
    if (!atRest && scheduler.now() > troubleUntil + SETTLING) {
      violation("not at rest: " + unrest);
    }
    scheduler.after(LOOK, this::look);
  }

  private String unrest() {
    for (SimulatedHost host : hosts) {
      if (!host.isIdle()) {
        return host.waiting();
      }
    }
    for (GatewayLife life : lives) {
      if (!life.lease().covers(life.process().nanoTime())) {
        return life + " has no lease";
      }
    }
    for (String unit : unitIds) {
      int serving = 0;
      for (GatewayLife life : lives) {
        UnitEntry entry = life.view().unit(unit).orElse(null);
        if (entry == null || entry.ownership().phase() != Phase.SERVING) {
          return life + " sees " + entry;
        }
        if (life.luns().isAhead(entry)) {
          return "%s has a claim that is not on record: %s".formatted(life, entry.ownership());
        }
        WatchedUnit here = life.units().get(unit);
        if (here.stamp() == WatchedUnit.NONE) {
          return "%s does not serve %s: %s".formatted(life, unit, entry.ownership());
        }
        serving += here.servedHere() == WatchedUnit.NONE ? 0 : 1;
      }
      if (serving != 1) {
        return "%s is served by %d".formatted(unit, serving);
      }
    }
    return lives.size() == gateways.size() ? "" : "gateways are down";
  }

  // ---- its parts

  /** How far gateways' clocks may be off; in each second world their hosts' time is corrected. */
  double clocksOff() {
    return seed % 2 == 0 ? DRIFT : CORRECTED;
  }

  long seed() {
    return seed;
  }

  Settings settings() {
    return settings;
  }

  boolean lacks(Mutation rule) {
    return settings.lacks().contains(rule);
  }

  Random random() {
    return random;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  Network network() {
    return network;
  }

  SimulatedCassandra cassandra() {
    return cassandra;
  }

  /** The owner of a unit knows that a change of its shared state is recorded: its host is told. */
  void changeAccepted(GatewayLife by, String unit, long version) {
    trace(() -> "%s has version %d of %s recorded".formatted(by, version, unit));
    invariants.changeAccepted(unit, version);
    faults.changeAccepted(by, unit);
  }

  /** A host is about to send a write. */
  void writes(String host, String gateway, String unit) {
    faults.writes(host, gateway, unit);
  }

  /** An owner of a unit has given up opening it. */
  void gaveUp(GatewayLife owner) {
    faults.gaveUp(owner);
  }

  /** A process has set an ownership row. */
  void rowSet(GatewayLife by, String unit, Row row) {
    trace(() -> "%s sets the row of %s: %s".formatted(by, unit, row));
    if (row.serving() && row.incarnation().equals(by.incarnation())) {
      claimed++;
    } else if (row.serving()) {
      handedOver++;
    }
    invariants.rowSet(unit, row);
    faults.rowSet(by, unit, row);
  }

  Invariants invariants() {
    return invariants;
  }

  List<String> unitIds() {
    return unitIds;
  }

  Disk disk(String unit) {
    return disks.get(unit);
  }

  /** Any disk gives the store: each opens whichever unit is asked for. */
  VolumeStore storeOf(GatewayLife life) {
    return disks.get(unitIds.get(0)).store(life);
  }

  History history(String unit) {
    return histories.get(unit);
  }

  List<SimulatedGateway> gateways() {
    return gateways;
  }

  SimulatedGateway gateway(String name) {
    return gateways.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }

  List<SimulatedHost> hosts() {
    return hosts;
  }

  /** Whether hosts end a connection they give up by a reset, as Linux does; others fall silent. */
  boolean hostsReset() {
    return hostsReset;
  }

  SimulatedHost host(String name) {
    return hosts.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }

  /** Processes of gateways that have not ended. */
  List<GatewayLife> lives() {
    return lives;
  }

  /** A process of a gateway, whether or not it lives. */
  GatewayLife life(String incarnation) {
    return everyLife.get(incarnation);
  }

  void started(GatewayLife life) {
    everyLife.put(life.incarnation(), life);
    lives.add(life);
  }

  /**
   * A process has ended.
   *
   * @param machineLives whether its machine resets its connections
   */
  void ended(GatewayLife life, boolean machineLives) {
    lives.remove(life);
    if (machineLives) {
      hosts.forEach(host -> host.machineSays(life));
    }
  }

  /** Whether things go wrong, and hosts begin operations. */
  boolean isBusy() {
    return busy;
  }

  long nextValue() {
    return ++values;
  }

  void done(long nanos, boolean again) {
    operations++;
    if (again) {
      repeated++;
    }
  }

  void trace(Supplier<String> line) {
    trace.line(scheduler.now(), line);
  }

  /**
   * Something must not be so: the run ends. What is thrown here may be caught on its way, for the
   * product is there.
   */
  void violation(String what) {
    if (violation == null) {
      trace(() -> "VIOLATION: " + what);
      violation = new Violation(seed, scheduler.now(), what);
    }
    throw violation;
  }
}
