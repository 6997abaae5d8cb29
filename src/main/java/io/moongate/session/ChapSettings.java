package io.moongate.session;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Settings of authentication, read once from {@code moongate.iscsi.chap}.
 *
 * @param algorithms what an initiator may choose from
 * @param failureDelay how long the answer to a login that failed to authenticate is kept back
 */
public record ChapSettings(Set<ChapAlgorithm> algorithms, Duration failureDelay) {
  private static final String PATH = "moongate.iscsi.chap.";
  private static final Duration LONGEST_DELAY = Duration.ofMinutes(1);

  /** Makes the set its own. */
  public ChapSettings {
    algorithms = Set.copyOf(algorithms);
  }

  /**
   * Reads the settings.
   *
   * @param config the application's whole configuration
   * @throws IllegalArgumentException names the key, where its value stands, and what was expected
   */
  public static ChapSettings from(Config config) {
    return new ChapSettings(algorithms(config), failureDelay(config));
  }

  private static Set<ChapAlgorithm> algorithms(Config config) {
    String key = PATH + "algorithms";
    String names =
        Arrays.stream(ChapAlgorithm.values())
            .map(ChapAlgorithm::hash)
            .collect(Collectors.joining(", "));
    String expected = "some of " + names + ", with commas between them";
    Set<ChapAlgorithm> algorithms = EnumSet.noneOf(ChapAlgorithm.class);
    try {
      for (String name : config.getString(key).split(",", -1)) {
        algorithms.add(named(name.strip()).orElseThrow(() -> wrong(config, key, expected, null)));
      }
    } catch (ConfigException e) {
      throw wrong(config, key, expected, e);
    }
    return algorithms;
  }

  private static Optional<ChapAlgorithm> named(String name) {
    return Arrays.stream(ChapAlgorithm.values())
        .filter(algorithm -> algorithm.hash().equalsIgnoreCase(name))
        .findFirst();
  }

  private static Duration failureDelay(Config config) {
    String key = PATH + "failure-delay";
    String expected = "a duration from 0 s to " + LONGEST_DELAY.toSeconds() + " s";
    try {
      Duration delay = config.getDuration(key);
      if (!delay.isNegative() && delay.compareTo(LONGEST_DELAY) <= 0) {
        return delay;
      }
    } catch (ConfigException e) {
      throw wrong(config, key, expected, e);
    }
    throw wrong(config, key, expected, null);
  }

  private static IllegalArgumentException wrong(
      Config config, String key, String expected, Exception cause) {
    String found = "nothing in the configuration";
    if (config.hasPath(key)) {
      var value = config.getValue(key);
      found = value.unwrapped() + " at " + value.origin().description();
    }
    return new IllegalArgumentException(
        "%s: found %s, expected %s".formatted(key, found, expected), cause);
  }
}
