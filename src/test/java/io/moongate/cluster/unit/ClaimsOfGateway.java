package io.moongate.cluster.unit;

import io.moongate.cluster.view.UnitEntry;
import java.util.List;
import java.util.Optional;

/** The {@link Claims} of a gateway for tests that are not in this package. */
public final class ClaimsOfGateway {
  private final Claims claims = new Claims();

  public boolean add(Luns.Claim claim, UnitEntry unit) {
    return claims.add(claim, unit);
  }

  public boolean drop(String unitId, long epoch) {
    return claims.drop(unitId, epoch);
  }

  public Optional<Luns.Claim> served(String unitId, long epoch) {
    return claims.served(unitId, epoch);
  }

  public List<Luns.Claim> served() {
    return claims.served();
  }

  public Optional<Luns.Claim> over(UnitEntry unit) {
    return claims.over(unit);
  }

  public static UnitEntry lay(Luns.Claim claim, UnitEntry unit) {
    return Claims.lay(claim, unit);
  }
}
