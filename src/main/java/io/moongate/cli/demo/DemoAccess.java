package io.moongate.cli.demo;

import io.moongate.security.Role;
import io.moongate.security.SecretFile;
import io.moongate.security.Tokens;
import io.moongate.security.User;
import io.moongate.security.UsersFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The one user of a demo's API: an administrator, whose token lies beside the users file. */
public final class DemoAccess {
  private static final User ADMIN = new User("demo", Role.ADMIN);

  private final Path users;
  private final Path tokenFile;
  private final String token;

  private DemoAccess(Path users, Path tokenFile, String token) {
    this.users = users;
    this.tokenFile = tokenFile;
    this.token = token;
  }

  /**
   * That of a directory, made if need be.
   *
   * @throws DemoException when its files can't be written or read
   */
  public static DemoAccess in(Path directory) {
    Path users = directory.resolve("users");
    Path tokenFile = directory.resolve("admin.token");
    try {
      if (!Files.exists(users) || !Files.exists(tokenFile)) {
        Files.deleteIfExists(users);
        String made = Tokens.create();
        SecretFile.write(tokenFile, made + "\n");
        UsersFile.add(users, ADMIN, made, Optional.empty());
      }
      return new DemoAccess(users, tokenFile, SecretFile.read(tokenFile));
    } catch (IOException | IllegalArgumentException e) {
      throw new DemoException("can't make a token in %s: %s".formatted(directory, e), e);
    }
  }

  public String token() {
    return token;
  }

  /** The file with the token, as {@code MOONGATE_TOKEN_FILE} names it. */
  public Path tokenFile() {
    return tokenFile;
  }

  /** What a gateway needs to know of it (HOCON). */
  public String configuration() {
    return "%nmoongate.management.users-file = %s%n"
        .formatted(GatewayAddress.quoted(users.toString()));
  }
}
