package io.moongate.scsi.task;

import io.moongate.measure.Latencies;
import io.moongate.scsi.Command;
import io.moongate.scsi.Response;
import io.moongate.scsi.Status;
import io.moongate.scsi.sense.Sense;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What became of the commands to a logical unit on one gateway, since it exports the unit. The task
 * set's monitor guards the original, which is held anyway when a command ends: so counting costs no
 * lock, no atomic operation and no memory of its own. Copies are the reader's.
 */
public final class UnitCounts {

  /** Commands of one kind that took one way. */
  public static final class Series {
    private final Latencies latencies = new Latencies();
    private long bytes;

    /**
     * From arrival in the task set to the answer; as many as there were commands. Nothing is known
     * of those that were answered at once.
     */
    public Latencies latencies() {
      return latencies;
    }

    /** Bytes of data-in and data-out of those that ended with GOOD. */
    public long bytes() {
      return bytes;
    }

    private void add(Series other) {
      latencies.add(other.latencies);
      bytes += other.bytes;
    }
  }

  private static final int KINDS = CommandKind.values().length;

  private final Series[] series = new Series[Via.values().length * KINDS];

  /** By kind, from the moment a command's turn had come to its end on the store. */
  private final Latencies[] service = new Latencies[KINDS];

  private final Map<Status, Long> statuses = new EnumMap<>(Status.class);
  private final Map<Integer, Long> senses = new TreeMap<>();
  private long aborted;
  private long lastNanos;
  private boolean any;

  /** A task has ended and is answered. */
  void ended(Task task, Via via, boolean executed, Response response, long nowNanos) {
    CommandKind kind = CommandKind.of(task.command().operationCode());
    answered(task.command(), kind, via, response, nowNanos - task.arrivedNanos, nowNanos);
    if (executed) {
      int index = kind.ordinal();
      Latencies ofKind = service[index];
      if (ofKind == null) {
        ofKind = new Latencies();
        service[index] = ofKind;
      }
      ofKind.record(nowNanos - task.begunNanos);
    }
  }

  /** A command is answered that was no task, or none yet. */
  void answeredAtOnce(Command command, Via via, Response response, long nowNanos) {
    answered(command, CommandKind.of(command.operationCode()), via, response, 0, nowNanos);
  }

  private void answered(
      Command command,
      CommandKind kind,
      Via via,
      Response response,
      long tookNanos,
      long nowNanos) {
    Series counted = series(via, kind);
    counted.latencies.record(tookNanos);
    any = true;
    lastNanos = nowNanos;
    if (response.status() == Status.GOOD) {
      counted.bytes += command.dataOut().remaining() + (long) response.dataIn().remaining();
    } else {
      statuses.merge(response.status(), 1L, Long::sum);
      if (response.status() == Status.CHECK_CONDITION) {
        Sense.decode(response.sense())
            .ifPresent(
                sense -> senses.merge(sense.key() << 16 | sense.additional(), 1L, Long::sum));
      }
    }
  }

  private Series series(Via via, CommandKind kind) {
    int index = via.ordinal() * KINDS + kind.ordinal();
    Series found = series[index];
    if (found == null) {
      found = new Series();
      series[index] = found;
    }
    return found;
  }

  /** A task has ended, or was dropped, and is not answered: its host has given it up. */
  void abortedTask() {
    aborted++;
  }

  /** Told each kind of command and way of which there were some. */
  @FunctionalInterface
  public interface Visitor {
    void visit(Via via, CommandKind kind, Series series);
  }

  /** Visits every kind of command and way of which there were some. */
  public void each(Visitor visitor) {
    for (Via via : Via.values()) {
      for (CommandKind kind : CommandKind.values()) {
        Series found = series[via.ordinal() * KINDS + kind.ordinal()];
        if (found != null) {
          visitor.visit(via, kind, found);
        }
      }
    }
  }

  /** How long the store took for commands of each kind that were executed here. */
  public Map<CommandKind, Latencies> service() {
    Map<CommandKind, Latencies> all = new EnumMap<>(CommandKind.class);
    for (CommandKind kind : CommandKind.values()) {
      if (service[kind.ordinal()] != null) {
        all.put(kind, service[kind.ordinal()]);
      }
    }
    return all;
  }

  /** How many ended with each status but GOOD. */
  public Map<Status, Long> statuses() {
    return statuses;
  }

  /** How many ended with each sense: sense key, ASC and ASCQ, one byte each. */
  public Map<Integer, Long> senses() {
    return senses;
  }

  /** How many were aborted. */
  public long aborted() {
    return aborted;
  }

  /** Whether there was any command. */
  public boolean any() {
    return any;
  }

  /** When the last one was answered, by {@link System#nanoTime}; only if there was any. */
  public long lastNanos() {
    return lastNanos;
  }

  /** Adds what another unit has. */
  public void add(UnitCounts other) {
    other.each((via, kind, more) -> series(via, kind).add(more));
    other
        .service()
        .forEach(
            (kind, more) -> {
              int index = kind.ordinal();
              if (service[index] == null) {
                service[index] = new Latencies();
              }
              service[index].add(more);
            });
    other.statuses.forEach((status, count) -> statuses.merge(status, count, Long::sum));
    other.senses.forEach((sense, count) -> senses.merge(sense, count, Long::sum));
    aborted += other.aborted;
    if (other.any && (!any || other.lastNanos - lastNanos > 0)) {
      lastNanos = other.lastNanos;
    }
    any |= other.any;
  }
}
