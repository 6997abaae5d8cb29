package io.moongate;

import io.moongate.failure.Observation.Kind;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeStore;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the stores of this gateway again and again whether they can be reached, whether it has
 * anything open there or not: from the start on, so that a gateway that can't is given no units,
 * and its operator hears of it before a failover does. What is open is not judged by that ({@link
 * StoreWatch}).
 */
final class StoreReach {
  private static final Logger LOG = LoggerFactory.getLogger(StoreReach.class);

  /** Told what has changed. */
  @FunctionalInterface
  interface Listener {
    /**
     * Of a store as a whole.
     *
     * @param store its kind
     * @param kind {@link Kind#STORE_FAILING} or {@link Kind#STORE_WELL}
     */
    void seen(String store, Kind kind, String detail);
  }

  private final List<VolumeStore> stores;
  private final Listener listener;

  /** By the kind of a store, whether it was reached last; those that have answered. */
  private final Map<String, Boolean> reached = new HashMap<>();

  /** Kinds of those that have not answered. */
  private final Set<String> asked = new HashSet<>();

  StoreReach(List<VolumeStore> stores, Listener listener) {
    this.stores = List.copyOf(stores);
    this.listener = listener;
  }

  /** Asks those that have answered since they were asked last. */
  void look() {
    for (VolumeStore store : stores) {
      if (begin(store)) {
        store.reach().whenComplete((done, failure) -> answered(store, failure));
      }
    }
  }

  /** Whether a store could not be reached when it was asked last. */
  synchronized boolean isLost(String kind) {
    return Boolean.FALSE.equals(reached.get(kind));
  }

  /** By the kind of a store, whether it was reached last; those that have answered. */
  synchronized Map<String, Boolean> reached() {
    return Map.copyOf(reached);
  }

  private synchronized boolean begin(VolumeStore store) {
    return asked.add(store.kind());
  }

  private synchronized void answered(VolumeStore store, Throwable failure) {
    String kind = store.kind();
    asked.remove(kind);
    Boolean before = reached.put(kind, failure == null);
    if (failure != null && !Boolean.FALSE.equals(before)) {
      String why =
          VolumeException.in(failure).map(Throwable::getMessage).orElse(failure.toString());
      LOG.warn("event=store-unreachable store={} reason=\"{}\"", kind, why);
      listener.seen(kind, Kind.STORE_FAILING, why);
    } else if (failure == null && !Boolean.TRUE.equals(before)) {
      LOG.info("event=store-reached store={}", kind);
      listener.seen(kind, Kind.STORE_WELL, "reached");
    }
  }
}
