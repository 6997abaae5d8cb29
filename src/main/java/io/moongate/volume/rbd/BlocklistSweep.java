package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes clients off the blocklist whose process is known to have ended, after a margin
 * (docs/decisions/0019-rbd.md): only addresses on record, only if every process on record of the
 * address has ended as the kernel says that this process runs on, and never one of its own.
 *
 * <p>The margin is counted by this process, from when it has first seen that, and only while it
 * runs: a pause counts for no more than two pauses between looks.
 */
final class BlocklistSweep {
  private static final Logger LOG = LoggerFactory.getLogger(BlocklistSweep.class);

  /** Looks in a margin. */
  private static final int LOOKS = 12;

  private static final int PAGE = 512;

  /** Records of entries that are over are kept for so long: clocks differ. */
  private static final Duration KEPT = Duration.ofDays(1);

  private final Duration margin;
  private final LongSupplier nanoTime;
  private final Optional<ProcessIdentity> self = ProcessIdentity.own();
  private final Map<String, Candidate> candidates = new HashMap<>();
  private Optional<Long> lastLook = Optional.empty();
  private boolean saidForbidden;
  private boolean saidUnsafe;
  private volatile boolean forbidden;

  /**
   * Whose processes have ended.
   *
   * @param value of the record that says so
   * @param nanos since that was first seen, as far as they count
   */
  private record Candidate(byte[] value, long nanos) {}

  /**
   * @param margin how long after the end of a process its entries stay
   * @param nanoTime the monotonic clock
   */
  BlocklistSweep(Duration margin, LongSupplier nanoTime) {
    this.margin = margin;
    this.nanoTime = nanoTime;
  }

  /** How long to wait between two looks. */
  Duration pause() {
    Duration pause = margin.dividedBy(LOOKS);
    return pause.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : pause;
  }

  /** Whether the user was refused when it was to remove an entry, the last time. */
  boolean isForbidden() {
    return forbidden;
  }

  /**
   * Looks once, and removes what is due.
   *
   * @return how many entries were removed
   */
  int look(RadosClient client) {
    long now = nanoTime.getAsLong();
    long most = 2 * pause().toNanos();
    long step = lastLook.map(last -> Math.min(now - last, most)).orElse(0L);
    lastLook = Optional.of(now);
    boolean safe = false;
    try {
      safe = self.isPresent() && isSafe(client);
    } finally {
      if (!safe) {
        candidates.clear();
      }
    }
    if (!safe) {
      return 0;
    }
    BlocklistRecords records = new BlocklistRecords(client);
    Set<String> seen = new HashSet<>();
    int removed = 0;
    boolean mayRemove = true;
    List<BlocklistRecords.Found> page = records.list("", PAGE);
    while (!page.isEmpty()) {
      for (BlocklistRecords.Found found : page) {
        if (isDue(found, step)) {
          Outcome outcome = mayRemove ? remove(client, records, found) : Outcome.FORBIDDEN;
          mayRemove &= outcome != Outcome.FORBIDDEN;
          removed += outcome == Outcome.REMOVED ? 1 : 0;
        } else if (isOver(found)) {
          records.forget(found);
        }
        seen.add(found.address());
      }
      String last = page.get(page.size() - 1).address();
      page = records.list(last, PAGE);
      if (!page.isEmpty() && page.get(0).address().compareTo(last) <= 0) {
        break; // A key that is no text comes back as another: there is no going on behind it.
      }
    }
    candidates.keySet().retainAll(seen);
    return removed;
  }

  /** What else has to hold, as far as the monitors know. */
  private boolean isSafe(RadosClient client) {
    boolean silent =
        MonitorAnswers.keepsSilentServersUp(
            MonitorAnswers.parse(client.ask(MonitorAnswers.HEALTH, "asking for the health")));
    boolean orphans =
        MonitorAnswers.keepsOrphanedOperations(
            MonitorAnswers.parse(
                client.ask(MonitorAnswers.CONFIGURATION, "asking for the configuration")));
    boolean safe = !silent && !orphans;
    if (!safe && !saidUnsafe) {
      LOG.warn(
          "event=blocklist-not-swept reason=\"{}\"",
          silent ? "nodown is set in Ceph" : "osd_discard_disconnected_ops is off in Ceph");
    }
    saidUnsafe = !safe;
    return safe;
  }

  private boolean isDue(BlocklistRecords.Found found, long step) {
    if (!found.client().filter(this::haveEnded).isPresent()) {
      candidates.remove(found.address());
      return false;
    }
    Candidate before = candidates.get(found.address());
    boolean same = before != null && Arrays.equals(before.value(), found.value());
    Candidate present = new Candidate(found.value(), same ? before.nanos() + step : 0);
    candidates.put(found.address(), present);
    return present.nanos() >= margin.toNanos();
  }

  /** All processes that had it, and one that was about to remove it: its order may be under way. */
  private boolean haveEnded(FencedClient client) {
    boolean owners =
        client.owners().stream()
            .allMatch(owner -> owner.identity().filter(ProcessIdentity::hasEnded).isPresent());
    Optional<ProcessIdentity> claimer = ProcessIdentity.parse(client.claim());
    boolean ours = claimer.isPresent() && claimer.equals(self);
    return owners
        && (!client.isClaimed() || ours || claimer.filter(ProcessIdentity::hasEnded).isPresent());
  }

  private enum Outcome {
    REMOVED,
    LEFT,
    FORBIDDEN
  }

  private Outcome remove(
      RadosClient client, BlocklistRecords records, BlocklistRecords.Found found) {
    candidates.remove(found.address());
    Optional<BlocklistRecords.Found> claimed = records.claim(found, self.orElseThrow());
    if (claimed.isEmpty()) {
      return Outcome.LEFT; // Somebody else does it, or it fences another as well.
    }
    boolean allowed;
    try {
      allowed = client.unblock(found.address());
    } catch (VolumeException e) {
      // It may be done later all the same: the claim stays, and all is done again after a margin.
      LOG.warn(
          "event=blocklist-entry-not-removed address={} reason=\"{}\"",
          found.address(),
          e.getMessage());
      return Outcome.LEFT;
    }
    if (!allowed) {
      records.unclaim(claimed.get(), found);
      sayForbidden();
      return Outcome.FORBIDDEN;
    }
    forbidden = false;
    records.forget(claimed.get());
    LOG.info(
        "event=blocklist-entry-removed address={} units={}",
        found.address(),
        found.client().orElseThrow().owners().stream().map(FencedClient.Owner::unit).toList());
    return Outcome.REMOVED;
  }

  private void sayForbidden() {
    forbidden = true;
    if (!saidForbidden) {
      saidForbidden = true;
      LOG.warn(
          "event=blocklist-removal-not-permitted note=\"entries of processes that have ended stay"
              + " until their time is over; docs/ceph.md has the capability that is needed\"");
    }
  }

  /** The entry has ended by itself, and nobody looks for its record any more. */
  private static boolean isOver(BlocklistRecords.Found found) {
    long now = Instant.now().minus(KEPT).getEpochSecond();
    return found
        .client()
        .filter(client -> client.owners().stream().allMatch(owner -> owner.until() < now))
        .isPresent();
  }
}
