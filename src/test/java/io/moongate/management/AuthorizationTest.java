package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.audit.RecordedPast;
import io.moongate.management.Permissions.Need;
import io.moongate.management.Permissions.Resource;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Problem;
import io.moongate.security.Role;
import io.moongate.security.SecretFile;
import io.moongate.security.Tokens;
import io.moongate.security.User;
import io.moongate.security.UsersFile;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, and to what: every resource with every method, by every role and by nobody. */
class AuthorizationTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final List<String> METHODS =
      List.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");
  private static RecordedPast past;
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    past = new RecordedPast();
    server = TestServer.start(past.log());
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
    past.close();
  }

  @BeforeEach
  void reset() {
    server.metadata().reset();
  }

  /** By whom, and what; null: by nobody. */
  static Stream<Arguments> everything() {
    return Permissions.all().stream()
        .filter(resource -> resource.pattern().startsWith("/api/"))
        .flatMap(
            resource ->
                METHODS.stream()
                    .flatMap(
                        method ->
                            Stream.of(null, Role.VIEWER, Role.OPERATOR, Role.ADMIN)
                                .map(role -> Arguments.of(role, method, resource))));
  }

  @ParameterizedTest
  @MethodSource("everything")
  void everyMethodOfEveryResourceByEveryRole(Role role, String method, Resource resource)
      throws Exception {
    String path = resource.pattern().replace("/api/v1", "").replaceAll("\\{[a-z]+}", "none");
    HttpRequest.Builder request =
        role == null ? server.anonymous(path) : server.as(TestUsers.token(role), path);
    HttpRequest asked =
        request
            .header("Content-Type", "application/json")
            .method(
                method,
                method.equals("GET") || method.equals("HEAD")
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofString("{}"))
            .build();
    Optional<Need> need = resource.need(method);
    if (path.equals("/changes") && role != null && need.isPresent()) {
      assertEquals(200, server.status(asked), "a stream, which does not end");
      return;
    }
    HttpResponse<String> response = server.send(asked);
    int status = response.statusCode();
    if (need.equals(Optional.of(Need.NOBODY))) {
      assertEquals(200, status, response.body());
    } else if (role == null) {
      assertEquals(401, status, response.body());
      assertEquals(
          "Bearer realm=\"moongate\"",
          response.headers().firstValue("WWW-Authenticate").orElseThrow());
    } else if (need.isEmpty()) {
      assertEquals(405, status, response.body());
      assertEquals(
          resource.methods(),
          new TreeSet<>(List.of(response.headers().firstValue("Allow").orElseThrow().split(", "))));
    } else if (!need.get().metBy(role)) {
      assertEquals(403, status, response.body());
    } else {
      // It has come to what carries it out: that is there, and judges the request.
      assertTrue(List.of(200, 400, 404).contains(status), status + " " + response.body());
      if (status == 404) {
        assertFalse(
            response.body().contains("There is no resource"),
            method + " " + path + " has a role and no route");
      }
    }
  }

  /** Whatever is in it becomes the hosts' to overwrite. */
  @Test
  void anOperatorCreatesAndTakesNothingThatIsThere() throws Exception {
    String name = "iqn.2026-11.io.moongate:taken";
    HttpResponse<String> response =
        server.send(
            server
                .as(TestUsers.OPERATOR, "/luns")
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.ofString(
                        "{\"target\":\"%s\",\"lun\":0,\"store\":\"file\",\"volume\":\"pool/image\"}"
                            .formatted(name)))
                .build());
    assertTrue(List.of(400, 403, 404).contains(response.statusCode()), response.body());
    assertFalse(response.statusCode() < 300, response.body());
  }

  /** What stands beside the API. */
  @Test
  void pagesAndHealthAreForAnybodyAndMetricsAreNot() throws Exception {
    for (String path : List.of("/console/", "/health/live", "/health/ready")) {
      assertEquals(200, server.status(beside(path).build()), path);
    }
    assertEquals(401, server.status(beside("/metrics").build()));
    assertEquals(
        200,
        server.status(
            beside("/metrics").header("Authorization", "Bearer " + TestUsers.VIEWER).build()));
  }

  private static HttpRequest.Builder beside(String path) {
    return HttpRequest.newBuilder(server.base().resolve(path));
  }

  @Test
  void everyRoleMayDoWhatLesserOnesMay() {
    for (Resource resource : Permissions.all()) {
      resource
          .needs()
          .forEach(
              (method, need) -> {
                assertTrue(need.metBy(Role.ADMIN), resource.pattern());
                assertTrue(!need.metBy(Role.VIEWER) || need.metBy(Role.OPERATOR));
                assertTrue(
                    method.equals("GET") || !need.metBy(Role.VIEWER),
                    method + " " + resource.pattern() + " may be asked by viewers");
              });
    }
  }

  /** What can't be undone. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "DELETE /luns/x",
        "DELETE /luns/x?force=true",
        "DELETE /targets/x",
        "DELETE /gateways/x",
        "DELETE /luns/x/snapshots/y",
        "POST /luns/x/snapshots/y/rollback"
      })
  void lossesAreForAdministrators(String request) throws Exception {
    String[] words = request.split(" ");
    HttpResponse<String> response =
        server.send(
            server
                .as(TestUsers.OPERATOR, words[1])
                .header("Content-Type", "application/json")
                .method(words[0], BodyPublishers.ofString("{}"))
                .build());
    Problem problem = problem(403, response);
    assertEquals("This needs the role admin, and operator is operator", problem.detail());
    assertEquals("tag:moongate.io,2026-11:problem/forbidden", problem.type());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/api/v1/none", "/api/v2/luns", "/none", "/api/v1//luns", "/api/v1/luns/x/y/z/w"})
  void whatHasNoRoleIsNotThere(String path) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(server.base().resolve(path));
    problem(404, server.send(request.header("Authorization", "Bearer " + TestUsers.ADMIN).build()));
    problem(401, server.send(HttpRequest.newBuilder(server.base().resolve(path)).build()));
  }

  @Test
  void whoIsNotKnownIsNotToldWhatThereIs() throws Exception {
    assertEquals(
        problem(401, server.send(server.anonymous("/luns/none").build())).detail(),
        problem(401, server.send(server.anonymous("/nothing").build())).detail());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer wrong",
        "Bearer ",
        "Bearer",
        "Bearer\u00e9",
        "Basic dXNlcjpwYXNzd29yZA==",
        "Digest username=x",
        "x"
      })
  void wrongCredentialsAreRefused(String value) throws Exception {
    String answer =
        server.raw(
            "GET /api/v1/luns HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                + value
                + "\r\nConnection: close\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 401 "), answer);
    assertTrue(answer.contains("application/problem+json"), answer);
  }

  @Test
  void oneGoodHeaderAmongSeveralIsNotTaken() throws Exception {
    HttpResponse<String> response =
        server.send(
            server.request("/luns").header("Authorization", "Bearer " + Tokens.create()).build());
    assertTrue(problem(401, response).detail().contains("several"));
  }

  @Test
  void tokenThatHasExpiredIsRefusedByName() throws Exception {
    HttpResponse<String> response = server.send(server.as(TestUsers.EXPIRED, "/luns").build());
    assertEquals("The token of former has expired", problem(401, response).detail());
  }

  @Test
  void changesOfPagesOfOtherSitesAreRefused() throws Exception {
    for (String site : List.of("cross-site", "same-site")) {
      HttpResponse<String> response =
          server.send(server.request("/targets/x").header("Sec-Fetch-Site", site).DELETE().build());
      problem(403, response);
    }
    assertEquals(
        404,
        server
            .send(
                server
                    .request("/targets/x")
                    .header("Sec-Fetch-Site", "same-origin")
                    .DELETE()
                    .build())
            .statusCode());
  }

  @Test
  void everyAnswerHasSecureHeaders() throws Exception {
    for (HttpResponse<String> response :
        List.of(
            server.get("/health"),
            server.get("/luns"),
            server.get("/nothing"),
            server.post("/targets", "no JSON"),
            server.send(server.anonymous("/luns").build()))) {
      assertEquals("nosniff", header(response, "X-Content-Type-Options"));
      assertEquals("no-store", header(response, "Cache-Control"));
      assertEquals("no-referrer", header(response, "Referrer-Policy"));
      assertEquals(
          "default-src 'none'; frame-ancestors 'none'",
          header(response, "Content-Security-Policy"));
      assertTrue(response.headers().firstValue("Strict-Transport-Security").isEmpty());
      assertTrue(response.headers().firstValue("Server").isEmpty());
      assertTrue(response.headers().firstValue("Set-Cookie").isEmpty());
      assertTrue(response.headers().firstValue("Access-Control-Allow-Origin").isEmpty());
    }
    String malformed = server.raw("GET /api/v1/luns HTTP/1.1\r\n\r\n");
    assertTrue(malformed.contains("X-Content-Type-Options: nosniff\r\n"), malformed);
  }

  @Test
  void whoAsksIsRecorded() throws Exception {
    try (LogCapture log = new LogCapture()) {
      server.send(
          server
              .as(TestUsers.OPERATOR, "/targets")
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofString("{\"name\":\"iqn.2026-11.io.moongate:who\"}"))
              .build());
      assertTrue(
          log.lines().stream()
              .anyMatch(line -> line.endsWith(" asked by operator at 127.0.0.1: done")),
          log.lines().toString());
    }
  }

  @Test
  void tokensAreInNoLineOfTheLogAndNoAnswer() throws Exception {
    try (LogCapture log = new LogCapture()) {
      StringBuilder answers = new StringBuilder();
      for (String token : List.of(TestUsers.VIEWER, TestUsers.EXPIRED, "mgt_wrong")) {
        for (String path : List.of("/luns", "/luns?token=x", "/nothing", "/health")) {
          HttpResponse<String> response = server.send(server.as(token, path).build());
          answers.append(response.body()).append(response.headers().map());
        }
        // With a character that no token has.
        answers.append(
            server.raw(
                "GET /api/v1/luns HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    + token
                    + "\u0001;,\u00e9\r\nConnection: close\r\n\r\n"));
      }
      assertFalse(log.lines().isEmpty());
      String said = String.join("\n", log.lines()) + answers + server.refused();
      for (String token : List.of(TestUsers.VIEWER, TestUsers.EXPIRED, "mgt_wrong")) {
        assertFalse(said.contains(token), "a token was told");
      }
    }
  }

  @Test
  void refusedAttemptsAreInTheLog() throws Exception {
    TestServer quiet = TestServer.start(TestUsers.settings());
    try (LogCapture log = new LogCapture()) {
      for (int i = 0; i < 5; i++) {
        quiet.send(quiet.as(TestUsers.VIEWER, "/luns/x?force=true").DELETE().build());
      }
      assertEquals(
          List.of(
              "event=access-refused user=\"viewer\" address=127.0.0.1 method=DELETE"
                  + " path=\"/api/v1/luns/x\" reason=\"This needs the role admin, and viewer is"
                  + " viewer\""),
          log.lines().stream().filter(line -> line.contains("event=access-refused ")).toList());
    } finally {
      quiet.close();
    }
  }

  @Test
  void withoutUsersOnlyHealthIsAnswered(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("users");
    TestServer locked =
        TestServer.start(new SecuritySettings(file, Duration.ZERO, 100, 100, Optional.empty()));
    try {
      assertEquals(200, locked.send(locked.anonymous("/health").build()).statusCode());
      Problem problem = problem(401, locked.get("/luns"));
      assertTrue(problem.detail().startsWith("This API is locked"), problem.detail());
      assertTrue(problem.detail().contains("moongate token create"), problem.detail());
      assertFalse(problem.detail().contains(directory.toString()), problem.detail());

      String token = Tokens.create();
      UsersFile.add(file, new User("first", Role.VIEWER), token, Optional.empty());
      awaitStatus(locked, token, 200);
      SecretFile.write(file, "first viewer mistake\n");
      awaitStatus(locked, token, 401);
      Files.delete(file);
      awaitStatus(locked, token, 401);
    } finally {
      locked.close();
    }
  }

  private static void awaitStatus(TestServer server, String token, int status) throws Exception {
    int seen = 0;
    for (int i = 0; i < 200 && seen != status; i++) {
      Thread.sleep(50);
      seen = server.send(server.as(token, "/luns").build()).statusCode();
    }
    assertEquals(status, seen);
  }

  @Test
  void failuresAreBoundedAndGoodTokensAreLetInAllTheSame() throws Exception {
    TestServer strict =
        TestServer.start(
            new SecuritySettings(TestUsers.FILE, Duration.ofMillis(1), 3, 1000, Optional.empty()));
    try {
      for (int i = 0; i < 3; i++) {
        problem(401, strict.send(strict.as("wrong", "/luns").build()));
      }
      HttpResponse<String> response = strict.send(strict.as("wrong", "/luns").build());
      problem(429, response);
      int wait = Integer.parseInt(header(response, "Retry-After"));
      assertTrue(wait >= 1 && wait <= 21, "Retry-After: " + wait);
      assertEquals(200, strict.get("/luns").statusCode());
      // Who shows nothing has not guessed.
      problem(401, strict.send(strict.anonymous("/luns").build()));
    } finally {
      strict.close();
    }
  }

  @Test
  void requestsOfOneUserAreBounded() throws Exception {
    TestServer strict =
        TestServer.start(
            new SecuritySettings(TestUsers.FILE, Duration.ZERO, 100, 1, Optional.empty()));
    try {
      int refused = 0;
      for (int i = 0; i < 10; i++) {
        int status = strict.get("/luns").statusCode();
        assertNotEquals(401, status);
        refused += status == 429 ? 1 : 0;
      }
      assertTrue(refused > 0);
      assertEquals(200, strict.send(strict.as(TestUsers.VIEWER, "/luns").build()).statusCode());
      assertEquals(200, strict.get("/health").statusCode());
    } finally {
      strict.close();
    }
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElseThrow();
  }

  private static Problem problem(int status, HttpResponse<String> response) throws Exception {
    assertEquals(status, response.statusCode(), response.body());
    Problem problem = JSON.readValue(response.body(), Problem.class);
    assertEquals(status, problem.status());
    return problem;
  }
}
