package io.moongate.scsi;

import io.moongate.scsi.alua.AluaQueries;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.shared.UnitPeers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A unit of 1 MiB in memory, which this gateway owns; it and its volume do everything at once. */
public final class SmallDisk {
  public static final int BLOCK = 512;
  public static final int BLOCKS = 2048;

  public final ManualTimer timer = new ManualTimer();
  public final CheckedVolume volume = new CheckedVolume((long) BLOCKS * BLOCK, BLOCK);
  public final BlockUnit unit =
      new BlockUnit(
          UnitFixture.IDENTITY,
          volume.geometry(),
          new Alua(),
          now -> true,
          UnitPeers.ALONE,
          UnitFixture.SETTINGS,
          timer);

  /** Explicit, but nobody is there to move the unit. */
  private static final class Alua implements AluaQueries {
    @Override
    public CompletionStage<PathStates> pathStates() {
      return CompletableFuture.completedStage(UnitFixture.states(1, 5, true));
    }

    @Override
    public boolean explicitAlua(String target) {
      return true;
    }
  }

  public SmallDisk() {
    unit.publish(UnitFixture.states(1, 5, true), new Route.Local(volume));
  }
}
