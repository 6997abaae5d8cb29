package io.moongate.cli.demo;

import io.moongate.cli.demo.GatewayApi.ApiException;
import io.moongate.management.api.LogicalUnit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The images of the demo's LUNs, where they are in a Ceph pool and don't go with the demo's
 * directory. Nothing here fails: what was to be shown has been shown.
 */
public final class DemoImages {

  private static final Duration POLL = Duration.ofSeconds(1);

  private final Optional<String> pool;
  private final Supplier<List<GatewayApi>> alive;
  private boolean deleted;

  /**
   * Of a demo whose LUNs are in this store.
   *
   * @param alive the gateways that can be asked now, of which any may die meanwhile
   */
  public DemoImages(DemoStore store, Supplier<List<GatewayApi>> alive) {
    this.pool = store.pool();
    this.alive = alive;
  }

  /** Deletes the LUNs, again and again until there are none or the time is over. */
  public void delete(Deadline deadline) {
    while (pool.isPresent() && !deleted) {
      deleted = alive.get().stream().anyMatch(api -> deletedThrough(api, deadline));
      if (!deleted) {
        if (deadline.passed()) {
          return;
        }
        Deadline.pause(POLL);
      }
    }
  }

  private static boolean deletedThrough(GatewayApi api, Deadline deadline) {
    try {
      for (LogicalUnit unit : api.luns()) {
        if (deadline.passed()) {
          return false;
        }
        api.deleteLun(unit.id());
      }
      return api.luns().isEmpty();
    } catch (ApiException e) {
      // Perhaps through the next one, or later: Ceph refuses while a dead owner counts as living.
      return false;
    }
  }

  /** What is left in the pool and how it is removed; empty when nothing is. */
  public Optional<String> left() {
    if (pool.isEmpty() || deleted) {
      return Optional.empty();
    }
    List<GatewayApi> gateways = alive.get();
    for (GatewayApi api : gateways) {
      try {
        List<LogicalUnit> units = api.luns();
        return units.isEmpty() ? Optional.empty() : Optional.of(named(units));
      } catch (ApiException e) {
        // Perhaps the next one can say.
      }
    }
    return Optional.of(
        "images may be left in the pool %1$s, and no gateway can say which: look by rbd ls %1$s,"
                .formatted(pool.get())
            + " remove each by rbd rm %s/IMAGE".formatted(pool.get()));
  }

  private String named(List<LogicalUnit> units) {
    List<String> images = new ArrayList<>();
    for (LogicalUnit unit : units) {
      String volume = String.valueOf(unit.volume());
      images.add(volume.contains("/") ? volume : pool.get() + "/" + volume);
    }
    return "images are left in the pool %s: %s; once the gateways have ended for 30 s, remove them by %s"
        .formatted(
            pool.get(),
            String.join(", ", images),
            images.stream().map(image -> "rbd rm " + image).collect(Collectors.joining("; ")));
  }
}
