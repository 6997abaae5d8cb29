package io.moongate;

import static io.moongate.VolumeRefusals.refusing;
import static io.moongate.cluster.Refusals.refuse;

import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.snapshot.OpenUnits;
import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.volume.Volume;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The volumes of the units that this gateway owns, for what other gateways ask of their owner. */
final class OpenVolumes implements OpenUnits {
  private final String gateway;
  private final Lookup volumes;

  /** Finds the volume that is open under an epoch. */
  @FunctionalInterface
  interface Lookup {
    Optional<Volume> volume(String unitId, long epoch);
  }

  OpenVolumes(String gateway, Lookup volumes) {
    this.gateway = gateway;
    this.volumes = volumes;
  }

  @Override
  public CompletionStage<Snapshot> makeSnapshot(String unitId, long epoch, String name) {
    return with(
        unitId, epoch, volume -> volume.makeSnapshot(name).thenApply(VolumeRefusals::snapshot));
  }

  @Override
  public CompletionStage<Void> deleteSnapshot(String unitId, long epoch, String name) {
    return with(unitId, epoch, volume -> volume.deleteSnapshot(name));
  }

  private <T> CompletionStage<T> with(
      String unitId, long epoch, Function<Volume, CompletionStage<T>> task) {
    return volumes
        .volume(unitId, epoch)
        .map(volume -> refusing("name", task.apply(volume)))
        .orElseGet(
            () ->
                refuse(
                    Kind.UNAVAILABLE,
                    "id",
                    "%s does not serve the unit under epoch %d just now: ask again"
                        .formatted(gateway, epoch)));
  }
}
