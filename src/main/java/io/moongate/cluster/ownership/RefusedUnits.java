package io.moongate.cluster.ownership;

import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Units that gateways could not open. Who has not tried yet tries at once; who has rests before it
 * tries again, ever longer: what keeps all of them from it lasts, each attempt is an epoch, and
 * hosts are told of each. Nothing is given up.
 */
final class RefusedUnits {
  /** Before the first repetition. */
  private static final Duration REST = Duration.ofSeconds(1);

  /** Each one after that doubles it, so often at most: hosts wait so long after the trouble. */
  private static final int DOUBLINGS = 3;

  /**
   * @param first epoch at which this gateway was to try again for the first time
   * @param seen when the unit was first seen without an owner after {@code epoch}
   */
  private record Round(long first, long epoch, Instant seen) {
    boolean resting(Instant now) {
      int times = (int) Math.min(DOUBLINGS, epoch - first);
      // A wall clock that was set back must not keep it at rest.
      return !now.isBefore(seen) && now.isBefore(seen.plus(REST.multipliedBy(1L << times)));
    }
  }

  private final String self;
  private final Map<String, Round> rounds = new HashMap<>();

  RefusedUnits(String self) {
    this.self = self;
  }

  /** Takes notice of what is in the view, before {@link #isResting} is asked. */
  void look(Collection<UnitEntry> units, Instant now) {
    Set<String> refused = new HashSet<>();
    for (UnitEntry unit : units) {
      if (!unit.ownership().refusedBy().contains(self)) {
        continue;
      }
      refused.add(unit.id());
      long epoch = unit.ownership().epoch();
      if (unit.ownership().phase() == Phase.UNOWNED) {
        Round before = rounds.get(unit.id());
        if (before == null || before.epoch() != epoch) {
          rounds.put(unit.id(), new Round(before == null ? epoch : before.first(), epoch, now));
        }
      }
    }
    rounds.keySet().retainAll(refused);
  }

  /** Whether this gateway is not to try a unit yet. */
  boolean isResting(UnitEntry unit, Instant now) {
    Round round = rounds.get(unit.id());
    return round != null
        && unit.ownership().phase() == Phase.UNOWNED
        && round.epoch() == unit.ownership().epoch()
        && round.resting(now);
  }
}
