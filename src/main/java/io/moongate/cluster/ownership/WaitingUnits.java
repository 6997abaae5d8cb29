package io.moongate.cluster.ownership;

import static java.util.stream.Collectors.joining;

import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.failure.FailureDecision.Decision;
import io.moongate.failure.Observation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Units whose owner has failed, or seems to have, and that are nobody else's yet: what stands
 * against it, and what is waited for. For people; nothing is decided by it.
 */
public final class WaitingUnits {
  private WaitingUnits() {}

  /**
   * One of them.
   *
   * @param since when that was first seen
   * @param cause who saw what, and what is waited for
   */
  public record Waiting(UnitEntry unit, Instant since, String cause) {}

  /**
   * All of them, by id.
   *
   * @param self the gateway that is asked
   * @param charterWaits why there is no other charter yet; empty when none is waited for
   * @param rowFailure why this gateway was not told what the row of a unit says, when it asked last
   */
  public static List<Waiting> of(
      View view,
      Collection<Observation> observations,
      String self,
      String charterWaits,
      Function<UnitEntry, Optional<String>> rowFailure) {
    Verdicts verdicts = new Verdicts(view, observations, self);
    List<Waiting> waiting = new ArrayList<>();
    for (UnitEntry unit : view.units()) {
      Ownership owned = unit.ownership();
      // One that is being released is a move, which can be taken back.
      if ((owned.phase() == Phase.SERVING || owned.phase() == Phase.ACQUIRING) && !unit.deleted()) {
        Decision decision = verdicts.of(owned.owner(), owned.incarnation());
        what(unit, decision, self, charterWaits, rowFailure)
            .ifPresent(
                what ->
                    waiting.add(
                        new Waiting(
                            unit,
                            decision.evidence().stream()
                                .map(Observation::at)
                                .min(Instant::compareTo)
                                .orElse(owned.since()),
                            "%s: %s; %s"
                                .formatted(owned.owner(), words(decision.evidence()), what))));
      }
    }
    return waiting;
  }

  private static Optional<String> what(
      UnitEntry unit,
      Decision decision,
      String self,
      String charterWaits,
      Function<UnitEntry, Optional<String>> rowFailure) {
    return switch (decision.verdict()) {
      case HEALTHY, SUSPECTED -> Optional.empty();
      case SUSPECTED_BY_MAJORITY ->
          Optional.of(
              "no charter without it is in force"
                  + (charterWaits.isEmpty() ? "" : ": " + charterWaits));
      case EXPELLED -> Optional.of("its lease may be running still");
      case FAILED ->
          Optional.of(
              rowFailure
                  .apply(unit)
                  .map(failure -> "%s asked for its ownership row: %s".formatted(self, failure))
                  .orElse("the next owner is not on record"));
    };
  }

  private static String words(List<Observation> evidence) {
    return evidence.stream()
        .map(
            seen ->
                "%s by %s"
                    .formatted(
                        seen.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                        seen.observer()))
        .distinct()
        .collect(joining(", "));
  }
}
