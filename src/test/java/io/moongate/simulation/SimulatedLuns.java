package io.moongate.simulation;

import io.moongate.cluster.unit.ClaimsOfGateway;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The units of a gateway, and the claims that are laid over their entries. A stand-in for {@code
 * cluster.unit.Luns}, which is an actor; which claims count is the product's.
 */
final class SimulatedLuns {
  private static final long TELL_AGAIN = 200 * Scheduler.MS;

  private final GatewayLife life;
  private final Map<String, SimulatedLun> luns = new TreeMap<>();
  private final Set<String> gone = new TreeSet<>();
  private final ClaimsOfGateway claims = new ClaimsOfGateway();

  SimulatedLuns(GatewayLife life) {
    this.life = life;
    life.process().every(TELL_AGAIN, () -> tellOthers(claims.served()));
  }

  void entryChanged(UnitEntry unit) {
    Optional<Luns.Claim> claim = claims.over(unit);
    UnitEntry effective = claim.map(laid -> ClaimsOfGateway.lay(laid, unit)).orElse(unit);
    luns.computeIfAbsent(unit.id(), id -> new SimulatedLun(life, this))
        .changed(
            effective,
            life.view().gateways().stream().map(this::known).toList(),
            life.view().gateway(effective.ownership().owner()).map(this::known),
            claim.isPresent(),
            claim.map(Luns.Claim::handedOver).orElse(false));
  }

  void gatewayChanged() {
    life.view().units().forEach(this::entryChanged);
  }

  /** A process begins nothing any more. */
  void ownerGone(String incarnation) {
    gone.add(incarnation);
    gatewayChanged();
  }

  private GatewayEntry known(GatewayEntry entry) {
    return gone.contains(entry.incarnation()) && entry.state() == GatewayEntry.State.UP
        ? entry.failed("its process is gone, or out")
        : entry;
  }

  // ---- claims

  /** This gateway has taken a unit over, or somebody says that the row has given it to somebody. */
  void claimed(Luns.Claim claim) {
    life.view()
        .unit(claim.unitId())
        .filter(unit -> mayServeBy(claim, unit))
        .filter(unit -> claims.add(claim, unit))
        .ifPresent(
            unit -> {
              life.world().trace(() -> "%s knows %s".formatted(life, claim));
              life.world().invariants().claimed(life, claim);
              entryChanged(unit);
            });
  }

  private boolean mayServeBy(Luns.Claim claim, UnitEntry unit) {
    return !claim.owner().equals(life.name())
        || unit.shared().version() >= claim.sharedVersion()
        || life.world().lacks(Mutation.SUCCESSOR_WITHOUT_STATE);
  }

  /** This process has handed a unit over. */
  void given(Luns.Claim claim) {
    GatewayLife successor = life.world().life(claim.incarnation());
    if (life.others().contains(successor)) {
      life.send(successor, () -> successor.luns().told(List.of(claim)));
    }
  }

  private void told(List<Luns.Claim> all) {
    all.forEach(life.claimListener()::heard);
    all.forEach(this::claimed);
  }

  /** What this gateway has claimed is open. */
  void opened(String unitId, long epoch) {
    life.claimListener().ended(unitId, epoch);
    claims.served(unitId, epoch).ifPresent(claim -> tellOthers(List.of(claim)));
  }

  /** What this gateway has claimed is not opened. */
  void dropped(String unitId, long epoch) {
    life.claimListener().ended(unitId, epoch);
    if (claims.drop(unitId, epoch)) {
      life.view().unit(unitId).ifPresent(this::entryChanged);
    }
  }

  private void tellOthers(List<Luns.Claim> all) {
    if (!all.isEmpty()) {
      life.others().forEach(other -> life.send(other, () -> other.luns().told(all)));
    }
  }

  /** Whether the row has given the unit to somebody, and the view does not show it. */
  boolean isAhead(UnitEntry unit) {
    return claims.over(unit).isPresent();
  }
}
