package io.moongate.cli.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;

/** The file with the key that the gateways encrypt CHAP secrets under. */
final class ChapKey {
  private static final String NAME = "chap.key";
  private static final int KEY_BYTES = 32;
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private ChapKey() {}

  /**
   * The key file in a directory, made if need be.
   *
   * @throws DemoException when it can't be written
   */
  static Path in(Path directory) {
    Path file = directory.resolve(NAME);
    if (Files.exists(file)) {
      return file;
    }
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    String text = Base64.getEncoder().encodeToString(key) + "\n";
    try {
      // Whole or not at all: half a key would be refused at every start from then on.
      Path temporary = Files.createTempFile(directory, NAME, "", PRIVATE);
      Files.writeString(temporary, text, StandardCharsets.US_ASCII);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      return file;
    } catch (IOException e) {
      throw new DemoException("can't write %s: %s".formatted(file, e), e);
    }
  }
}
