package io.moongate.simulation;

import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.OwnershipRows.Row;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What must hold after every step, whatever happens. The promise itself is judged at the end of a
 * run by the linearizability checker of the multi-node tests, and here as far as it can be told at
 * once.
 */
final class Invariants {
  private final World world;
  private final Map<Long, Write> writes = new HashMap<>();
  private final Map<String, long[]> floors = new TreeMap<>();
  private final Map<String, Kind> out = new TreeMap<>();
  private final Map<String, Long> rowEpochs = new TreeMap<>();
  private final Map<String, Long> published = new TreeMap<>();
  private final Map<String, String> owners = new TreeMap<>();
  private final Map<String, Long> changes = new TreeMap<>();
  private final Map<String, Long> learnt = new HashMap<>();
  private long begun;

  /** An attempt of a write, from a host's sending it. */
  private static final class Write {
    final long invoked;
    long acknowledged = Long.MAX_VALUE;
    SimulatedProcess gateway;
    long deadline;
    long stamp;
    boolean refused;

    Write(long invoked) {
      this.invoked = invoked;
    }
  }

  Invariants(World world) {
    this.world = world;
  }

  /** Operations that have begun at a store. */
  long begun() {
    return begun;
  }

  /** Looks at everything. */
  void check() {
    for (String unit : world.unitIds()) {
      long row = world.cassandra().epoch(unit);
      Long before = rowEpochs.put(unit, row);
      if (before != null && row < before) {
        world.violation("the epoch of %s went from %d to %d".formatted(unit, before, row));
      }
      GatewayLife serving = null;
      for (GatewayLife life : world.lives()) {
        WatchedUnit here = life.units().get(unit);
        if (here == null || here.servedHere() == WatchedUnit.NONE || !holdsLease(life)) {
          continue;
        }
        if (serving != null) {
          world.violation("%s and %s may both touch %s".formatted(serving, life, unit));
        }
        serving = life;
        owns(unit, here.servedHere(), life.incarnation());
        if (here.sharedVersion() < changes.getOrDefault(unit, 0L)) {
          world.violation(
              "%s serves %s with version %d of the shared state; a host was told of %d"
                  .formatted(life, unit, here.sharedVersion(), changes.get(unit)));
        }
        long newest = newest(unit);
        if (here.servedHere() > row || here.servedHere() < newest) {
          world.violation(
              "%s serves %s under epoch %d; %d was published, the row says %d"
                  .formatted(life, unit, here.servedHere(), newest, row));
        }
      }
    }
    for (GatewayLife life : world.lives()) {
      Kind how = out.get(life.incarnation());
      if (how != null && (how != Kind.LEASE_OUT || holdsLease(life))) {
        world.violation(
            how == Kind.LEASE_OUT
                ? life + " holds a lease that was seen to be out"
                : life + " lives and is proven to be gone");
      }
    }
  }

  /**
   * The newest epoch that anybody was told of, or that the row says is served. The row may be ahead
   * of it by what the entity asked for and did not learn: that is recorded by the next proposal;
   * until then the present owner goes on.
   */
  private long newest(String unit) {
    return published.getOrDefault(unit, 0L);
  }

  private static boolean holdsLease(GatewayLife life) {
    return life.lease().covers(life.process().nanoTime());
  }

  /** Somebody noted an observation of its own. */
  void observed(Observation seen) {
    if (seen.kind() == Kind.LEASE_OUT || seen.kind() == Kind.PROCESS_GONE) {
      out.merge(
          seen.incarnation(),
          seen.kind(),
          (a, b) -> a == Kind.PROCESS_GONE || b == Kind.PROCESS_GONE ? Kind.PROCESS_GONE : a);
    }
  }

  /** A row was set. One that says that it is served was asked for when nobody served any more. */
  void rowSet(String unit, Row row) {
    owns(unit, row.epoch(), row.incarnation());
    if (row.serving()) {
      published.merge(unit, row.epoch(), Math::max);
    }
  }

  /** A gateway goes by what the row is said to have decided. */
  void claimed(GatewayLife life, Luns.Claim claim) {
    owns(claim.unitId(), claim.epoch(), claim.incarnation());
    published.merge(claim.unitId(), claim.epoch(), Math::max);
    if (claim.epoch() > world.cassandra().epoch(claim.unitId())) {
      world.violation("%s goes by %s, ahead of the row".formatted(life, claim));
    }
  }

  /** A host was told of a change of the shared state: whoever serves from now on has it. */
  void changeAccepted(String unit, long version) {
    changes.merge(unit, version, Math::max);
  }

