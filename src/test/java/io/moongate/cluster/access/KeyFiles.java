package io.moongate.cluster.access;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;

/** Key files as an operator makes them. */
public final class KeyFiles {
  private KeyFiles() {}

  /** Makes a file with a new key. */
  public static Path make(Path file) throws IOException {
    byte[] key = new byte[32];
    new SecureRandom().nextBytes(key);
    return privately(file, Base64.getEncoder().encodeToString(key) + "\n");
  }

  /** Writes a file that only its owner can read. */
  public static Path privately(Path file, String text) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.writeString(file, text, StandardCharsets.UTF_8);
  }
}
