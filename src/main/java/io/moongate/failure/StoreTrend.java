package io.moongate.failure;

import io.moongate.failure.Observation.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What a gateway has to say of its store for one unit, from the counts of the open volume, looked
 * at again and again. What was seen stands for some time, also when the unit has gone elsewhere
 * meanwhile and nothing is seen any more; that time doubles when it happens again. Thread-safe.
 */
public final class StoreTrend {

  /**
   * When a store is in trouble.
   *
   * @param window over which operations are counted
   * @param errors so many failed operations in the window, or in its last quarter, and at least
   *     half of those that ended in that time
   * @param slowAfter operations take so long on average, in the window
   * @param stuckAfter none has ended for so long though some are under way
   * @param patience for so long after the first failure it is hoped that another gateway does
   *     better
   * @param standsFor how long trouble stands after it was last seen, the first time
   */
  public record Settings(
      Duration window,
      int errors,
      Duration slowAfter,
      Duration stuckAfter,
      Duration patience,
      Duration standsFor) {}

  /**
   * Counts of a volume since it was opened.
   *
   * @param underWay operations that have not ended
   * @param ended operations that have, whatever their outcome
   * @param counted of these, those by which the store is judged
   * @param failed of those, the ones that the store has failed
   * @param nanos that those that are counted took together
   * @param lost whether something that was written may be lost
   */
  public record Counts(
      long underWay, long ended, long counted, long failed, long nanos, boolean lost) {
    static final Counts NONE = new Counts(0, 0, 0, 0, 0, false);
  }

  /** Trouble, and what it is in words. */
  public record Trouble(Kind kind, String detail) {}

  private record Sample(long at, Counts counts) {}

  /** The last part of the window, by which is judged what has only begun. */
  private static final int PARTS = 4;

  /** Each time after the first doubles how long it stands, so often at most. */
  private static final int DOUBLINGS = 6;

  /** So many times {@link Settings#patience} without a failure, and the next one is a first one. */
  private static final int QUIET = 4;

  /** After such a time in which no trouble stood, the next one is a first one again. */
  private static final long FORGET_NANOS = Duration.ofMinutes(15).toNanos();

  private Settings settings;
  private final Deque<Sample> samples = new ArrayDeque<>();
  private Object volume;
  private Trouble standing;
  private long seenLast;
  private long stoodLast;
  private int times;

  /** Since when every look has found it slow; when {@code slow}. */
  private long slowSince;

  private boolean slow;

  /** When the first failure of those was that are remembered; when {@code failing}. */
  private long failingSince;

  private boolean failing;
  private long failedLast;

  /** When an operation was last known to end, or none was under way. */
  private long movedLast;

  /** Makes the trend of a unit of which nothing is known. */
  public StoreTrend(Settings settings) {
    this.settings = settings;
  }

  /** Judges by other bounds from now on. */
  public synchronized void judgeBy(Settings other) {
    settings = other;
  }

  /**
   * Looks.
   *
   * @param opened the volume that the counts are of: another one begins to count anew
   * @param nanos a monotonic time
   * @return the trouble that stands
   */
  public synchronized Optional<Trouble> look(Object opened, Counts counts, long nanos) {
    if (opened != volume) {
      begin(opened, nanos);
    }
    if (!samples.isEmpty() && nanos - samples.getLast().at() > settings.window().toNanos() / 2) {
      // This process stood still, and its operations with it: that is nothing against the store.
      samples.clear();
      slow = false;
      movedLast = nanos;
    }
    boolean moved =
        samples.isEmpty()
            || counts.underWay() == 0
            || counts.ended() != samples.getLast().counts().ended();
    if (moved) {
      if (isStuck(nanos)) {
        samples.clear(); // How long those took that hung says nothing of the next ones.
      }
      movedLast = nanos;
    }
    samples.addLast(new Sample(nanos, counts));
    while (samples.size() > 2 && nanos - second().at() >= settings.window().toNanos()) {
      samples.removeFirst();
    }
    Counts before = secondLast();
    if (before != null && counts.failed() > before.failed()) {
      failed(nanos);
    }
    Trouble seen = trouble(counts, nanos);
    if (seen != null) {
      note(seen, nanos);
    }
    return standing(nanos);
  }

  /** Whether operations hang now, by the last look, whatever stands. */
  public synchronized boolean hangs(long nanos) {
    return !samples.isEmpty() && samples.getLast().counts().underWay() > 0 && isStuck(nanos);
  }

