package io.moongate.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a users file may say, what is refused with its line, and whom it lets in. */
class UsersFileTest {
  private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
  private static final String DIGEST = "0123456789abcdef".repeat(4);

  @TempDir private Path directory;

  private Path file(String text) throws Exception {
    Path file = directory.resolve("users");
    SecretFile.write(file, text);
    return file;
  }

  @Test
  void tokenLetsInWhoseItIs() throws Exception {
    Path file = directory.resolve("users");
    User alice = new User("alice", Role.ADMIN);
    User bob = new User("bob@example.com", Role.VIEWER);
    String first = Tokens.create();
    String second = Tokens.create();
    String third = Tokens.create();
    UsersFile.add(file, alice, first, Optional.empty());
    UsersFile.add(file, bob, second, Optional.of(NOW));
    UsersFile.add(file, alice, third, Optional.of(NOW.plusSeconds(1)));
    Users users = UsersFile.read(file);
    assertEquals(Optional.of(alice), users.byToken(first, NOW).user());
    assertTrue(users.byToken(first, NOW).admitted());
    assertTrue(users.byToken(third, NOW).admitted());
    assertFalse(users.byToken(third, NOW.plusSeconds(1)).admitted());
    assertTrue(users.byToken(second, NOW.minusMillis(1)).admitted());
    assertEquals(
        new Users.Attempt(
            Optional.of(bob), Optional.of("the token of bob@example.com has expired")),
        users.byToken(second, NOW));
    assertEquals(
        Users.Attempt.refused("the token is not known"), users.byToken(Tokens.create(), NOW));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    String text = Files.readString(file);
    for (String token : List.of(first, second, third)) {
      assertFalse(text.contains(token));
      assertFalse(text.contains(token.substring(4)));
    }
  }

  @Test
  void digestIsNoToken() throws Exception {
    Users users = UsersFile.read(file("a admin sha256:" + DIGEST + "\n"));
    assertFalse(users.byToken(DIGEST, NOW).admitted());
    assertFalse(users.byToken("sha256:" + DIGEST, NOW).admitted());
    assertFalse(users.byToken("", NOW).admitted());
  }

  @Test
  void tokensDiffer() {
    String token = Tokens.create();
    assertTrue(token.matches("mgt_[A-Za-z0-9_-]{43}"), token);
    assertNotEquals(token, Tokens.create());
  }

