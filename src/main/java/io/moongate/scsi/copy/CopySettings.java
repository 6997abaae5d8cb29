package io.moongate.scsi.copy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;

/**
 * Bounds of third-party copies, read once from {@code moongate.scsi.copy}. Every key is described
 * in {@code conf/scsi.conf}.
 *
 * @param maxSegments segment descriptors of one command
 * @param maxSegmentLength bytes of one segment
 * @param pieceSize bytes that one command of the copy manager reads or writes
 * @param piecesInFlight pieces of one copy that are under way at a time
 * @param maxCopiesPerUnit copies under way that came to one logical unit
 * @param maxCopies copies under way on the gateway
 * @param maxHeldResults copies on the gateway that have ended and can still be asked about
 * @param retryInterval pause before a command is sent again that was answered BUSY
 * @param threads that work for all copies of the gateway
 */
public record CopySettings(
    int maxSegments,
    int maxSegmentLength,
    int pieceSize,
    int piecesInFlight,
    int maxCopiesPerUnit,
    int maxCopies,
    int maxHeldResults,
    Duration retryInterval,
    int threads) {
  private static final String PATH = "moongate.scsi.copy";
  private static final int LARGEST_BLOCK = 4096;

  /** What is shipped. */
  static final CopySettings DEFAULT =
      new CopySettings(16, 16 << 20, 512 << 10, 4, 8, 16, 4096, Duration.ofMillis(20), 2);

  /** Reads the settings; a value out of its range is refused. */
  public static CopySettings from(Config root) {
    Config own = root.getConfig(PATH);
    return new CopySettings(
        number(own, "max-segments", 1, 1024),
        bytes(own, "max-segment-length", 1 << 20, 1 << 30),
        bytes(own, "piece-size", LARGEST_BLOCK, 4 << 20),
        number(own, "pieces-in-flight", 1, 64),
        number(own, "max-copies-per-unit", 1, 255),
        number(own, "max-copies", 1, 4096),
        number(own, "max-held-results", 0, 1 << 20),
        Duration.ofMillis(
            within(own, "retry-interval", own.getDuration("retry-interval").toMillis(), 1, 10_000)),
        number(own, "threads", 1, 64));
  }

  private static int number(Config own, String key, int least, int most) {
    return (int) within(own, key, own.getInt(key), least, most);
  }

  private static int bytes(Config own, String key, int least, int most) {
    long value = within(own, key, own.getBytes(key), least, most);
    if (value % LARGEST_BLOCK != 0) {
      throw bad(own, key, "must be a multiple of " + LARGEST_BLOCK + ", not " + value);
    }
    return (int) value;
  }

  private static long within(Config own, String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw bad(own, key, "must be from " + least + " to " + most + ", not " + value);
    }
    return value;
  }

  private static ConfigException bad(Config own, String key, String why) {
    return new ConfigException.BadValue(own.getValue(key).origin(), PATH + "." + key, why);
  }
}
