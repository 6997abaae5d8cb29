package io.moongate.cluster.snapshot;

import java.util.concurrent.CompletionStage;

/**
 * The units that this gateway has open as their owner. Stages fail with a {@link
 * io.moongate.cluster.Metadata.Refusal}: with UNAVAILABLE when it has not, under that epoch.
 */
public interface OpenUnits {

  /** As {@link Snapshots#make}. */
  CompletionStage<Snapshot> makeSnapshot(String unitId, long epoch, String name);

  /** As {@link Snapshots#delete}. */
  CompletionStage<Void> deleteSnapshot(String unitId, long epoch, String name);
}
