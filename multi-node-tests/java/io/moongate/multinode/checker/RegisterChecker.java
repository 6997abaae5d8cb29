package io.moongate.multinode.checker;

import io.moongate.multinode.checker.History.Attempt;
import io.moongate.multinode.checker.History.Kind;
import io.moongate.multinode.checker.History.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether each block of a history is linearizable as a register.
 *
 * <p>With unique values every read names the write that it saw, so that the question is decided
 * exactly and in n log n (P. Gibbons, E. Korach, <em>Testing Shared Memories</em>, SIAM J.
 * Computing 26, 1997). A write and its reads form a cluster, and must be neighbours in any order of
 * the register's operations. Let first be the earliest end in the cluster, last the latest
 * beginning. Where first is before last, the register held the value from first to last at least:
 * the cluster is <em>forward</em>. Otherwise its operations all overlap between last and first, and
 * there is a moment between these at which all of them can have happened: it is <em>backward</em>.
 * An order exists if and only if no read ended before its write began, no two forward clusters
 * overlap, and no backward one lies within a forward one.
 *
 * <p>Blocks are independent: a register's order is a matter of that register alone (linearizability
 * is local).
 */
public final class RegisterChecker {
  private static final int MOST_REPORTED = 20;

  private final List<String> violations = new ArrayList<>();

  private RegisterChecker() {}

  /** An operation on one block. */
  private record Operation(Attempt attempt, long value) {
    long invoked() {
      return attempt.invoked();
    }

    long completed() {
      return attempt.completed();
    }

    @Override
    public String toString() {
      return "%s %s %d by %s through %s, %d to %s"
          .formatted(
              attempt.outcome(),
              attempt.kind(),
              value,
              attempt.client(),
              attempt.path(),
              invoked(),
              completed() == History.NEVER ? "never" : completed());
    }
  }

  /** A write, or the initial value when it is null, with its reads. */
  private static final class Cluster {
    final Operation write;
    final List<Operation> reads = new ArrayList<>();

    Cluster(Operation write) {
      this.write = write;
    }

    long writeInvoked() {
      return write == null ? Long.MIN_VALUE : write.invoked();
    }

    /** The earliest end of an operation. */
    long first() {
      long end = write == null ? Long.MIN_VALUE : write.completed();
      for (Operation read : reads) {
        end = Math.min(end, read.completed());
      }
      return end;
    }

    /** The latest beginning of an operation. */
    long last() {
      long begin = writeInvoked();
      for (Operation read : reads) {
        begin = Math.max(begin, read.invoked());
      }
      return begin;
    }

    @Override
    public String toString() {
      Operation early = reads.stream().min(Comparator.comparing(Operation::completed)).orElse(null);
      Operation late = reads.stream().max(Comparator.comparing(Operation::invoked)).orElse(null);
      return "[%s; %d reads%s]"
          .formatted(
              write == null ? "initial value" : write,
              reads.size(),
              reads.isEmpty() ? "" : ", the earliest " + early + ", the latest " + late);
    }
  }

  private record Zone(Cluster cluster, long first, long last) {}

  /**
   * Judges a history.
   *
   * @return what can't be explained by any order of the operations, at most some twenty of it;
   *     empty when all can
   */
  public static List<String> violations(History history) {
    RegisterChecker checker = new RegisterChecker();
    checker.violations.addAll(history.anomalies());
    Map<Long, List<Operation>> blocks = new TreeMap<>();
    for (Attempt attempt : history.attempts()) {
      for (int i = 0; i < attempt.values().size(); i++) {
        blocks
            .computeIfAbsent(attempt.block() + i, block -> new ArrayList<>())
            .add(new Operation(attempt, attempt.values().get(i)));
      }
    }
    blocks.forEach(checker::checkBlock);
    int found = checker.violations.size();
    return found <= MOST_REPORTED
        ? checker.violations
        : List.copyOf(checker.violations.subList(0, MOST_REPORTED));
  }

  private void checkBlock(long block, List<Operation> operations) {
    Map<Long, Cluster> clusters = new TreeMap<>();
    clusters.put(History.UNWRITTEN, new Cluster(null));
    for (Operation operation : operations) {
      if (operation.attempt().kind() == Kind.WRITE
          && clusters.put(operation.value(), new Cluster(operation)) != null) {
        throw new IllegalArgumentException("value written twice: " + operation);
      }
    }
    for (Operation operation : operations) {
      if (operation.attempt().kind() == Kind.READ && operation.attempt().outcome() == Outcome.OK) {
        addRead(block, clusters, operation);
      }
    }
    List<Zone> forward = new ArrayList<>();
    List<Zone> backward = new ArrayList<>();
    for (Cluster cluster : clusters.values()) {
      if (isNothing(cluster)) {
        continue;
      }
      Zone zone = new Zone(cluster, cluster.first(), cluster.last());
      (zone.first() < zone.last() ? forward : backward).add(zone);
    }
    checkZones(block, forward, backward);
  }

  private void addRead(long block, Map<Long, Cluster> clusters, Operation read) {
    Cluster cluster = clusters.get(read.value());
    if (cluster == null) {
      report(block, "a value that nobody wrote here: " + read);
    } else if (read.completed() < cluster.writeInvoked()) {
      report(block, "read before it was written: " + read + ", " + cluster);
    } else if (cluster.write != null && cluster.write.attempt().outcome() == Outcome.REFUSED) {
      report(block, "a write that was refused took effect: " + cluster.write + "; " + read);
    } else {
      cluster.reads.add(read);
    }
  }

  /** Writes that need not have happened: nobody saw them, and they were not acknowledged. */
  private static boolean isNothing(Cluster cluster) {
    return cluster.reads.isEmpty()
        && (cluster.write == null || cluster.write.attempt().outcome() != Outcome.OK);
  }

  private void checkZones(long block, List<Zone> forward, List<Zone> backward) {
    forward.sort(Comparator.comparingLong(Zone::first));
    TreeMap<Long, Zone> byFirst = new TreeMap<>();
    Zone reaching = null;
    for (Zone zone : forward) {
      if (reaching != null && zone.first() < reaching.last()) {
        report(
            block, "each must be before the other: " + reaching.cluster() + ", " + zone.cluster());
      }
      if (reaching == null || zone.last() > reaching.last()) {
        reaching = zone;
      }
      byFirst.put(zone.first(), zone);
    }
    for (Zone zone : backward) {
      Map.Entry<Long, Zone> around = byFirst.lowerEntry(zone.last());
      if (around != null && zone.first() < around.getValue().last()) {
        report(
            block,
            "a write in the middle of the time in which another value was held: "
                + zone.cluster()
                + " within "
                + around.getValue().cluster());
      }
    }
  }

  private void report(long block, String what) {
    violations.add("block " + block + ": " + what);
  }
}
