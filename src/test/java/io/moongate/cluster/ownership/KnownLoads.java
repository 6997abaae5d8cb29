package io.moongate.cluster.ownership;

import java.util.Map;
import java.util.Set;

/** Loads that every gateway knows of. */
record KnownLoads(Map<String, Double> loads) implements Loads {
  static Loads of(Map<String, Double> loads) {
    return new KnownLoads(loads);
  }

  @Override
  public double of(String unitId) {
    return loads.getOrDefault(unitId, 0.0);
  }

  @Override
  public boolean knownOf(Set<String> gateways) {
    return true;
  }
}
