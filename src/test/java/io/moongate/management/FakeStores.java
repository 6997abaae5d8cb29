package io.moongate.management;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.VolumeStores;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Stores that are as a test wants them. */
public final class FakeStores implements VolumeStores {
  private volatile List<Store> stores =
      List.of(
          new Store("file", State.WELL, OptionalLong.of(5L << 30), List.of()),
          new Store("memory", State.UNKNOWN, OptionalLong.empty(), List.of()),
          new Store("rbd", State.NEAR_FULL, OptionalLong.of(1 << 29), List.of("see to it")));

  /** In the order of their names. */
  public volatile List<StoredVolume> volumes = List.of();

  @Override
  public CompletionStage<List<StoredVolume>> volumes(String kind, String after, int most) {
    return kind.equals("rbd")
        ? CompletableFuture.completedStage(
            volumes.stream()
                .filter(volume -> volume.name().compareTo(after) > 0)
                .limit(most)
                .toList())
        : CompletableFuture.failedStage(
            new Metadata.Refusal(
                Metadata.Refusal.Kind.INVALID, "store", "there is no store " + kind));
  }

  @Override
  public CompletionStage<List<Store>> stores() {
    return CompletableFuture.completedStage(stores);
  }
}
