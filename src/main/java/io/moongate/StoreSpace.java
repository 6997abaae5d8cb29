package io.moongate;

import io.moongate.cluster.VolumeStores.Store;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** What the stores said last of their space: asked now and then, so that nobody waits for them. */
final class StoreSpace {
  private final Supplier<CompletionStage<List<Store>>> stores;
  private final AtomicBoolean asked = new AtomicBoolean();
  private volatile List<Store> said = List.of();

  StoreSpace(Supplier<CompletionStage<List<Store>>> stores) {
    this.stores = stores;
  }

  /** Asks, unless the last answer is not there yet. */
  void look() {
    if (asked.compareAndSet(false, true)) {
      var unused =
          stores
              .get()
              .whenComplete(
                  (answer, failure) -> {
                    if (failure == null) {
                      said = answer;
                    }
                    asked.set(false);
                  });
    }
  }

  List<Store> said() {
    return said;
  }
}
