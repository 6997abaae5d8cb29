package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.security.Role;
import io.moongate.security.SecretFile;
import io.moongate.security.Tokens;
import io.moongate.security.User;
import io.moongate.security.UsersFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A stream of changes lasts for as long as its user would be let in, and leaves others theirs. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChangesOfUsersTest {
  private static final int BOUND_MILLIS = 30_000;

  @TempDir private Path directory;
  private Path users;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    users = directory.resolve("users");
    Files.copy(TestUsers.FILE, users);
    server =
        TestServer.start(
            new SecuritySettings(users, Duration.ZERO, 1_000_000, 1_000_000, Optional.empty()));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private final class Stream implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader lines;
    final String status;

    Stream(String token) throws IOException {
      socket = new Socket(server.base().getHost(), server.base().getPort());
      socket.setSoTimeout(BOUND_MILLIS);
      socket
          .getOutputStream()
          .write(
              ("GET /api/v1/changes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                      + token
                      + "\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      status = lines.readLine();
    }

    /** Reads on to a line; null when the stream has ended before. */
    String awaitLine(String beginning) throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(beginning)) {
          return line;
        } else if (line.equals("0")) {
          return null;
        }
      }
      return null;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private Stream open(String token) throws IOException {
    Stream stream = new Stream(token);
    assertTrue(stream.status.contains(" 200 "), stream.status);
    assertNotNull(stream.awaitLine("event: hello"));
    return stream;
  }

  /** Nothing is changed meanwhile: it ends by itself. */
  private void assertEnds(Stream stream, String token) throws Exception {
    assertEquals(null, stream.awaitLine("event: "));
    assertEquals(401, server.send(server.as(token, "/changes").build()).statusCode());
  }

  private void assertGoesOn(Stream stream, String target) throws Exception {
    assertEquals(
        201,
        server
            .post("/targets", "{\"name\":\"iqn.2026-11.io.moongate:" + target + "\"}")
            .statusCode());
    assertNotNull(stream.awaitLine("event: target"));
  }

  private void rewrite(String from, String to) throws Exception {
    String text = Files.readString(users);
    String other = text.replaceAll("(?m)" + from, to);
    assertFalse(other.equals(text));
    SecretFile.write(users, other);
  }

  @Test
  void itEndsWhenItsUserIsPutOut() throws Exception {
    try (Stream viewer = open(TestUsers.VIEWER);
        Stream admin = open(TestUsers.ADMIN)) {
      rewrite("^viewer .*\\n", "");
      assertEnds(viewer, TestUsers.VIEWER);
      assertGoesOn(admin, "a");
    }
  }

  @Test
  void itEndsWhenTheRoleOfItsUserChanges() throws Exception {
    try (Stream operator = open(TestUsers.OPERATOR);
        Stream admin = open(TestUsers.ADMIN)) {
      rewrite("^operator operator ", "operator viewer ");
      assertEquals(null, operator.awaitLine("event: "));
      try (Stream again = open(TestUsers.OPERATOR)) {
        assertGoesOn(again, "b");
      }
      assertGoesOn(admin, "c");
    }
  }

  @Test
  void itEndsWhenItsTokenExpires() throws Exception {
    String token = Tokens.create();
    UsersFile.add(
        users,
        new User("guest", Role.VIEWER),
        token,
        Optional.of(Instant.now().plus(Duration.ofSeconds(4))));
    for (int i = 0; i < 200 && server.status(server.as(token, "/luns").build()) != 200; i++) {
      Thread.sleep(20);
    }
    try (Stream guest = open(token);
        Stream admin = open(TestUsers.ADMIN)) {
      assertEnds(guest, token);
      assertGoesOn(admin, "d");
    }
  }

  @Test
  void allEndWhenTheFileHasAMistake() throws Exception {
    try (Stream viewer = open(TestUsers.VIEWER);
        Stream admin = open(TestUsers.ADMIN)) {
      rewrite("^viewer viewer ", "viewer root ");
      assertEnds(viewer, TestUsers.VIEWER);
      assertEnds(admin, TestUsers.ADMIN);
    }
  }

  @Test
  void usersHavePlacesOfTheirOwnAndAllHaveABound() throws Exception {
    List<String> tokens = new ArrayList<>();
    int several = ChangeStreams.MOST / ChangeStreams.MOST_OF_USER;
    for (int i = 0; i <= several; i++) {
      String token = Tokens.create();
      tokens.add(token);
      UsersFile.add(users, new User("user" + i, Role.VIEWER), token, Optional.empty());
    }
    for (int i = 0;
        i < 200 && server.status(server.as(tokens.get(several), "/luns").build()) != 200;
        i++) {
      Thread.sleep(20);
    }
    List<Stream> streams = new ArrayList<>();
    try {
      for (String token : tokens.subList(0, several)) {
        for (int i = 0; i < ChangeStreams.MOST_OF_USER; i++) {
          streams.add(open(token));
        }
        String why = server.send(server.as(token, "/changes").build()).body();
        assertTrue(
            why.contains("has 16 streams of changes here already")
                || why.contains("has its 64 streams"),
            why);
      }
      assertEquals(ChangeStreams.MOST, streams.size());
      var refused = server.send(server.as(tokens.get(several), "/changes").build());
      assertEquals(503, refused.statusCode());
      assertTrue(refused.body().contains("has its 64 streams"), refused.body());
      // Those of a user who is put out make place for others.
      rewrite("^user0 .*\\n", "");
      for (Stream stream : streams.subList(0, ChangeStreams.MOST_OF_USER)) {
        assertEquals(null, stream.awaitLine("event: "));
      }
      String status = "";
      for (int i = 0; i < 100 && !status.contains(" 200 "); i++) {
        try (Stream other = new Stream(tokens.get(several))) {
          status = other.status;
        }
        Thread.sleep(50);
      }
      assertTrue(
          status.contains(" 200 "),
          status + streams.stream().map(each -> each.status).collect(Collectors.joining()));
    } finally {
      for (Stream stream : streams) {
        stream.close();
      }
    }
  }
}
