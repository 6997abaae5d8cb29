package io.moongate.management;

import io.moongate.security.Role;
import io.moongate.security.SecretFile;
import io.moongate.security.Tokens;
import io.moongate.security.User;
import io.moongate.security.UsersFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A user of each role, and their tokens. The administrator's is also where {@code
 * MOONGATE_TOKEN_FILE} says, for commands.
 */
final class TestUsers {
  static final String VIEWER = Tokens.create();
  static final String OPERATOR = Tokens.create();
  static final String ADMIN = Tokens.create();

  /** One that was good until a moment ago. */
  static final String EXPIRED = Tokens.create();

  /** The file with all of them. */
  static final Path FILE = make();

  private TestUsers() {}

  /** Settings that bound nothing. */
  static SecuritySettings settings() {
    return new SecuritySettings(FILE, Duration.ZERO, 1_000_000, 1_000_000, Optional.empty());
  }

  static String token(Role role) {
    return switch (role) {
      case VIEWER -> VIEWER;
      case OPERATOR -> OPERATOR;
      case ADMIN -> ADMIN;
    };
  }

  private static Path make() {
    try {
      Path directory = Files.createTempDirectory("moongate-users");
      directory.toFile().deleteOnExit(); // What is registered last is deleted first.
      Path file = directory.resolve("users");
      file.toFile().deleteOnExit();
      for (Role role : Role.values()) {
        UsersFile.add(file, new User(role.inWords(), role), token(role), Optional.empty());
      }
      UsersFile.add(
          file,
          new User("former", Role.ADMIN),
          EXPIRED,
          Optional.of(Instant.parse("2026-01-01T00:00:00Z")));
      String forCommands = System.getenv("MOONGATE_TOKEN_FILE");
      if (forCommands != null) {
        SecretFile.write(Path.of(forCommands), ADMIN + "\n");
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
