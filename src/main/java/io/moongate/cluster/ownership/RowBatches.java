package io.moongate.cluster.ownership;

import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.unit.OwnershipRows.Row;
import io.moongate.cluster.unit.OwnershipRows.TakeOver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Asks for the rows of many units by few transactions: units of one group go together.
 *
 * <p>Transactions on one group hinder one another. So this gateway has one at a time on each, and
 * goes through the groups in an order of its own, that others which take over at the same time do
 * not share.
 */
final class RowBatches {
  /**
   * Units in one transaction. Cassandra has no limit of its own for such a batch but the size of a
   * mutation (16 MiB by default); all of them wait for it as a whole, and for one refusal in it.
   */
  static final int LARGEST = 100;

  /** Transactions under way: enough to keep Cassandra busy, few enough not to meet others'. */
  static final int AT_ONCE = 4;

  /**
   * How long a row is waited for, once it was asked, before its entity is: that would ask the same
   * group, which has been too slow.
   */
  static final Duration PATIENCE = Duration.ofSeconds(1);

  /** How long a unit waits for its turn: then Cassandra is too slow for more. */
  static final Duration TURN = Duration.ofSeconds(2);

  private final OwnershipRows rows;
  private final BooleanSupplier lease;
  private final Timer timer;
  private final List<Integer> order;
  private final Map<Integer, List<Waiting>> waiting = new HashMap<>();
  private final Set<Integer> underWay = new HashSet<>();

  private static final class Waiting {
    final TakeOver unit;

    /** The row, or why there is none. */
    final BiConsumer<Row, Throwable> answer;

    final CompletableFuture<Void> patience = new CompletableFuture<>();

    Waiting(TakeOver unit, BiConsumer<Row, Throwable> answer) {
      this.unit = unit;
      this.answer = answer;
    }

    void answered(Row row, Throwable failure) {
      answer.accept(row, failure);
      patience.complete(null);
    }
  }

  private record Batch(int group, List<Waiting> units) {}

  /**
   * @param lease whether this gateway holds its lease now: without it nothing is asked for
   */
  RowBatches(OwnershipRows rows, String gateway, BooleanSupplier lease, Timer timer) {
    this.rows = rows;
    this.lease = lease;
    this.timer = timer;
    this.order = new ArrayList<>(IntStream.range(0, OwnershipRows.GROUPS).boxed().toList());
    Collections.shuffle(order, new Random(gateway.hashCode()));
  }

  /**
   * Takes a unit on. It is asked for after {@link #send}, when it is its turn.
   *
   * @param answer takes the row, or why it is not known, on any thread
   * @return completes when the row has answered, or has had its time; never fails
   */
  CompletionStage<Void> add(TakeOver unit, BiConsumer<Row, Throwable> answer) {
    Waiting wanted = new Waiting(unit, answer);
    int group = OwnershipRows.group(unit.unitId());
    synchronized (this) {
      waiting.computeIfAbsent(group, none -> new ArrayList<>()).add(wanted);
    }
    timer.after(TURN, () -> giveUp(group, wanted));
    return wanted.patience;
  }

  private void giveUp(int group, Waiting wanted) {
    boolean unsent;
    synchronized (this) {
      List<Waiting> ofGroup = waiting.get(group);
      unsent = ofGroup != null && ofGroup.remove(wanted);
    }
    if (unsent) {
      wanted.answered(null, new TimeoutException("it was not its turn within " + TURN));
    }
  }

  /**
   * Asks for a unit that there is not, whatever becomes of it. A row that is not there is not set,
   * so this needs no lease.
   */
  void rehearse(TakeOver never) {
    var unused = ask(List.of(never));
  }

  /** Sends what may be sent now, and the rest as answers come. */
  void send() {
    for (Batch batch = next(); batch != null; batch = next()) {
      send(batch);
    }
  }

  private synchronized Batch next() {
    if (underWay.size() >= AT_ONCE) {
      return null;
    }
    for (int group : order) {
      if (waiting.containsKey(group) && !underWay.contains(group)) {
        List<Waiting> batch = take(group);
        if (!batch.isEmpty()) {
          underWay.add(group);
          return new Batch(group, batch);
        }
      }
    }
    return null;
  }

  /** Each unit once: another version of it is another question. */
  private List<Waiting> take(int group) {
    List<Waiting> ofGroup = waiting.get(group);
    List<Waiting> batch = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (Iterator<Waiting> each = ofGroup.iterator(); each.hasNext() && batch.size() < LARGEST; ) {
      Waiting unit = each.next();
      if (ids.add(unit.unit.unitId())) {
        batch.add(unit);
        each.remove();
      }
    }
    if (ofGroup.isEmpty()) {
      waiting.remove(group);
    }
    return batch;
  }

  private void send(Batch batch) {
    timer.after(PATIENCE, () -> batch.units().forEach(each -> each.patience.complete(null)));
    CompletionStage<Map<String, Row>> decided =
        lease.getAsBoolean()
            ? ask(batch.units().stream().map(each -> each.unit).toList())
            : CompletableFuture.failedStage(new IllegalStateException("the lease is lost"));
    var unused =
        decided.whenComplete(
            (found, failure) -> {
              synchronized (this) {
                underWay.remove(batch.group());
              }
              for (Waiting each : batch.units()) {
                Row row = failure == null ? found.get(each.unit.unitId()) : null;
                each.answered(row, row == null && failure == null ? noRow(each) : failure);
              }
              send();
            });
  }

  private CompletionStage<Map<String, Row>> ask(List<TakeOver> units) {
    try {
      return rows.takeOver(units);
    } catch (RuntimeException e) {
      return CompletableFuture.failedStage(e); // Their group would never be free again.
    }
  }

  private static IllegalStateException noRow(Waiting unit) {
    return new IllegalStateException(
        "there is no ownership row of %s, or one that was set upon another shared version"
            .formatted(unit.unit.unitId()));
  }
}