  /** Of one epoch there is one owner, whoever says it. */
  private void owns(String unit, long epoch, String incarnation) {
    String known = owners.putIfAbsent(unit + " under " + epoch, incarnation);
    if (known != null && !known.equals(incarnation)) {
      world.violation("%s and %s own %s under epoch %d".formatted(known, incarnation, unit, epoch));
    }
  }

  /** A replica takes an entry. */
  void learns(GatewayLife life, UnitEntry unit) {
    long epoch = unit.ownership().epoch();
    if (unit.ownership().phase() != Phase.UNOWNED) {
      owns(unit.id(), epoch, unit.ownership().incarnation());
    }
    published.merge(unit.id(), epoch, Math::max);
    Long before = learnt.put(life.incarnation() + unit.id(), epoch);
    if (before != null && epoch < before) {
      world.violation("%s saw epoch %d of %s after %d".formatted(life, epoch, unit.id(), before));
    }
    if (epoch > world.cassandra().epoch(unit.id())) {
      world.violation("%s saw epoch %d of %s, ahead of its row".formatted(life, epoch, unit.id()));
    }
  }

  // ---- commands

  private long[] floorsOf(String unit) {
    return floors.computeIfAbsent(
        unit,
        first -> {
          long[] none = new long[Disk.BLOCKS];
          Arrays.fill(none, Long.MIN_VALUE);
          return none;
        });
  }

  /** A host sends an attempt of a write. */
  void invoked(String unit, int block, int blocks, long value, long at) {
    writes.put(value, new Write(at));
  }

  /** A gateway has read it, and stamped it if it knew with what. */
  void arrived(long value, GatewayLife at, long deadline, long stamp) {
    Write write = writes.get(value);
    if (write != null) {
      write.gateway = at.process();
      write.deadline = deadline;
      write.stamp = stamp;
    }
  }

  /** The gateway answered it, and not with success. */
  void refused(long value) {
    Write write = writes.get(value);
    if (write != null) {
      write.refused = true;
    }
  }

  /** Something begins at a store. */
  void begins(GatewayLife life, String unit, long epoch, long value) {
    begun++;
    if (!holdsLease(life)) {
      world.violation("%s touches %s without a lease".formatted(life, unit));
    }
    long row = world.cassandra().epoch(unit);
    if (epoch > row || epoch < newest(unit)) {
      world.violation(
          "%s touches %s under epoch %d; %d was published, the row says %d"
              .formatted(life, unit, epoch, newest(unit), row));
    }
    Write write = writes.get(value);
    if (write == null) {
      return;
    }
    world.trace(() -> "%s begins %d under %d".formatted(life, value, epoch));
    if (write.gateway.nanoTime() - write.deadline >= 0) {
      world.violation("write %d begins at %s past its deadline".formatted(value, life));
    }
    lands(unit, value);
    if (write.refused) {
      world.violation("write %d begins at %s after it was answered".formatted(value, life));
    }
    if (write.stamp != WatchedUnit.NONE && write.stamp != epoch) {
      world.violation(
          "write %d of epoch %d begins under epoch %d".formatted(value, write.stamp, epoch));
    }
  }

  /** A write changes a block, or is about to: not after its host has gone on without it. */
  void lands(String unit, long value) {
    if (world.scheduler().now() > writes.get(value).acknowledged) {
      world.violation(
          "write %d lands on %s after its host had it acknowledged otherwise"
              .formatted(value, unit));
    }
  }

  /** The operation of an attempt was acknowledged: it must not take effect later. */
  void acknowledged(String unit, int block, int blocks, long value, long at) {
    writes.get(value).acknowledged = at;
  }

  /** This attempt was the one that was acknowledged. */
  void succeeded(String unit, int block, int blocks, long value) {
    long[] newest = floorsOf(unit);
    for (int i = block; i < block + blocks; i++) {
      newest[i] = Math.max(newest[i], writes.get(value).invoked);
    }
  }

  /** For each block, when the newest of the writes that are acknowledged was begun. */
  long[] floors(String unit) {
    return floorsOf(unit).clone();
  }

  /** A host has read a value; {@code floor} is of when it asked. */
  void read(String client, String unit, int block, long value, long floor) {
    long settled = value == 0 ? Long.MIN_VALUE : writes.get(value).acknowledged;
    if (settled < floor) {
      world.violation(
          "%s read %d from %s block %d, older than what was acknowledged before"
              .formatted(client, value, unit, block));
    }
  }
}
