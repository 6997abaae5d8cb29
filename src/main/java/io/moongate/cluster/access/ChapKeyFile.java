package io.moongate.cluster.access;

import io.moongate.security.SecretFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/** A file with the key that CHAP secrets are encrypted under: 32 bytes in base64. */
final class ChapKeyFile {
  private static final int KEY_BYTES = 32;

  private ChapKeyFile() {}

  /**
   * Reads the key.
   *
   * @return empty when there is no such file
   * @throws IllegalArgumentException names the file, what is wrong with it and what was expected
   */
  static Optional<SecretKey> read(Path file) {
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    String text = SecretFile.read(file);
    byte[] key;
    try {
      key = Base64.getDecoder().decode(text.replaceAll("\\s", ""));
    } catch (IllegalArgumentException wrong) {
      throw wrong(file, "is not base64");
    }
    if (key.length != KEY_BYTES) {
      throw wrong(file, "holds " + key.length + " bytes");
    }
    return Optional.of(new SecretKeySpec(key, "AES"));
  }

  /** How to make one. */
  static String advice(Path file) {
    return "To make one: (umask 077; head -c %d /dev/urandom | base64 > %s), then copy it to every"
            .formatted(KEY_BYTES, file)
        + " gateway";
  }

  private static IllegalArgumentException wrong(Path file, String what) {
    return new IllegalArgumentException(
        "%s %s, expected %d random bytes in base64. %s"
            .formatted(file, what, KEY_BYTES, advice(file)));
  }
}
