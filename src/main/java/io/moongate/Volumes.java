package io.moongate;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.VolumeProvisioner;
import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.volume.Provisioning;
import io.moongate.volume.StoreStatus;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The volume stores that this gateway reaches, by kind. */
final class Volumes implements VolumeProvisioner {
  private final Map<String, VolumeStore> stores = new TreeMap<>();

  Volumes(List<VolumeStore> stores) {
    stores.forEach(store -> this.stores.put(store.kind(), store));
  }

  @Override
  public Set<String> kinds() {
    return stores.keySet();
  }

  @Override
  public CompletionStage<Void> create(
      String kind,
      String volume,
      long size,
      int blockSize,
      UnitAttributes.Provisioning provisioning) {
    VolumeStore store = stores.get(kind);
    return store == null ? unknown(kind) : store.create(volume, size, blockSize, of(provisioning));
  }

  @Override
  public CompletionStage<Long> adopt(
      String kind, String volume, String unitId, Optional<String> former, int blockSize) {
    VolumeStore store = stores.get(kind);
    return store == null ? unknown(kind) : store.adopt(volume, unitId, former, blockSize);
  }

  private static Provisioning of(UnitAttributes.Provisioning provisioning) {
    return switch (provisioning) {
      case THIN -> Provisioning.THIN;
      case FULL -> Provisioning.FULL;
    };
  }

  @Override
  public CompletionStage<Void> grow(String kind, String volume, long size) {
    VolumeStore store = stores.get(kind);
    return store == null ? unknown(kind) : store.grow(volume, size);
  }

  @Override
  public CompletionStage<List<Snapshot>> snapshots(String kind, String volume) {
    VolumeStore store = stores.get(kind);
    return VolumeRefusals.refusing(
        "id",
        store == null
            ? unknown(kind)
            : store
                .snapshots(volume)
                .thenApply(all -> all.stream().map(VolumeRefusals::snapshot).toList()));
  }

  @Override
  public CompletionStage<Long> clone(
      String kind, String volume, String source, String snapshot, int blockSize) {
    VolumeStore store = stores.get(kind);
    return VolumeRefusals.refusing(
        "source", store == null ? unknown(kind) : store.clone(volume, source, snapshot, blockSize));
  }

  @Override
  public CompletionStage<Void> requireDeletable(String kind, String volume) {
    VolumeStore store = stores.get(kind);
    return VolumeRefusals.refusing(
        "id", store == null ? unknown(kind) : store.requireDeletable(volume));
  }

  @Override
  public CompletionStage<Void> delete(String kind, String volume, String unitId) {
    VolumeStore store = stores.get(kind);
    return store == null ? unknown(kind) : store.delete(volume, unitId);
  }

  CompletionStage<Volume> open(String kind, String volume, String unitId) {
    VolumeStore store = stores.get(kind);
    return store == null ? unknown(kind) : store.open(volume, unitId);
  }

  @Override
  public CompletionStage<List<Store>> stores() {
    List<CompletableFuture<Store>> asked =
        stores.entrySet().stream()
            .map(
                store ->
                    store
                        .getValue()
                        .status()
                        .exceptionally(failure -> StoreStatus.UNKNOWN)
                        .thenApply(status -> of(store.getKey(), status))
                        .toCompletableFuture())
            .toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(all -> asked.stream().map(CompletableFuture::join).toList());
  }

  @Override
  public CompletionStage<List<StoredVolume>> volumes(String kind, String after, int most) {
    VolumeStore store = stores.get(kind);
    if (store == null) {
      return CompletableFuture.failedStage(
          new Refusal(
              Refusal.Kind.INVALID,
              "store",
              "there is no store %s; there are: %s".formatted(kind, kinds())));
    }
    return store
        .list(after, most)
        .thenApply(page -> page.stream().map(Volumes::of).toList())
        .exceptionallyCompose(failure -> CompletableFuture.failedStage(refusal(failure)));
  }

  private static StoredVolume of(io.moongate.volume.StoredVolume volume) {
    return new StoredVolume(
        volume.name(), volume.size(), volume.blockSize(), volume.unitId(), volume.obstacle());
  }

  private static Refusal refusal(Throwable failure) {
    Optional<VolumeException> known = VolumeException.in(failure);
    boolean never = known.map(VolumeException::reason).equals(Optional.of(Reason.UNSUPPORTED));
    return new Refusal(
        never ? Refusal.Kind.INVALID : Refusal.Kind.UNAVAILABLE,
        "store",
        known.map(VolumeException::getMessage).orElse(failure.toString()));
  }

  private static Store of(String kind, StoreStatus status) {
    State state =
        switch (status.state()) {
          case WELL -> State.WELL;
          case NEAR_FULL -> State.NEAR_FULL;
          case FULL -> State.FULL;
          case UNKNOWN -> State.UNKNOWN;
        };
    return new Store(kind, state, status.available(), status.warnings());
  }

  private static <T> CompletionStage<T> unknown(String kind) {
    return CompletableFuture.failedStage(
        new VolumeException(
            Reason.NOT_FOUND, "this gateway has no volume store of the kind " + kind));
  }
}
