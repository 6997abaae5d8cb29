package io.moongate.scsi.task;

import io.moongate.volume.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * This gateway's services of a unit: the current one, and older ones on which something still runs.
 * The monitor of the task set guards it.
 */
final class LocalServices {
  private final List<LocalService> services = new ArrayList<>();
  private LocalService current;

  /** Serves the volume under the epoch from now on; nothing is new when it does so already. */
  void serve(Volume volume, long epoch) {
    if (current == null || current.volume != volume || current.epoch != epoch) {
      services.removeIf(LocalService::isIdle);
      current = new LocalService(volume, epoch);
      services.add(current);
    }
  }

  /** The one that serves, or served last. */
  LocalService current() {
    return current;
  }

  /** Completes when nothing runs that is running now, on whichever volume. */
  CompletableFuture<Void> whenIdle() {
    return CompletableFuture.allOf(
        services.stream().map(LocalService::whenIdle).toArray(CompletableFuture<?>[]::new));
  }
}
