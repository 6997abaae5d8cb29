package io.moongate.security;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The files of a party to TLS connections, as they are now.
 *
 * @param setting what the settings that name them begin with
 * @param refused what is wrong with them since they were changed; what was there before stays in
 *     force
 * @param left for how long its own certificate in force, and those that its chain has with it, are
 *     valid yet; below zero they have expired. Empty where it has none
 */
public record TlsReading(String setting, Optional<String> refused, Optional<Duration> left) {

  /** Of this process, by setting; the files are looked at for it. */
  public static List<TlsReading> all() {
    return Tls.inUse().stream().map(Tls::reading).toList();
  }
}