  /** Looks when no volume is open: only what was seen before stands. */
  public synchronized Optional<Trouble> look(long nanos) {
    if (volume != null) {
      begin(null, nanos);
    }
    return standing(nanos);
  }

  /**
   * Whether an operation that has just failed may go well through another gateway: it is the first
   * of its kind, or most operations fail now and have not done so for long. Where others go well it
   * is the block that is bad.
   *
   * @param counts which may or may not have that operation among them
   */
  public synchronized boolean mayPass(Object opened, Counts counts, long nanos) {
    if (opened != volume) {
      begin(opened, nanos);
    }
    failed(nanos);
    long lasts = nanos - failingSince;
    if (lasts >= settings.patience().toNanos()) {
      return false;
    }
    Sample then = since(nanos - recent());
    // Too early to tell, when what went well before would still count.
    return lasts < recent()
        || then.at() - failingSince < 0
        || predominates(
            counts.failed() - then.counts().failed() + 1,
            counts.counted() - then.counts().counted() + 1);
  }

  private void begin(Object opened, long nanos) {
    volume = opened;
    samples.clear();
    failing = false;
    slow = false;
    movedLast = nanos;
  }

  private Sample second() {
    var all = samples.iterator();
    all.next();
    return all.next();
  }

  private void failed(long nanos) {
    if (!failing || nanos - failedLast >= settings.patience().toNanos() * QUIET) {
      failing = true;
      failingSince = nanos;
    }
    failedLast = nanos;
  }

  private long recent() {
    return settings.window().toNanos() / PARTS;
  }

  /** The last look before that time; the first one when there was none. */
  private Sample since(long at) {
    Sample found = samples.isEmpty() ? new Sample(at, Counts.NONE) : samples.getFirst();
    for (Sample sample : samples) {
      if (sample.at() - at > 0) {
        break;
      }
      found = sample;
    }
    return found;
  }

  /** Of the look before this one; null when there was none. */
  private Counts secondLast() {
    var backwards = samples.descendingIterator();
    backwards.next();
    return backwards.hasNext() ? backwards.next().counts() : null;
  }

  private static boolean predominates(long failed, long ended) {
    return failed * 2 >= ended;
  }

  private boolean isStuck(long nanos) {
    return nanos - movedLast >= settings.stuckAfter().toNanos();
  }

  private Trouble trouble(Counts counts, long nanos) {
    if (counts.lost()) {
      return new Trouble(Kind.STORE_LOST, "what was written may be lost: the volume refuses more");
    }
    if (counts.underWay() > 0 && isStuck(nanos)) {
      return new Trouble(
          Kind.STORE_STUCK,
          "none of %d operations has ended for %s"
              .formatted(counts.underWay(), settings.stuckAfter()));
    }
    Counts then = samples.getFirst().counts();
    for (Counts base : List.of(then, since(nanos - recent()).counts())) {
      long ended = counts.counted() - base.counted();
      long failed = counts.failed() - base.failed();
      if (failed >= settings.errors() && predominates(failed, ended)) {
        return new Trouble(
            Kind.STORE_FAILING, "%d of the last %d operations failed".formatted(failed, ended));
      }
    }
    long ended = counts.counted() - then.counted();
    long mean = ended < settings.errors() ? 0 : (counts.nanos() - then.nanos()) / ended;
    if (mean < settings.slowAfter().toNanos()) {
      slow = false;
      return null;
    }
    if (!slow) {
      slow = true;
      slowSince = nanos;
    }
    return nanos - slowSince < settings.window().toNanos() / 2
        ? null
        : new Trouble(
            Kind.STORE_SLOW,
            "%d operations took %d ms on average".formatted(ended, mean / 1_000_000));
  }

  private void note(Trouble seen, long nanos) {
    if (standing == null) {
      times = times > 0 && nanos - stoodLast >= FORGET_NANOS ? 1 : times + 1;
    }
    // Its first words stay, as long as it is the same: an observation is not told twice.
    if (standing == null || standing.kind() != seen.kind()) {
      standing = seen;
    }
    seenLast = nanos;
  }

  private Optional<Trouble> standing(long nanos) {
    long lasts = settings.standsFor().toNanos() << Math.min(DOUBLINGS, Math.max(0, times - 1));
    if (standing != null) {
      stoodLast = nanos;
      if (nanos - seenLast >= lasts) {
        standing = null;
      }
    }
    return Optional.ofNullable(standing);
  }
}
