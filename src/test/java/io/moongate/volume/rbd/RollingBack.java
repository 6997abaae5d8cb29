package io.moongate.volume.rbd;

import io.moongate.volume.Volume;

/** A process that owns a volume and rolls it back. It says {@code rolling} right before. */
final class RollingBack {
  private RollingBack() {}

  /** Arguments: what {@link OldOwner#command} gives, with the snapshot's name as the kind. */
  public static void main(String[] arguments) {
    Volume volume = OldOwner.open(arguments);
    volume.fence(Long.parseLong(arguments[6])).toCompletableFuture().join();
    System.out.println("rolling");
    volume.rollBack(arguments[7], "interrupted").toCompletableFuture().join();
    System.out.println("rolled");
  }
}
