package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts clients on the blocklist and, while the monitors do that, on record ({@link
 * BlocklistRecords}), so that the entry can be removed once the process is known to have ended. An
 * entry without a record stays until its time is over: that a record can't be had delays nobody for
 * long, and refuses only who would be fenced by an entry that is just being removed.
 */
final class Blocklist {
  private static final Logger LOG = LoggerFactory.getLogger(Blocklist.class);

  /** How long a fence that is otherwise complete waits for the records. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** For how long no other waits, when one has waited in vain. */
  private static final Duration IMPATIENCE = Duration.ofSeconds(10);

  private final RadosClient client;
  private final Duration period;
  private final CallThreads threads;
  private final BlocklistRecords records;
  private final AtomicLong hangsUntil;
  private final Map<String, CompletionStage<Boolean>> underWay = new HashMap<>();

  /**
   * As a client sees it.
   *
   * @param period how long whoever is put there is refused
   * @param threads for the records
   * @param hangsUntil nanoseconds of the monotonic clock until which no record is waited for, as
   *     one was in vain; shared by those of a store
   */
  Blocklist(RadosClient client, Duration period, CallThreads threads, AtomicLong hangsUntil) {
    this.client = client;
    this.hangsUntil = hangsUntil;
    this.period = period;
    this.threads = threads;
    this.records = new BlocklistRecords(client);
  }

  /** A new attempt begins: what was put there before counts for nothing. */
  void begin() {
    underWay.clear();
  }

  /**
   * Has a client refused from now on: done when this returns.
   *
   * @param address as the lock has it: address, port and nonce
   * @param process whose client it is, where that is known
   */
  void add(String address, Optional<ProcessIdentity> process, String unitId, String image) {
    long now = Instant.now().getEpochSecond();
    FencedClient.Owner owner =
        new FencedClient.Owner(
            process.map(ProcessIdentity::toString).orElse(""),
            unitId,
            image,
            now,
            now + period.toSeconds());
    underWay.computeIfAbsent(
        address, absent -> client.run(threads, () -> records.add(address, owner)));
    client.blocklist(address, period);
  }

  /**
   * Waits for the records of all that were put there; not for long.
   *
   * @throws VolumeException with UNAVAILABLE when one of the entries is just being removed
   */
  void awaitRecords() {
    Map<String, CompletionStage<Boolean>> all = new HashMap<>(underWay);
    underWay.clear();
    long now = System.nanoTime();
    long until = now - hangsUntil.get() < 0 ? now : now + PATIENCE.toNanos();
    all.forEach(
        (address, record) -> {
          if (!isRecorded(address, record, until)) {
            throw new VolumeException(
                Reason.UNAVAILABLE, address + " is just being taken off the blocklist: try again");
          }
        });
  }

  private boolean isRecorded(String address, CompletionStage<Boolean> record, long until) {
    try {
      return record
          .toCompletableFuture()
          .copy()
          .orTimeout(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS)
          .join();
    } catch (CompletionException e) {
      Optional<VolumeException> failure = VolumeException.in(e);
      if (failure.map(VolumeException::reason).equals(Optional.of(Reason.FENCED))) {
        throw failure.get();
      }
      if (failure.isEmpty()) {
        hangsUntil.set(System.nanoTime() + IMPATIENCE.toNanos());
      }
      LOG.warn(
          "event=fenced-client-not-recorded address={} reason=\"{}\" note=\"its entry in the"
              + " blocklist stays until its time is over\"",
          address,
          failure.map(VolumeException::getMessage).orElse("no answer in time"));
      return true;
    }
  }
}
