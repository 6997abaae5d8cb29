package io.moongate;

import com.typesafe.config.Config;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import io.moongate.security.SecretFile;
import java.nio.file.Path;
import java.util.Optional;

/**
 * {@code moongate.iscsi.discovery}: how a discovery session is authenticated (RFC 7143 section
 * 4.3). It is about no target, so this is a setting and not in the metadata.
 *
 * @param initiator by which initiators authenticate themselves; empty: they need not
 * @param target by which the gateway authenticates itself when it is asked to
 */
record DiscoveryChap(Optional<Credentials> initiator, Optional<Credentials> target) {
  private static final String PATH = "moongate.iscsi.discovery.";

  /**
   * Reads the settings and the files that they name.
   *
   * @throws IllegalArgumentException names the key, the file, and what was expected
   */
  static DiscoveryChap from(Config config) {
    Optional<Credentials> initiator = credentials(config, PATH + "chap");
    Optional<Credentials> target = credentials(config, PATH + "mutual-chap");
    if (target.isPresent() && initiator.isEmpty()) {
      throw new IllegalArgumentException(
          PATH
              + "mutual-chap is set, expected "
              + PATH
              + "chap as well: only an initiator that authenticates itself may ask back");
    }
    if (target.isPresent() && target.get().secret().equals(initiator.get().secret())) {
      throw new IllegalArgumentException(
          PATH
              + "mutual-chap.secret-file: expected another secret than in "
              + PATH
              + "chap.secret-file (RFC 7143)");
    }
    return new DiscoveryChap(initiator, target);
  }

  private static Optional<Credentials> credentials(Config config, String path) {
    String name = config.getString(path + ".name");
    String file = config.getString(path + ".secret-file");
    if (name.isEmpty() && file.isEmpty()) {
      return Optional.empty();
    }
    if (name.isEmpty() || file.isEmpty()) {
      throw new IllegalArgumentException(
          "%s.%s is empty, and %1$s.%s is not: expected both, or neither"
              .formatted(
                  path,
                  name.isEmpty() ? "name" : "secret-file",
                  name.isEmpty() ? "secret-file" : "name"));
    }
    String key = path + ".secret-file: ";
    String secret;
    try {
      secret = SecretFile.read(Path.of(file));
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException(
          key + wrong.getMessage() + "; expected a file with a CHAP secret", wrong);
    }
    ChapSecrets.fault(secret)
        .ifPresent(
            fault -> {
              throw new IllegalArgumentException(key + "the secret in " + file + " " + fault);
            });
    return Optional.of(new Credentials(name, secret));
  }

  /** How a discovery session is admitted. */
  Admission admission() {
    return new Admission(true, initiator, target, Optional.empty());
  }
}
