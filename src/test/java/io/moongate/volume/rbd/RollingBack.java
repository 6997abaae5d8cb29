package io.moongate.volume.rbd;

import io.moongate.volume.Volume;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A process that owns a volume and rolls it back. It says {@code rolling} right before. */
final class RollingBack {
  private RollingBack() {}

  /** Arguments: what {@link OldOwner#command} gives, with the snapshot's name as the kind. */
  public static void main(String[] arguments) {
    RbdSettings settings =
        new RbdSettings(
            Path.of(arguments[0]),
            arguments[1],
            Optional.of(Path.of(arguments[2])),
            arguments[3],
            "",
            arguments[4],
            1 << 20,
            4,
            4096,
            Duration.ofSeconds(30),
            Duration.ofDays(1),
            Optional.empty(),
            Duration.ofSeconds(30));
    Volume volume = new RbdVolumeStore(settings).open(arguments[5]).toCompletableFuture().join();
    volume.fence(Long.parseLong(arguments[6])).toCompletableFuture().join();
    System.out.println("rolling");
    volume.rollBack(arguments[7], "interrupted").toCompletableFuture().join();
    System.out.println("rolled");
  }
}
