package io.moongate.scsi.task;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Which claims on ranges of the medium are held, and which wait. An exclusive claim is never held
 * together with an overlapping one; shared claims may overlap. A claim waits behind every
 * overlapping one that came before it, so nobody starves; one that is urgent (HEAD OF QUEUE) waits
 * only for those that are held.
 *
 * <p>Knows no time and no threads: whoever uses it guards it.
 */
final class RangeLock {

  /** A claim: of {@code [from, to)}, exclusive or shared. */
  abstract static class Claim {
    private final long from;
    private final long to;
    private final boolean exclusive;
    private final boolean urgent;
    private Claim before;
    private Claim after;
    private boolean waits;
    private int slot;

    Claim(long from, long to, boolean exclusive, boolean urgent) {
      this.from = from;
      this.to = to;
      this.exclusive = exclusive;
      this.urgent = urgent;
    }

    /** Empty ranges overlap only what surrounds them on both sides. */
    private boolean conflicts(Claim other) {
      return (exclusive || other.exclusive) && from < other.to && other.from < to;
    }
  }

  /** Claims that are held: plain arrays, for this is what every command is compared with. */
  private static final class Held {
    private long[] from = new long[32];
    private long[] to = new long[32];
    private Claim[] claims = new Claim[32];
    private int count;

    void add(Claim claim) {
      if (count == claims.length) {
        from = Arrays.copyOf(from, count * 2);
        to = Arrays.copyOf(to, count * 2);
        claims = Arrays.copyOf(claims, count * 2);
      }
      claim.slot = count;
      from[count] = claim.from;
      to[count] = claim.to;
      claims[count++] = claim;
    }

    void remove(Claim claim) {
      int slot = claim.slot;
      if (claims[slot] != claim) {
        throw new IllegalStateException("a claim that is not held is released");
      }
      Claim last = claims[--count];
      claims[count] = null;
      if (last != claim) {
        last.slot = slot;
        from[slot] = last.from;
        to[slot] = last.to;
        claims[slot] = last;
      }
    }

    boolean overlaps(Claim claim) {
      for (int i = 0; i < count; i++) {
        if (claim.from < to[i] && from[i] < claim.to) {
          return true;
        }
      }
      return false;
    }
  }

  private final Held shared = new Held();
  private final Held exclusive = new Held();
  private Claim firstWaiting;
  private Claim lastWaiting;
  private int waiting;

  /** Takes the claim if nothing is in its way; otherwise it neither holds nor waits. */
  boolean tryAcquire(Claim claim) {
    if (conflictsWithHeld(claim) || !claim.urgent && conflictsWithWaiting(claim, null)) {
      return false;
    }
    hold(claim);
    return true;
  }

  /** Lets a claim wait that {@link #tryAcquire} could not take. */
  void await(Claim claim) {
    claim.waits = true;
    waiting++;
    if (claim.urgent) {
      claim.after = firstWaiting;
      if (firstWaiting == null) {
        lastWaiting = claim;
      } else {
        firstWaiting.before = claim;
      }
      firstWaiting = claim;
    } else {
      claim.before = lastWaiting;
      if (lastWaiting == null) {
        firstWaiting = claim;
      } else {
        lastWaiting.after = claim;
      }
      lastWaiting = claim;
    }
  }

  /** Gives up a claim that is held; those whose turn it is now are held then and passed on. */
  void release(Claim claim, Consumer<Claim> acquired) {
    (claim.exclusive ? exclusive : shared).remove(claim);
    grantBehind(claim, acquired);
  }

  /** Gives up a claim that waits. */
  void cancel(Claim claim, Consumer<Claim> acquired) {
    unlink(claim);
    grantBehind(claim, acquired);
  }

  /** Gives up every claim that waits; in their order. */
  List<Claim> cancelWaiting() {
    List<Claim> cancelled = new ArrayList<>(waiting);
    while (firstWaiting != null) {
      cancelled.add(firstWaiting);
      unlink(firstWaiting);
    }
    return cancelled;
  }

  /** How many wait. */
  int waiting() {
    return waiting;
  }

  /** Only a claim that the one given up was in the way of can have become free. */
  private void grantBehind(Claim gone, Consumer<Claim> acquired) {
    Claim next;
    for (Claim claim = firstWaiting; claim != null; claim = next) {
      next = claim.after;
      if (claim.conflicts(gone)
          && !conflictsWithHeld(claim)
          && !conflictsWithWaiting(claim, claim)) {
        unlink(claim);
        hold(claim);
        acquired.accept(claim);
      }
    }
  }

  private void hold(Claim claim) {
    (claim.exclusive ? exclusive : shared).add(claim);
  }

  private boolean conflictsWithHeld(Claim claim) {
    return exclusive.overlaps(claim) || claim.exclusive && shared.overlaps(claim);
  }

  private boolean conflictsWithWaiting(Claim claim, Claim end) {
    for (Claim other = firstWaiting; other != end; other = other.after) {
      if (claim.conflicts(other)) {
        return true;
      }
    }
    return false;
  }

  private void unlink(Claim claim) {
    if (!claim.waits) {
      throw new IllegalStateException("a claim that does not wait is cancelled");
    }
    claim.waits = false;
    waiting--;
    if (claim.before == null) {
      firstWaiting = claim.after;
    } else {
      claim.before.after = claim.after;
    }
    if (claim.after == null) {
      lastWaiting = claim.before;
    } else {
      claim.after.before = claim.before;
    }
    claim.before = null;
    claim.after = null;
  }
}
