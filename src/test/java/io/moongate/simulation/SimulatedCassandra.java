package io.moongate.simulation;

import io.moongate.cluster.entity.TermReplay;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.view.GatewayEntry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Rows that are changed by compare-and-set, and the journal. Each operation takes effect at once
 * and at one moment, but whoever asked may not learn of it: the question or the answer is lost, or
 * it takes effect after one has given up waiting.
 */
final class SimulatedCassandra {
  static final String NODE = "cassandra";
  private static final long TIMEOUT = 2 * Scheduler.SECOND;
  private static final long LATEST = 4 * Scheduler.SECOND;

  private final Scheduler scheduler;
  private final Network network;
  private final Random random;
  private final Map<String, SimulatedOwnershipRows.Present> rows = new HashMap<>();
  private final Map<String, Long> terms = new HashMap<>();
  private final Map<String, List<Stored>> journals = new HashMap<>();
  private final Map<String, GatewayEntry> gateways = new java.util.TreeMap<>();
  private final CharterRow charter = new CharterRow();
  private boolean troubled = true;
  private long downUntil;

  /** An event, and the mark that follows it in the same write (see {@link TermReplay}). */
  record Stored(long sequence, TermReplay.Position position, LogicalUnit.Event event) {}

  SimulatedCassandra(Scheduler scheduler, Network network, Random random) {
    this.scheduler = scheduler;
    this.network = network;
    this.random = random;
  }

  void heal() {
    troubled = false;
    downUntil = 0;
  }

  void down(long nanos) {
    downUntil = Math.max(downUntil, scheduler.now() + nanos);
  }

  /** Asks for an operation; fails when its outcome is not known after a while. */
  <T> CompletionStage<T> ask(String node, SimulatedProcess from, Supplier<T> operation) {
    CompletableFuture<T> outcome = new CompletableFuture<>();
    from.after(TIMEOUT, () -> outcome.completeExceptionally(new TimeoutException(NODE)));
    if (network.isCut(node, NODE) || troubled && random.nextInt(100) == 0) {
      return outcome;
    }
    boolean late = troubled && random.nextInt(100) == 0;
    long at = late ? (long) (random.nextDouble() * LATEST) : network.delay();
    scheduler.after(
        at,
        () -> {
          if (scheduler.now() < downUntil) {
            return;
          }
          T result = operation.get();
          if (!network.isCut(NODE, node) && !(troubled && random.nextInt(100) == 0)) {
            scheduler.at(scheduler.now() + network.delay(), from, () -> outcome.complete(result));
          }
        });
    return outcome;
  }

  /**
   * A transaction: true when it was applied. The driver may have sent it before to a node that was
   * lost with it.
   */
  CompletionStage<Boolean> transact(
      String node, SimulatedProcess from, BooleanSupplier transaction) {
    if (troubled && random.nextInt(100) == 0) {
      ask(node, from, transaction::getAsBoolean);
    }
    return ask(node, from, transaction::getAsBoolean);
  }

  /** The ownership rows as one process reaches them. */
  OwnershipRows rows(GatewayLife life) {
    return new SimulatedOwnershipRows(life, this, rows);
  }

  /** The epoch of the row as it is now; 0 when there is none. */
  long epoch(String unitId) {
    SimulatedOwnershipRows.Present present = rows.get(unitId);
    return present == null ? 0 : present.row().epoch();
  }

  CompletionStage<Long> takeTerm(String node, SimulatedProcess from, String unitId) {
    return ask(node, from, () -> terms.merge(unitId, 1L, Long::sum));
  }

  CompletionStage<Boolean> confirmTerm(
      String node, SimulatedProcess from, String unitId, long term) {
    return ask(node, from, () -> terms.getOrDefault(unitId, 0L) == term);
  }

  CompletionStage<Void> append(String node, SimulatedProcess from, String unitId, Stored event) {
    return ask(
        node,
        from,
        () -> {
          journal(unitId).add(event);
          return null;
        });
  }

  private List<Stored> journal(String unitId) {
    return journals.computeIfAbsent(unitId, none -> new ArrayList<>());
  }

  /** The rows of a journal as a replay gets them, and the next free sequence number. */
  CompletionStage<List<Stored>> replay(String node, SimulatedProcess from, String unitId) {
    return ask(
        node,
        from,
        () -> {
          List<Stored> all = new ArrayList<>(journal(unitId));
          all.sort(Comparator.comparingLong(Stored::sequence)); // Stable: else as they came.
          // Each has its mark at the next number, and the replay ends at the first row of the
          // highest: of several last events the first one's mark hides the others' marks only.
          return all;
        });
  }

  /** Registers a process of a gateway, or notes what has become of it; the entry then. */
  CompletionStage<GatewayEntry> gateway(
      String node, SimulatedProcess from, GatewayEntry wanted, boolean only) {
    return ask(
        node,
        from,
        () -> {
          GatewayEntry present = gateways.get(wanted.name());
          if (from.hasEnded()) {
            return present; // A registration that comes after its process's end is void.
          }
          boolean same = present != null && present.incarnation().equals(wanted.incarnation());
          boolean known = same && present.state() == wanted.state();
          boolean taken = only ? same && present.state() == GatewayEntry.State.UP : !known;
          if (taken) {
            gateways.put(wanted.name(), Samples.after(present, wanted));
          }
          return gateways.get(wanted.name());
        });
  }

  /** Every entry of a gateway. */
  CompletionStage<List<GatewayEntry>> gateways(String node, SimulatedProcess from) {
    return ask(node, from, () -> new ArrayList<>(gateways.values()));
  }

  /** The charter's row. */
  CharterRow charter() {
    return charter;
  }
}
