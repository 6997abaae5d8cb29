package io.moongate.volume.file;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.time.Duration;

/**
 * {@code moongate.volume.file}.
 *
 * @param directory where the volumes are
 * @param threads how many system calls run at a time
 * @param queue operations that may wait for a thread; beyond it they fail with UNAVAILABLE
 * @param closeTimeout how long closing the store waits for what is under way
 */
public record FileStoreSettings(Path directory, int threads, int queue, Duration closeTimeout) {

  public FileStoreSettings {
    if (threads < 1 || threads > 1024) {
      throw new IllegalArgumentException("threads must be 1 to 1024, not " + threads);
    }
    if (queue < 1) {
      throw new IllegalArgumentException("queue must be positive, not " + queue);
    }
    if (closeTimeout.isNegative() || closeTimeout.isZero()) {
      throw new IllegalArgumentException("close-timeout must be positive, not " + closeTimeout);
    }
  }

  /** From the whole configuration. */
  public static FileStoreSettings from(Config config) {
    Config file = config.getConfig("moongate.volume.file");
    return new FileStoreSettings(
        Path.of(file.getString("directory")),
        file.getInt("threads"),
        file.getInt("queue"),
        file.getDuration("close-timeout"));
  }
}
