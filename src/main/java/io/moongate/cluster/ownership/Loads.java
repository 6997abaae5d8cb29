package io.moongate.cluster.ownership;

import io.moongate.cluster.view.UnitEntry;
import java.util.Set;

/** What is asked of the logical units, as a gateway knows it. */
public interface Loads {
  /** Where nothing is known of any. */
  Loads UNKNOWN =
      new Loads() {
        @Override
        public double of(String unitId) {
          return 0;
        }

        @Override
        public boolean knownOf(Set<String> gateways) {
          return false;
        }
      };

  /** Operations a second; 0 for a unit of which nothing is known. */
  double of(String unitId);

  /** The same. */
  default double of(UnitEntry unit) {
    return of(unit.id());
  }

  /** Whether all of these gateways have lately said what is asked of their units. */
  boolean knownOf(Set<String> gateways);
}
