package io.moongate.cluster.view;

import io.moongate.cluster.view.UnitEntry.Phase;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The last changes of the view in the order in which this gateway's replica learnt them, for those
 * who follow it. Each is numbered; of older ones than a fixed number nothing is kept. The replica
 * never waits for a follower.
 */
public final class ViewChanges {
  private final String name = UUID.randomUUID().toString().substring(0, 8);
  private final Change[] ring;
  private final Set<String> underWay = new HashSet<>();
  private final List<Runnable> followers = new CopyOnWriteArrayList<>();
  private long last;

  /**
   * A change.
   *
   * @param number one more than that of the change before
   * @param entry what the replica has learnt
   * @param operationEnded whether something was under way with the entity that has ended by it
   */
  public record Change(long number, ViewEntry entry, boolean operationEnded) {}

  /**
   * @param kept how many changes are kept
   */
  public ViewChanges(int kept) {
    ring = new Change[kept];
  }

  /** Names this sequence of numbers: every process begins another. */
  public String name() {
    return name;
  }

  /** The number of the last change; 0 when there was none. */
  public synchronized long last() {
    return last;
  }

  /** The replica has applied an entry. Called by the replica alone. */
  public void applied(ViewEntry entry) {
    synchronized (this) {
      boolean ended = false;
      if (isUnderWay(entry)) {
        underWay.add(entry.entityId());
      } else {
        ended = underWay.remove(entry.entityId());
      }
      last++;
      ring[slot(last)] = new Change(last, entry, ended);
    }
    followers.forEach(Runnable::run);
  }

  /** As {@code GET /operations} counts what is under way with an entity by itself. */
  private static boolean isUnderWay(ViewEntry entry) {
    if (entry instanceof UnitEntry unit) {
      return !unit.deleted() && unit.ownership().phase() != Phase.SERVING;
    }
    return entry instanceof GatewayEntry gateway
        && gateway.state() != GatewayEntry.State.REMOVED
        && gateway.service().duty() == GatewayEntry.Duty.DRAINING;
  }

  /**
   * The changes after a number, oldest first.
   *
   * @param most how many at most
   * @return empty when some of them are not kept any more, or the number is of no change that was
   */
  public synchronized Optional<List<Change>> after(long number, int most) {
    if (number < 0 || number > last || last - number > ring.length) {
      return Optional.empty();
    }
    List<Change> changes = new ArrayList<>();
    for (long next = number + 1; next <= last && changes.size() < most; next++) {
      changes.add(ring[slot(next)]);
    }
    return Optional.of(changes);
  }

  /**
   * Calls {@code onChange} after each change, on the replica's thread: not to block.
   *
   * @return ends that
   */
  public Runnable follow(Runnable onChange) {
    followers.add(onChange);
    return () -> followers.remove(onChange);
  }

  private int slot(long number) {
    return (int) (number % ring.length);
  }
}
