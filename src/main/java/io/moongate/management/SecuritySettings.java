package io.moongate.management;

import com.typesafe.config.Config;
import io.moongate.security.KnownUsers;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Who is let in to the HTTP API; each key is described in {@code conf/management.conf}.
 *
 * @param usersFile with the users; while it is not there nobody is let in
 * @param failureDelay for which the answer to a failed attempt is kept back
 * @param failuresPerMinute failed attempts of one address; beyond it 429
 * @param requestsPerSecond of one user; twice as many at once
 * @param tls the API's certificate, and the authorities of its clients' certificates
 */
public record SecuritySettings(
    Path usersFile,
    Duration failureDelay,
    int failuresPerMinute,
    int requestsPerSecond,
    Optional<TlsFiles> tls) {

  private static final String PATH = "moongate.management";
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(10);

  public SecuritySettings {
    require(!usersFile.toString().isBlank(), "users-file", "must name a file");
    require(
        !failureDelay.isNegative() && failureDelay.compareTo(LONGEST_DELAY) <= 0,
        "failure-delay",
        "must be from 0 s to 10 s");
    require(failuresPerMinute >= 1, "failures-per-minute", "must be at least 1");
    require(
        requestsPerSecond >= 1 && requestsPerSecond <= 1_000_000,
        "requests-per-second",
        "must be from 1 to 1000000");
    require(
        tls.isEmpty() || tls.get().certificate().isPresent(),
        "tls.certificate",
        "must be set where tls.client-ca is");
  }

  /**
   * Reads {@code moongate.management}, and the files that it names.
   *
   * @throws IllegalArgumentException names the key or the file with a mistake, and what was
   *     expected
   */
  public static SecuritySettings from(Config config) {
    Config own = config.getConfig(PATH);
    SecuritySettings settings =
        new SecuritySettings(
            Path.of(own.getString("users-file")),
            own.getDuration("failure-delay"),
            own.getInt("failures-per-minute"),
            own.getInt("requests-per-second"),
            TlsFiles.from(config, PATH + ".tls", "client-ca"));
    settings.tls().ifPresent(Tls::of);
    new KnownUsers(settings.usersFile()).now();
    return settings;
  }

  /** {@code https} or {@code http}. */
  public String scheme() {
    return tls.isPresent() ? "https" : "http";
  }

  private static void require(boolean holds, String key, String message) {
    if (!holds) {
      throw new IllegalArgumentException(PATH + "." + key + " " + message);
    }
  }
}
