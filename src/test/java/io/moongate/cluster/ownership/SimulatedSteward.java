package io.moongate.cluster.ownership;

import io.moongate.cluster.Answer;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/**
 * The steward of a gateway without its actor: {@link Stewardship}, {@link Claimant} and {@link
 * RecordPause} are the product's; when it looks, and whom it asks, is done here as {@link Steward}
 * does it. Nothing is moved beside what has no living owner.
 */
public final class SimulatedSteward {
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final Duration COALESCE = Duration.ofMillis(5);
  private static final Duration RECORD_ANSWER = Duration.ofSeconds(3);

  private static final Movements.Policy NO_MOVES =
      new Movements.Policy(false, Duration.ofHours(1), false, new Balance.Tolerance(2, 1, 1), 1);

  /** The process, as its steward needs it. */
  public interface Place extends Timer {
    String gateway();

    String incarnation();

    View view();

    /** Whether the view is complete. */
    boolean isReady();

    /** What stands against gateways, always in the same order. */
    List<Observation> observations();

    /** Whether this process holds its lease now. */
    boolean holdsLease();

    /** Tells the entity of a gateway that this has failed. */
    void report(GatewayEntry failed);

    /** Asks the entity of a unit; the answer may not come, or come more than once. */
    void ask(String unitId, LogicalUnit.Command command, Consumer<Answer> answer);

    /** A unit was taken over. */
    void claimed(Luns.Claim claim);

    /** Of whose units the rows are asked without proof, as a mutation. */
    boolean isClaimedWithoutProof(String incarnation);
  }

  private final Place place;
  private final Instant when;
  private final Stewardship stewardship;
  private final Claimant claimant;
  private final RecordPause pause = new RecordPause();
  private final Set<String> underWay = new HashSet<>();
  private final Map<String, Integer> unanswered = new HashMap<>();
  private final Set<String> wanted = new HashSet<>();
  private int granted;
  private boolean othersToo;
  private boolean soon;

  public SimulatedSteward(
      Place place, OwnershipRows rows, ToLongFunction<UnitEntry> sharedVersion, Clock clock) {
    this.place = place;
    this.when = clock.instant();
    this.stewardship =
        new Stewardship(place.gateway(), place.incarnation(), NO_MOVES, Loads.UNKNOWN);
    this.claimant =
        new Claimant(
            rows,
            place.gateway(),
            place.incarnation(),
            place::holdsLease,
            sharedVersion,
            place::claimed,
            clock,
            place);
    tick();
  }

  private void tick() {
    place.after(
        LOOK,
        () -> {
          look();
          tick();
        });
  }

  /** What becomes of claims is told here. */
  public Luns.ClaimListener claims() {
    return claimant;
  }

  /** The view has changed. */
  public void viewChanged() {
    if (!soon) {
      soon = true;
      place.after(
          COALESCE,
          () -> {
            soon = false;
            look();
          });
    }
  }

  /** Somebody waits for the record of a unit. */
  public void recordWanted(String unitId) {
    if (claimant.hasClaimed(unitId, place.view()) && wanted.add(unitId)) {
      look();
    }
  }

  /** What stands against gateways has changed, or may have. */
  public void look() {
    if (!place.isReady()) {
      return;
    }
    View view = place.view();
    List<Observation> observations = place.observations();
    Set<String> claimed = claimant.claimed(view);
    wanted.retainAll(claimed);
    Stewardship.Claims claims =
        new Stewardship.Claims(
            claimed,
            wanted,
            claimant.elsewhere(
                view, claim -> Claimant.isLiving(claim, view, observations), place.nanoTime()));
    // What could not be opened rests, so that time has to pass.
    Instant now = when.plusNanos(place.nanoTime());
    Stewardship.Plan plan = stewardship.look(view, observations, underWay, claims, now);
    othersToo = plan.othersToo();
    Set<String> concerned = new HashSet<>(underWay);
    plan.takeOvers().forEach(takeOver -> concerned.add(takeOver.unit().id()));
    unanswered.keySet().retainAll(concerned);
    plan.failures().forEach(failure -> place.report(failure.gateway()));
    boolean hold = holdsRecords();
    plan.takeOvers().stream()
        .filter(takeOver -> !hold || !claims.isLast(takeOver.unit().id()))
        .forEach(this::propose);
    claimWithoutProof(view);
    claimant.send();
  }

  private void claimWithoutProof(View view) {
    for (UnitEntry unit : view.units()) {
      String owner = unit.ownership().incarnation();
      if (place.isClaimedWithoutProof(owner)) {
        var unused =
            claimant.claim(
                unit,
                List.of(
                    new Observation(
                        place.gateway(),
                        unit.ownership().owner(),
                        owner,
                        Observation.Kind.PROCESS_GONE,
                        when,
                        "")),
                "");
      }
    }
  }

  private boolean holdsRecords() {
    long now = place.nanoTime();
    if (granted != claimant.granted()) {
      granted = claimant.granted();
      pause.granted(now);
    }
    return pause.holds(claimant.isBusy(place.view()), othersToo, now);
  }

  private void propose(Stewardship.TakeOver takeOver) {
    underWay.add(takeOver.unit().id());
    var unused =
        claimant
            .claim(takeOver.unit(), takeOver.evidence(), takeOver.cause())
            .whenComplete((asked, failure) -> place.after(Duration.ZERO, () -> rowAsked(takeOver)));
  }

  private void rowAsked(Stewardship.TakeOver takeOver) {
    String unitId = takeOver.unit().id();
    boolean recordsOnly = claimant.hasClaimed(unitId, place.view()) && !wanted.contains(unitId);
    if (recordsOnly && holdsRecords()) {
      underWay.remove(unitId);
      return;
    }
    ask(
        unitId,
        recordsOnly ? RECORD_ANSWER : Steward.patience(unanswered.getOrDefault(unitId, 0)),
        new LogicalUnit.TakeOver(
            place.gateway(),
            place.incarnation(),
            takeOver.unit().ownership().epoch(),
            takeOver.cause(),
            takeOver.evidence(),
            null));
  }

  private void ask(String unitId, Duration bound, LogicalUnit.Command command) {
    boolean[] over = {false};
    Consumer<Optional<Answer>> end =
        answer -> {
          if (!over[0]) {
            over[0] = true;
            underWay.remove(unitId);
            if (answer.isPresent()) {
              unanswered.remove(unitId);
            } else {
              unanswered.merge(unitId, 1, Integer::sum);
            }
          }
        };
    place.ask(unitId, command, answer -> end.accept(Optional.of(answer)));
    place.after(bound, () -> end.accept(Optional.empty()));
  }
}
