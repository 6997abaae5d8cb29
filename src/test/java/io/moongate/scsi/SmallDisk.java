package io.moongate.scsi;

import io.moongate.scsi.shared.UnitPeers;
import java.util.concurrent.CompletableFuture;

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
          () -> CompletableFuture.completedFuture(UnitFixture.states(1, 5, true)),
          now -> true,
          UnitPeers.ALONE,
          UnitFixture.SETTINGS,
          timer);

  public SmallDisk() {
    unit.publish(UnitFixture.states(1, 5, true), new Route.Local(volume));
  }
}
