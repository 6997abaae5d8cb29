package io.moongate;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeSnapshot;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What a store says of snapshots, as the metadata cluster says it. */
final class VolumeRefusals {
  private VolumeRefusals() {}

  /**
   * A stage that fails with a {@link Refusal} where a store's has failed.
   *
   * @param field of the request that it is about
   */
  static <T> CompletionStage<T> refusing(String field, CompletionStage<T> ofStore) {
    return ofStore.exceptionally(
        failure -> {
          throw new CompletionException(
              VolumeException.in(failure)
                  .<RuntimeException>map(
                      known -> new Refusal(kind(known.reason()), field, known.getMessage()))
                  .orElseGet(() -> new CompletionException(failure)));
        });
  }

  private static Kind kind(VolumeException.Reason reason) {
    return switch (reason) {
      case NOT_FOUND -> Kind.NOT_FOUND;
      case RANGE -> Kind.INVALID;
      case EXISTS, IN_USE, UNSUPPORTED -> Kind.CONFLICT;
      case FENCED, CLOSED, FULL, IO, LOST, UNAVAILABLE, OVERLOADED -> Kind.UNAVAILABLE;
    };
  }

  static Snapshot snapshot(VolumeSnapshot of) {
    return new Snapshot(of.name(), of.size(), of.at(), of.clones(), of.locked());
  }
}
