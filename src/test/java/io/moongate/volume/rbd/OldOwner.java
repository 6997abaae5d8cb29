package io.moongate.volume.rbd;

import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * A process that owns a volume and writes to it until it is refused. It says {@code writing} once
 * it is at it, and how it ended.
 */
final class OldOwner {
  static final int BLOCK = 4096;
  static final int AT_A_TIME = 64;

  /** Bytes of a write that lies in two objects. */
  static final int ATOMIC = 256 << 10;

  private static final int LATER = 100;

  private OldOwner() {}

  /** Arguments: what {@link #command} gives. */
  public static void main(String[] arguments) {
    Volume volume = open(arguments);
    if (arguments[7].equals("fencing")) {
      System.out.println("fencing");
    }
    String refused = failure(volume.fence(Long.parseLong(arguments[6])));
    if (!refused.isEmpty()) {
      System.out.println("ended " + refused + " 0");
    } else if (arguments[7].equals("atomic")) {
      writeAtomically(volume);
    } else {
      write(volume);
    }
  }

  /** Opens the volume that the arguments of such a process name. */
  static Volume open(String[] arguments) {
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
    return new RbdVolumeStore(settings).open(arguments[5]).toCompletableFuture().join();
  }

  static String[] command(RbdSettings settings, String id, long epoch, String kind) {
    return new String[] {
      settings.confFile().toString(),
      settings.user(),
      settings.keyring().orElseThrow().toString(),
      settings.pool(),
      settings.imagePrefix(),
      id,
      Long.toString(epoch),
      kind
    };
  }

  private static void write(Volume volume) {
    int blocks = (int) (volume.geometry().size() / BLOCK);
    Random random = new Random(1);
    Deque<CompletionStage<Void>> underWay = new ArrayDeque<>();
    String refused = "";
    for (int written = 0; refused.isEmpty(); written++) {
      underWay.add(volume.write((long) random.nextInt(blocks) * BLOCK, block("old"), false));
      if (underWay.size() == AT_A_TIME) {
        refused = failure(underWay.remove());
      }
      if (written == 4 * AT_A_TIME) {
        System.out.println("writing");
      }
    }
    // Some of these were done before, and only now it is known.
    underWay.forEach(OldOwner::failure);
    int afterwards = 0;
    for (int i = 0; i < LATER; i++) {
      afterwards += failure(volume.write((long) i * BLOCK, block("old"), false)).isEmpty() ? 1 : 0;
    }
    System.out.println("ended " + refused + " " + afterwards);
  }

  /** Two objects are written, all bytes the same, others each time. */
  private static void writeAtomically(Volume volume) {
    byte[] bytes = new byte[ATOMIC];
    for (int i = 1; ; i++) {
      Arrays.fill(bytes, (byte) i);
      String refused =
          failure(volume.writeAtomic((1 << 20) - ATOMIC / 2, ByteBuffer.wrap(bytes.clone())));
      if (!refused.isEmpty()) {
        System.out.println("ended " + refused);
        return;
      }
      if (i == 5) {
        System.out.println("writing");
      }
    }
  }

  static ByteBuffer block(String owner) {
    byte[] bytes = new byte[BLOCK];
    Arrays.fill(bytes, (byte) owner.charAt(0));
    return ByteBuffer.wrap(bytes);
  }

  private static String failure(CompletionStage<Void> stage) {
    try {
      stage.toCompletableFuture().join();
      return "";
    } catch (CompletionException e) {
      return VolumeException.in(e).map(known -> known.reason().name()).orElse(e.toString());
    }
  }
}
