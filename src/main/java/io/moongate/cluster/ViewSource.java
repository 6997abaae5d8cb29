package io.moongate.cluster;

import io.moongate.cluster.view.View;
import io.moongate.failure.Observation;
import java.util.List;

/** A view, and what is known beside it: as it is now, or as it was. */
public interface ViewSource {

  /** The view. */
  View view();

  /** What stands against gateways, and parts of them. */
  List<Observation> observations();

  /**
   * What is asked of a unit, in operations a second and averaged over a while: a command on blocks
   * is one, and one more for every 32 KiB.
   */
  double load(String unitId);

  /** A view of the past: what is not on record, loads and observations, is not in it. */
  static ViewSource of(View view) {
    return new ViewSource() {
      @Override
      public View view() {
        return view;
      }

      @Override
      public List<Observation> observations() {
        return List.of();
      }

      @Override
      public double load(String unitId) {
        return 0;
      }
    };
  }
}
