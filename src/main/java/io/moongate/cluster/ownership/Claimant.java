package io.moongate.cluster.ownership;

import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.FailureDecision;
import io.moongate.failure.Observation;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes units over from a failed owner by their ownership rows, without waiting for their entities:
 * those may have lived on the gateway that failed, and have to be re-homed first
 * (docs/decisions/0016). What the row does not grant is left to the entity, which is asked in any
 * case: it records the claim with its evidence, or decides itself.
 */
public final class Claimant implements Luns.ClaimListener {
  private static final Logger LOG = LoggerFactory.getLogger(Claimant.class);

  private final RowBatches batches;
  private final String gateway;
  private final String incarnation;
  private final BooleanSupplier lease;
  private final ToLongFunction<UnitEntry> sharedVersion;
  private final Consumer<Luns.Claim> claimed;
  private final Clock clock;
  private final Timer timer;

  /** By unit, what was asked of the row last: the same is not asked again. */
  private final Map<String, Attempt> attempts = new ConcurrentHashMap<>();

  /** By unit, the epoch of what was granted and is not open yet, nor given up. */
  private final Map<String, Long> opening = new ConcurrentHashMap<>();

  /** By unit, the last that another gateway has told. */
  private final Map<String, Heard> others = new ConcurrentHashMap<>();

  /** By unit, the newest epoch of what this gateway was given by the owner before. */
  private final Map<String, Long> given = new ConcurrentHashMap<>();

  private final AtomicInteger granted = new AtomicInteger();

  /** What the row has said. */
  private enum Said {
    NOTHING_YET,
    /** No answer came, so that it is asked again. */
    NOTHING_KNOWN,
    GRANTED,
    /** It is of the epoch before. What was asked and not answered may land still. */
    NOT_SO_FAR,
    OTHER_OWNER
  }

  private final AtomicInteger asking = new AtomicInteger();

  /** How long others leave the record to whoever has claimed a unit. */
  static final long LEFT_ALONE_NANOS = TimeUnit.SECONDS.toNanos(15);

  /** A claim of another gateway, and when it was heard first. */
  private record Heard(Luns.Claim claim, long atNanos) {}

  /**
   * @param failure why the row's answer is not known; empty otherwise
   */
  private record Attempt(long epoch, long sharedVersion, Said said, String failure) {
    Attempt with(Said outcome) {
      return new Attempt(epoch, sharedVersion, outcome, "");
    }

    Attempt failed(Throwable why) {
      boolean wrapped = why instanceof CompletionException && why.getCause() != null;
      Throwable cause = wrapped ? why.getCause() : why;
      return new Attempt(
          epoch,
          sharedVersion,
          Said.NOTHING_KNOWN,
          cause.getClass().getSimpleName() + ": " + cause.getMessage());
    }
  }

  /**
   * @param incarnation this process
   * @param lease whether it holds its lease now
   * @param sharedVersion version of the shared state that it would serve a unit with, at least
   * @param claimed told of each unit that was taken over, on any thread
   */
  public Claimant(
      OwnershipRows rows,
      String gateway,
      String incarnation,
      BooleanSupplier lease,
      ToLongFunction<UnitEntry> sharedVersion,
      Consumer<Luns.Claim> claimed,
      Clock clock,
      Timer timer) {
    this.batches = new RowBatches(rows, gateway, lease, timer);
    this.gateway = gateway;
    this.incarnation = incarnation;
    this.lease = lease;
    this.sharedVersion = sharedVersion;
    this.claimed = claimed;
    this.clock = clock;
    this.timer = timer;
  }

  /**
   * Whether a unit may be taken over by the row: its owner has failed, by the evidence and the same
   * decision by which the entity judges it. Not after a gateway could not open the store: then the
   * entity knows who is to be asked before.
   */
  static boolean mayClaim(UnitEntry unit, List<Observation> evidence) {
    Ownership now = unit.ownership();
    return !unit.deleted()
        && now.phase() != Phase.UNOWNED
        && now.epoch() > 0
        && now.refusedBy().isEmpty()
        && FailureDecision.decide(now.owner(), now.incarnation(), evidence, Set.of()).failed();
  }

  /**
   * Tries it, as soon as {@link #send} says that these were all.
   *
   * @return completes when the row has answered, or has had its time; never fails
   */
  CompletionStage<Void> claim(UnitEntry unit, List<Observation> evidence, String cause) {
    long epoch = unit.ownership().epoch() + 1;
    Attempt attempt =
        new Attempt(
            epoch,
            sharedVersion.applyAsLong(unit),
            Said.NOTHING_YET,
            // Until there is another answer, people are told the last.
            rowFailure(unit).orElse(""));
    Attempt before = attempts.get(unit.id());
    boolean done =
        before != null
            && before.epoch() == epoch
            && before.said() != Said.NOTHING_KNOWN
            && (before.said() == Said.GRANTED || before.sharedVersion() == attempt.sharedVersion());
    if (done || !mayClaim(unit, evidence) || !lease.getAsBoolean()) {
      return CompletableFuture.completedStage(null);
    }
    attempts.put(unit.id(), attempt);
    asking.incrementAndGet();
    OwnershipRows.Row proposed = new OwnershipRows.Row(epoch, gateway, incarnation, true);
    return batches.add(
        new OwnershipRows.TakeOver(unit.id(), proposed, attempt.sharedVersion(), cause),
        (row, failure) -> {
          try {
            answered(unit.id(), attempt, proposed, cause, row, failure);
          } finally {
            asking.decrementAndGet(); // Not before it counts as being opened.
          }
        });
  }