  @Test
  void certificateLetsInByOneOfItsNames() throws Exception {
    Users users =
        UsersFile.read(
            file(
                """
                # comment

                carol operator cn=carol expires=2027-01-01T00:00:00Z
                  dave   viewer\temail=dave@example.com
                """));
    assertEquals(
        Optional.of(new User("carol", Role.OPERATOR)),
        users.byCertificate(Set.of("cn=carol", "dns=x"), NOW).user());
    assertTrue(users.byCertificate(Set.of("email=dave@example.com"), NOW).admitted());
    assertFalse(users.byCertificate(Set.of("cn=dave@example.com"), NOW).admitted());
    assertFalse(users.byCertificate(Set.of(), NOW).admitted());
    assertFalse(users.byCertificate(Set.of("cn=carol", "email=dave@example.com"), NOW).admitted());
    assertEquals(
        "the certificate of carol has expired",
        users
            .byCertificate(Set.of("cn=carol"), Instant.parse("2027-01-01T00:00:00Z"))
            .refusal()
            .orElseThrow());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "alice admin|found 2 words",
        "alice admin cn=a expires=2027-01-01T00:00:00Z more|found 5 words",
        "alice root cn=a|there is no role \"root\", expected one of: viewer, operator, admin",
        "alice ADMIN cn=a|there is no role",
        "al/ice admin cn=a|is no name of a user",
        "alice admin mgt_secret|the third word is neither",
        "alice admin sha256:0123|the third word is neither",
        "alice admin cn=|the third word is neither",
        "alice admin cn=a 2027-01-01|the fourth word must be expires=",
        "alice admin cn=a expires=tomorrow|the fourth word must be expires="
      })
  void mistakesAreNamedWithTheirLine(String line, String expected) throws Exception {
    Path file = file("# users\n" + line + "\n");
    String message =
        assertThrows(IllegalArgumentException.class, () -> UsersFile.read(file)).getMessage();
    assertTrue(message.startsWith(file + ", line 2: "), message);
    assertTrue(message.contains(expected), message);
    assertFalse(message.contains("mgt_secret"), message);
  }

  @Test
  void userHasOneRole() throws Exception {
    Path file = file("a admin cn=a\na viewer cn=b\n");
    String message =
        assertThrows(IllegalArgumentException.class, () -> UsersFile.read(file)).getMessage();
    assertTrue(message.contains("line 2: a is admin already, and viewer here"), message);
    Path other = file("a admin cn=a\n");
    assertThrows(
        IllegalArgumentException.class,
        () -> UsersFile.add(other, new User("a", Role.VIEWER), "t", Optional.empty()));
    assertEquals("a admin cn=a\n", Files.readString(other));
  }

  @Test
  void entriesAreShownWithoutWhatLetsIn() throws Exception {
    Path file =
        file("# c\n\na admin sha256:" + DIGEST + " expires=2027-01-01T00:00:00Z\nb viewer cn=b");
    assertEquals(
        List.of(
            new UsersFile.Entry(
                new User("a", Role.ADMIN),
                "sha256:0123456789ab",
                Optional.of(Instant.parse("2027-01-01T00:00:00Z"))),
            new UsersFile.Entry(new User("b", Role.VIEWER), "cn=b", Optional.empty())),
        UsersFile.entries(file));
  }

  /** Comments, blank lines, ends of lines and other users stay; the last line may have no end. */
  @ParameterizedTest
  @CsvSource({
    "a,'# head\\r\\n\\n  # b\\tis here\\nb viewer cn=b\\n'",
    "b,'# head\\r\\n\\na admin cn=a\\r\\n  # b\\tis here\\na admin sha256:D\\n'"
  })
  void revokedLinesAreTakenOutAndNothingElse(String user, String left) throws Exception {
    Path file =
        file(
            "# head\r\n\na admin cn=a\r\n  # b\tis here\na admin sha256:D\nb viewer cn=b"
                .replace("D", DIGEST));
    int out = user.equals("a") ? 2 : 1;
    assertEquals(out, UsersFile.revoke(file, user, Optional.empty()).size());
    String expected =
        left.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t").replace("D", DIGEST);
    assertEquals(expected, Files.readString(file));
    assertThrows(
        IllegalArgumentException.class, () -> UsersFile.revoke(file, user, Optional.empty()));
    assertEquals(expected, Files.readString(file));
  }

  @Test
  void oneLineOfAUserIsRevoked() throws Exception {
    Path file = file("a admin cn=a\na admin sha256:" + DIGEST + "\n");
    String why =
        assertThrows(
                IllegalArgumentException.class,
                () -> UsersFile.revoke(file, "a", Optional.of("cn=b")))
            .getMessage();
    assertEquals(file + " has no cn=b of the user \"a\"", why);
    UsersFile.revoke(file, "a", Optional.of("sha256:0123456789ab"));
    assertEquals("a admin cn=a\n", Files.readString(file));
  }

  @Test
  void whoEditsKeepsPermissionsAndLinks() throws Exception {
    Path file = file("a admin cn=a\nb viewer cn=b\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
    Path link = directory.resolve("link");
    Files.createSymbolicLink(link, file);
    UsersFile.revoke(link, "b", Optional.empty());
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("a admin cn=a\n", Files.readString(file));
    assertEquals("r--------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    try (var files = Files.list(directory)) {
      assertEquals(
          Set.of("users", "link", "link.lock"),
          files.map(each -> each.getFileName().toString()).collect(Collectors.toSet()));
    }
  }

  @Test
  void nothingIsRevokedFromAFileWithAMistake() throws Exception {
    Path file = file("a admin cn=a\nb root cn=b\n");
    assertThrows(
        IllegalArgumentException.class, () -> UsersFile.revoke(file, "a", Optional.empty()));
    assertEquals("a admin cn=a\nb root cn=b\n", Files.readString(file));
    Path none = directory.resolve("none");
    assertThrows(
        IllegalArgumentException.class, () -> UsersFile.revoke(none, "a", Optional.empty()));
    assertFalse(Files.exists(directory.resolve("none.lock")));
  }

  /** Each adds users and takes them out again, at the same time as the others. */
  @Test
  void editsAtTheSameTimeLoseNothing() throws Exception {
    Path file = file("# kept\n");
    int each = 20;
    List<Callable<Void>> editors = new ArrayList<>();
    for (int editor = 0; editor < 4; editor++) {
      String name = "u" + editor + "-";
      editors.add(
          () -> {
            for (int i = 0; i < each; i++) {
              User user = new User(name + i, Role.VIEWER);
              UsersFile.add(file, user, Tokens.create(), Optional.empty());
              if (i % 2 == 0) {
                UsersFile.revoke(file, user.name(), Optional.empty());
              }
            }
            return null;
          });
    }
    ExecutorService threads = Executors.newFixedThreadPool(editors.size());
    try {
      for (Future<Void> edited : threads.invokeAll(editors)) {
        edited.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(4 * each / 2, UsersFile.entries(file).size());
    assertTrue(Files.readString(file).startsWith("# kept\n"));
  }

  @Test
  void fileThatOthersMayReadIsRefused() throws Exception {
    Path file = file("a admin cn=a\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> UsersFile.read(file)).getMessage();
    assertTrue(message.contains("expected 0600"), message);
  }

  @Test
  void changeIsSeenAndMistakeLetsNobodyIn() throws Exception {
    AtomicLong now = new AtomicLong();
    Path file = directory.resolve("users");
    KnownUsers known = new KnownUsers(file, Duration.ofSeconds(1), now::get);
    assertTrue(known.now().isEmpty());
    file("a admin cn=a\n");
    assertTrue(known.now().isEmpty());
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertTrue(known.now().byCertificate(Set.of("cn=a"), NOW).admitted());
    file("b admin cn=b\n");
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertFalse(known.now().byCertificate(Set.of("cn=a"), NOW).admitted());
    assertTrue(known.now().byCertificate(Set.of("cn=b"), NOW).admitted());
    file("b admin cn=b\na root cn=a\n");
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertTrue(known.now().isEmpty());
    file("b admin cn=b\n");
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertFalse(known.now().isEmpty());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertTrue(known.now().isEmpty());
    Path wrong = directory.resolve("wrong");
    SecretFile.write(wrong, "x\n");
    assertThrows(IllegalArgumentException.class, () -> new KnownUsers(wrong));
  }
}
