package io.moongate.security;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files of a party to TLS connections, in PEM (RFC 7468).
 *
 * @param setting what the settings that name them begin with
 * @param certificate the party's own chain, its own certificate first
 * @param key the private key of that, PKCS#8 without a password, mode 0600
 * @param ca the authorities whose certificates the other party may have
 */
public record TlsFiles(
    String setting, Optional<Path> certificate, Optional<Path> key, Optional<Path> ca) {

  public TlsFiles {
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(
          "%s.%s is set and %s.%s is not, expected both or neither"
              .formatted(
                  setting,
                  certificate.isPresent() ? "certificate" : "key",
                  setting,
                  certificate.isPresent() ? "key" : "certificate"));
    }
  }

  /**
   * Reads {@code certificate}, {@code key} and the authorities below a setting; empty when neither
   * is set.
   *
   * @param ca name of the setting with the authorities
   * @throws IllegalArgumentException when one of certificate and key is missing
   */
  public static Optional<TlsFiles> from(Config config, String setting, String ca) {
    TlsFiles files =
        new TlsFiles(
            setting,
            path(config, setting + ".certificate"),
            path(config, setting + ".key"),
            path(config, setting + "." + ca));
    return files.all().isEmpty() ? Optional.empty() : Optional.of(files);
  }

  /**
   * The same where both parties must have a certificate: {@code certificate}, {@code key} and
   * {@code ca}, all or none.
   *
   * @throws IllegalArgumentException names what is missing
   */
  public static Optional<TlsFiles> mutual(Config config, String setting) {
    Optional<TlsFiles> files = from(config, setting, "ca");
    files.ifPresent(
        found -> {
          if (found.all().size() < 3) {
            throw new IllegalArgumentException(
                "%s: found %s, expected certificate, key and ca, all of them or none"
                    .formatted(setting, found.all()));
          }
        });
    return files;
  }

  /** Those that are named. */
  public List<Path> all() {
    return Stream.of(certificate, key, ca).flatMap(Optional::stream).toList();
  }

  private static Optional<Path> path(Config config, String key) {
    String text = config.getString(key);
    return text.isBlank() ? Optional.empty() : Optional.of(Path.of(text));
  }
}