  /** Has what claims need loaded and prepared, before hosts wait for it. */
  void rehearse() {
    batches.rehearse(
        new OwnershipRows.TakeOver(
            "rehearsal-" + gateway,
            new OwnershipRows.Row(2, gateway, incarnation, true),
            -1, // No row has that.
            "rehearsal"));
  }

  /** Sends what {@link #claim} was asked for: units of one group by one transaction. */
  void send() {
    batches.send();
  }

  private void answered(
      String unitId,
      Attempt attempt,
      OwnershipRows.Row proposed,
      String cause,
      OwnershipRows.Row row,
      Throwable failure) {
    boolean granted = failure == null && proposed.equals(row);
    LOG.info(
        "event=ownership-{} unit={} epoch={} version={} row={} cause=\"{}\"",
        granted ? "claimed" : "not-claimed",
        unitId,
        proposed.epoch(),
        attempt.sharedVersion(),
        row,
        failure == null ? cause : failure.toString());
    if (failure == null) {
      boolean decided = granted || row.epoch() >= proposed.epoch();
      attempts.replace(
          unitId,
          attempt,
          attempt.with(granted ? Said.GRANTED : decided ? Said.OTHER_OWNER : Said.NOT_SO_FAR));
    } else {
      attempts.replace(unitId, attempt, attempt.failed(failure));
    }
    if (granted) {
      opening.put(unitId, proposed.epoch());
      this.granted.incrementAndGet();
      claimed.accept(
          new Luns.Claim(unitId, proposed.epoch(), gateway, incarnation, cause, clock.instant()));
    }
  }

  /** Why it is not known what the row of a unit says, when it was asked for it last. */
  public Optional<String> rowFailure(UnitEntry unit) {
    return Optional.ofNullable(attempts.get(unit.id()))
        .filter(attempt -> attempt.epoch() == unit.ownership().epoch() + 1)
        .map(Attempt::failure)
        .filter(failure -> !failure.isEmpty());
  }

  /** Ids of the units that are this gateway's by their rows, and not by the view yet. */
  Set<String> claimed(View view) {
    Set<String> claimed = new HashSet<>();
    for (String unitId : attempts.keySet()) {
      if (hasClaimed(unitId, view)) {
        claimed.add(unitId);
      }
    }
    return claimed;
  }

  boolean hasClaimed(String unitId, View view) {
    Attempt attempt = attempts.get(unitId);
    return attempt != null
        && attempt.said() == Said.GRANTED
        && isAhead(unitId, attempt.epoch(), view);
  }

  private static boolean isAhead(String unitId, long epoch, View view) {
    return view.unit(unitId).filter(unit -> unit.ownership().epoch() < epoch).isPresent();
  }

  @Override
  public void ended(String unitId, long epoch) {
    opening.remove(unitId, epoch);
  }

  @Override
  public void heard(Luns.Claim claim) {
    if (claim.owner().equals(gateway)) {
      given.merge(claim.unitId(), claim.epoch(), Math::max);
      return;
    }
    others.merge(
        claim.unitId(),
        new Heard(claim, timer.nanoTime()),
        (known, other) -> other.claim().epoch() > known.claim().epoch() ? other : known);
  }

  /**
   * Ids of the units that other gateways have taken over by their rows, which the view does not
   * show yet, and which those are to record. Not for ever: one that has not done so for {@link
   * #LEFT_ALONE_NANOS} may live and yet never do it.
   *
   * @param living whether nothing stands against a claimant
   * @param nowNanos the timer's time
   */
  Set<String> elsewhere(View view, Predicate<Luns.Claim> living, long nowNanos) {
    Set<String> elsewhere = new HashSet<>();
    others
        .values()
        .removeIf(heard -> !isAhead(heard.claim().unitId(), heard.claim().epoch(), view));
    given.entrySet().removeIf(entry -> !isAhead(entry.getKey(), entry.getValue(), view));
    for (Heard heard : others.values()) {
      if (nowNanos - heard.atNanos() < LEFT_ALONE_NANOS && living.test(heard.claim())) {
        elsewhere.add(heard.claim().unitId());
      }
    }
    return elsewhere;
  }

  /** Whether nothing stands against the process that has claimed a unit. */
  static boolean isLiving(Luns.Claim claim, View view, List<Observation> observations) {
    return view.gateway(claim.owner())
            .filter(
                gateway ->
                    gateway.state() == GatewayEntry.State.UP
                        && gateway.incarnation().equals(claim.incarnation()))
            .isPresent()
        && observations.stream().noneMatch(seen -> seen.incarnation().equals(claim.incarnation()));
  }

  /** Whether a row has not answered yet, or what was granted is still to be opened. */
  boolean isBusy(View view) {
    if (asking.get() > 0) {
      return true;
    }
    boolean busy =
        opening.entrySet().stream().anyMatch(each -> isAhead(each.getKey(), each.getValue(), view));
    if (!busy) {
      opening.entrySet().removeIf(each -> !isAhead(each.getKey(), each.getValue(), view));
    }
    return busy;
  }

  /** How many rows were granted so far. */
  int granted() {
    return granted.get();
  }

  /**
   * Whether a unit is this gateway's by its row, or may come to be, and the view does not show it
   * yet.
   */
  boolean isAheadOf(View view) {
    attempts.entrySet().removeIf(entry -> view.unit(entry.getKey()).isEmpty());
    return given.entrySet().stream()
            .anyMatch(entry -> isAhead(entry.getKey(), entry.getValue(), view))
        || attempts.entrySet().stream()
            .anyMatch(
                entry ->
                    entry.getValue().said() != Said.OTHER_OWNER
                        && isAhead(entry.getKey(), entry.getValue().epoch(), view));
  }
}
