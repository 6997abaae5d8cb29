package io.moongate.cluster.unit;

import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which units were taken over by the ownership row, as this gateway knows, that the view does not
 * show yet: their entities are to record it (docs/decisions/0016). Such an ownership is laid over
 * the view's entry until the view has its epoch; the row has decided it, so whatever the view says
 * of an older epoch is over, and what it will say of this one is the same.
 */
final class Claims {
  private final Map<String, Luns.Claim> claims = new HashMap<>();

  /** Units of which this gateway itself is the claimant, and that it has open. */
  private final Set<String> served = new HashSet<>();

  /**
   * Takes a claim on.
   *
   * @param unit as the view has it
   * @return whether it says more than what was known
   */
  boolean add(Luns.Claim claim, UnitEntry unit) {
    Luns.Claim known = claims.get(claim.unitId());
    if (unit.ownership().epoch() >= claim.epoch()
        || (known != null && known.epoch() >= claim.epoch())) {
      return false;
    }
    claims.put(claim.unitId(), claim);
    served.remove(claim.unitId());
    return true;
  }

  /** Forgets the claim of this epoch: this gateway could not open what it has claimed. */
  boolean drop(String unitId, long epoch) {
    Luns.Claim known = claims.get(unitId);
    if (known == null || known.epoch() != epoch) {
      return false;
    }
    forget(unitId);
    return true;
  }

  /** Forgets what was known of a unit. */
  void forget(String unitId) {
    claims.remove(unitId);
    served.remove(unitId);
  }

  /** This gateway has opened what it has claimed: the claim, when it still stands. */
  Optional<Luns.Claim> served(String unitId, long epoch) {
    Optional<Luns.Claim> claim =
        Optional.ofNullable(claims.get(unitId)).filter(known -> known.epoch() == epoch);
    claim.ifPresent(known -> served.add(unitId));
    return claim;
  }

  /** The claims of this gateway that the others are to be told. */
  List<Luns.Claim> served() {
    return served.stream().map(claims::get).toList();
  }

  /** The claim that is to be laid over the entry; one that the entry shows by now is forgotten. */
  Optional<Luns.Claim> over(UnitEntry unit) {
    Luns.Claim claim = claims.get(unit.id());
    if (claim == null) {
      return Optional.empty();
    }
    if (unit.ownership().epoch() >= claim.epoch()) {
      forget(unit.id());
      return Optional.empty();
    }
    return Optional.of(claim);
  }

  /** The entry as it will be, for what concerns the ownership. */
  static UnitEntry lay(Luns.Claim claim, UnitEntry unit) {
    return unit.owned(
        new Ownership(
            Phase.SERVING,
            claim.epoch(),
            claim.owner(),
            claim.incarnation(),
            "",
            claim.at(),
            claim.cause(),
            List.of(),
            List.of()));
  }
}
