package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
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

  private final RadosClient client;
  private final Duration period;
  private final CallThreads threads;
  private final BlocklistRecords records;
  private final Map<String, CompletionStage<Boolean>> underWay = new HashMap<>();

  /**
   * As a client sees it.
   *
   * @param period how long whoever is put there is refused
   * @param threads for the records
   */
  Blocklist(RadosClient client, Duration period, CallThreads threads) {
    this.client = client;
    this.period = period;
    this.threads = threads;
    this.records = new BlocklistRecords(client);
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
    List<String> addresses = new ArrayList<>(underWay.keySet());
    long until = System.nanoTime() + PATIENCE.toNanos();
    for (String address : addresses) {
      if (!isRecorded(address, underWay.remove(address), until)) {
        throw new VolumeException(
            Reason.UNAVAILABLE, address + " is just being taken off the blocklist: try again");
      }
    }
  }

  private static boolean isRecorded(String address, CompletionStage<Boolean> record, long until) {
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
      LOG.warn(
          "event=fenced-client-not-recorded address={} reason=\"{}\" note=\"its entry in the"
              + " blocklist stays until its time is over\"",
          address,
          failure.map(VolumeException::getMessage).orElse("no answer in time"));
      return true;
    }
  }
}
