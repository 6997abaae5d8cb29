package io.moongate.cluster.ownership;

import io.moongate.cluster.unit.HandOver;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.unit.OwnershipRows.Row;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.View;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands units over by their ownership rows. Outlives the actors of the units. */
public final class HandOvers implements HandOver {
  private static final Logger LOG = LoggerFactory.getLogger(HandOvers.class);

  /** After which the entity is asked; what the row says later is told all the same. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final OwnershipRows rows;
  private final View view;
  private final ToLongFunction<UnitEntry> sharedVersion;
  private final Consumer<Luns.Claim> granted;
  private final Clock clock;
  private final Timer timer;

  /** By unit, the newest epoch under which its row was asked for. */
  private final Map<String, Long> asked = new ConcurrentHashMap<>();

  /**
   * @param sharedVersion version of the shared state that this gateway serves a unit with
   * @param granted told of each unit that the row has given to its successor, on any thread
   */
  public HandOvers(
      OwnershipRows rows,
      View view,
      ToLongFunction<UnitEntry> sharedVersion,
      Consumer<Luns.Claim> granted,
      Clock clock,
      Timer timer) {
    this.rows = rows;
    this.view = view;
    this.sharedVersion = sharedVersion;
    this.granted = granted;
    this.clock = clock;
    this.timer = timer;
  }

  @Override
  public boolean asked(String unitId, long epoch) {
    return asked.getOrDefault(unitId, 0L) >= epoch;
  }

  @Override
  public Optional<CompletionStage<Boolean>> ask(UnitEntry unit) {
    return view.gateway(unit.ownership().successor())
        .filter(successor -> successor.state() == GatewayEntry.State.UP)
        .map(successor -> ask(unit, successor));
  }

  private CompletionStage<Boolean> ask(UnitEntry unit, GatewayEntry successor) {
    Ownership now = unit.ownership();
    Row proposed = new Row(now.epoch() + 1, successor.name(), successor.incarnation(), true);
    Luns.Claim claim =
        new Luns.Claim(
            unit.id(),
            proposed.epoch(),
            proposed.owner(),
            proposed.incarnation(),
            now.cause(),
            clock.instant(),
            sharedVersion.applyAsLong(unit),
            true);
    asked.keySet().removeIf(unitId -> view.unit(unitId).isEmpty());
    asked.merge(unit.id(), now.epoch(), Math::max);
    CompletableFuture<Boolean> given =
        decide(claim, proposed)
            .whenComplete((row, failure) -> answered(claim, proposed, row, failure))
            .handle((row, failure) -> failure == null && proposed.equals(row));
    timer.after(PATIENCE, () -> given.complete(false));
    return given;
  }

  private CompletableFuture<Row> decide(Luns.Claim claim, Row proposed) {
    OwnershipRows.TakeOver wanted =
        new OwnershipRows.TakeOver(claim.unitId(), proposed, claim.sharedVersion(), claim.cause());
    try {
      return rows.takeOver(List.of(wanted))
          .thenApply(found -> found.get(claim.unitId()))
          .toCompletableFuture();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void answered(Luns.Claim claim, Row proposed, Row row, Throwable failure) {
    boolean given = failure == null && proposed.equals(row);
    LOG.info(
        "event=ownership-{} unit={} epoch={} version={} to={} row={} cause=\"{}\"",
        given ? "handed-over" : "not-handed-over",
        claim.unitId(),
        proposed.epoch(),
        claim.sharedVersion(),
        proposed.owner(),
        row,
        failure == null ? claim.cause() : failure.toString());
    if (given) {
      granted.accept(claim);
    }
  }
}
