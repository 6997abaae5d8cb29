package io.moongate.volume.rbd;

import io.moongate.volume.VolumeException;

/** Whether a pool can be reached as the settings say: for whoever looks before a gateway starts. */
public final class RbdReach {
  private RbdReach() {}

  /**
   * Connects to the pool and its namespace, and leaves.
   *
   * @throws VolumeException with UNAVAILABLE, saying what of the settings it may be about
   */
  public static void require(RbdSettings settings) {
    RadosClient.connect(settings).close();
  }
}
