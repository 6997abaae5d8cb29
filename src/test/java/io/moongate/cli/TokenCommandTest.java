package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.TestServer;
import io.moongate.security.Role;
import io.moongate.security.SecretFile;
import io.moongate.security.Tokens;
import io.moongate.security.User;
import io.moongate.security.Users;
import io.moongate.security.UsersFile;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens that are made, and how the command line shows them. */
class TokenCommandTest {
  @TempDir private Path directory;

  private record Outcome(int code, String out, String err) {}

  private static Outcome run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            args,
            config -> 0,
            new StringReader(""),
            new PrintWriter(out, true),
            new PrintWriter(err, true));
    return new Outcome(code, out.toString(), err.toString());
  }

  @Test
  void tokenIsPrintedOnceAndLetsIn() {
    String file = directory.resolve("users").toString();
    Outcome made = run("token", "create", "--user", "alice", "--role", "operator", "--file", file);
    assertEquals(0, made.code(), made.err());
    String token = made.out().strip();
    assertFalse(made.err().contains(token));
    assertTrue(made.err().contains("alice is operator"), made.err());
    Outcome second =
        run(
            "token",
            "create",
            "--user",
            "bob",
            "--role",
            "viewer",
            "--file",
            file,
            "--expires",
            "8h");
    assertEquals(0, second.code(), second.err());
    Users users = UsersFile.read(Path.of(file));
    Instant now = Instant.now();
    assertEquals(Optional.of(new User("alice", Role.OPERATOR)), users.byToken(token, now).user());
    assertTrue(users.byToken(token, now.plus(Duration.ofDays(10_000))).admitted());
    String other = second.out().strip();
    assertTrue(users.byToken(other, now).admitted());
    assertFalse(users.byToken(other, now.plus(Duration.ofHours(9))).admitted());
  }

  @Test
  void mistakesAreRefused() throws Exception {
    String file = directory.resolve("users").toString();
    String[] usual = {"token", "create", "--user", "a", "--role", "admin", "--file", file};
    for (String expires : List.of("yesterday", "0d", "90", "2020-01-01T00:00:00Z")) {
      String[] args = Arrays.copyOf(usual, usual.length + 2);
      args[usual.length] = "--expires";
      args[usual.length + 1] = expires;
      Outcome outcome = run(args);
      assertEquals(2, outcome.code(), expires);
      assertTrue(outcome.err().contains("'" + expires + "'"), outcome.err());
    }
    assertFalse(Files.exists(Path.of(file)));
    assertEquals(2, run("token", "create", "--user", "a", "--role", "root").code());
    assertEquals(2, run("token").code());
    assertEquals(0, run(usual).code());
    Outcome other = run("token", "create", "--user", "a", "--role", "viewer", "--file", file);
    assertEquals(1, other.code());
    assertTrue(other.err().contains("a is admin already"), other.err());
    Outcome nowhere =
        run("token", "create", "--user", "a", "--role", "viewer", "--file", "/none/users");
    assertEquals(1, nowhere.code());
    assertTrue(nowhere.err().contains("/none/users"), nowhere.err());
  }

  @Test
  void usersAreListedAndRevoked() throws Exception {
    Path path = directory.resolve("users");
    String file = path.toString();
    String alice =
        run("token", "create", "--user", "alice", "--role", "admin", "--file", file).out().strip();
    String second =
        run("token", "create", "--user", "alice", "--role", "admin", "--file", file).out().strip();
    Files.writeString(
        path,
        "# by hand\ncarol operator cn=carol expires=2020-01-01T00:00:00Z",
        StandardOpenOption.APPEND);
    Outcome list = run("token", "list", "--file", file, "--no-header");
    assertEquals(0, list.code(), list.err());
    List<String> lines = list.out().lines().map(line -> line.replaceAll(" +", " ")).toList();
    assertEquals(3, lines.size(), list.out());
    assertTrue(lines.get(0).matches("alice admin sha256:[0-9a-f]{12} -"), list.out());
    assertEquals("carol operator cn=carol 2020-01-01T00:00:00Z (expired)", lines.get(2));
    assertFalse(list.out().contains(alice.substring(4)));

    String by = lines.get(1).split(" ")[2];
    Outcome one = run("token", "revoke", "alice", "--only", by, "--file", file);
    assertEquals(0, one.code(), one.err());
    assertEquals("revoked " + by + " of alice\n", one.out());
    assertTrue(one.err().contains("alice has other lines"), one.err());
    Users users = UsersFile.read(path);
    assertTrue(users.byToken(alice, Instant.now()).admitted());
    assertFalse(users.byToken(second, Instant.now()).admitted());

    Outcome rest = run("token", "revoke", "alice", "--file", file);
    assertEquals(0, rest.code(), rest.err());
    assertTrue(rest.err().contains("Nobody in " + file + " has the role admin now"), rest.err());
    assertFalse(UsersFile.read(path).byToken(alice, Instant.now()).admitted());
    assertTrue(Files.readString(path).contains("# by hand\ncarol operator cn=carol "));

    Outcome unknown = run("token", "revoke", "alice", "--file", file);
    assertEquals(1, unknown.code());
    assertTrue(
        unknown.err().contains("has no token or certificate of the user \"alice\""), unknown.err());
    assertEquals(2, run("token", "revoke", "--file", file).code());
    Outcome none = run("token", "list", "--file", "/none/users");
    assertEquals(1, none.code());
    assertTrue(none.err().contains("there is no file /none/users"), none.err());
  }

  @Test
  void tokenIsTakenFromAFileOrTheEnvironment() throws Exception {
    Path file = directory.resolve("token");
    SecretFile.write(file, " secret \n");
    Path config = directory.resolve("moongate").resolve("token");
    Files.createDirectories(config.getParent());
    SecretFile.write(config, "standard\n");
    ApiCredentials none = new ApiCredentials();
    assertEquals(Optional.of("secret"), none.token(Map.of("MOONGATE_TOKEN_FILE", file.toString())));
    assertEquals(Optional.of("direct"), none.token(Map.of("MOONGATE_TOKEN", "direct")));
    assertEquals(
        Optional.of("standard"), none.token(Map.of("XDG_CONFIG_HOME", directory.toString())));
    assertEquals(
        Optional.empty(),
        none.token(Map.of("XDG_CONFIG_HOME", directory.resolve("none").toString())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r--r--", "rw-rw----"})
  void tokenThatOthersMayReadIsRefused(String mode) throws Exception {
    Path file = directory.resolve("token");
    SecretFile.write(file, Tokens.create());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    Outcome outcome = run("gateway", "list", "--token-file", file.toString());
    assertEquals(2, outcome.code());
    assertTrue(outcome.err().contains("expected 0600"), outcome.err());
  }

  @Test
  void wrongTokenIsRefusedInWords() throws Exception {
    Path file = directory.resolve("token");
    SecretFile.write(file, Tokens.create());
    TestServer server = TestServer.start();
    try {
      Outcome outcome =
          run(
              "gateway",
              "list",
              "--token-file",
              file.toString(),
              "--api",
              server.base().toString());
      assertEquals(1, outcome.code());
      assertTrue(outcome.err().contains("The token is not known"), outcome.err());
    } finally {
      server.close();
    }
  }

  @Test
  void certificateAndKeyGoTogether() {
    Outcome outcome = run("gateway", "list", "--cert", "x.pem");
    assertEquals(2, outcome.code());
    assertTrue(outcome.err().contains("--cert and --cert-key"), outcome.err());
    Outcome missing = run("gateway", "list", "--ca", "/none.pem");
    assertEquals(2, missing.code());
    assertTrue(missing.err().contains("there is no file /none.pem"), missing.err());
  }
}
