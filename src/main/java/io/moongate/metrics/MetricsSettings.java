package io.moongate.metrics;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Settings of the metrics; each key is described in {@code conf/metrics.conf}.
 *
 * @param open whether metrics are for whoever reaches the API
 * @param lunSeries whether logical units have series of their own
 * @param lunLimit how many of them at most
 * @param lunIdle how long one has them that this gateway neither owns nor is asked for
 */
public record MetricsSettings(boolean open, boolean lunSeries, int lunLimit, Duration lunIdle) {
  private static final String PATH = "moongate.metrics.";

  public MetricsSettings {
    require(lunLimit >= 0 && lunLimit <= 100_000, "lun-limit", "must be from 0 to 100000");
    require(!lunIdle.isNegative() && !lunIdle.isZero(), "lun-idle", "must be positive");
  }

  /** Reads {@code moongate.metrics}. */
  public static MetricsSettings from(Config config) {
    Config own = config.getConfig("moongate.metrics");
    return new MetricsSettings(
        own.getBoolean("open"),
        own.getBoolean("lun-series"),
        own.getInt("lun-limit"),
        own.getDuration("lun-idle"));
  }

  private static void require(boolean holds, String key, String message) {
    if (!holds) {
      throw new IllegalArgumentException(PATH + key + " " + message);
    }
  }
}
