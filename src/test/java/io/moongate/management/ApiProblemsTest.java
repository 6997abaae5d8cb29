package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Problem;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever goes wrong is answered with a problem document (RFC 9457) that names the field. */
class ApiProblemsTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final String DEMO = "iqn.2026-11.io.moongate:demo";
  private static final String LUN =
      "{\"target\":\"" + DEMO + "\",\"lun\":0,\"size\":1048576,\"blockSize\":512}";
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void reset() {
    server.metadata().reset();
  }

  private static Problem problem(int status, HttpResponse<String> response) throws Exception {
    assertEquals(status, response.statusCode(), response.body());
    assertEquals(
        "application/problem+json", response.headers().firstValue("Content-Type").orElseThrow());
    return problem(status, response.body());
  }

  private static Problem problem(int status, String body) throws Exception {
    Problem problem = JSON.readValue(body, Problem.class);
    assertEquals(status, problem.status());
    assertNotNull(problem.type());
    assertFalse(problem.title().isBlank());
    assertFalse(problem.detail().isBlank());
    return problem;
  }

  private static void field(String field, HttpResponse<String> response) throws Exception {
    Problem problem = problem(400, response);
    assertEquals("tag:moongate.io,2026-11:problem/invalid-field", problem.type());
    assertEquals(field, problem.field(), problem.detail());
  }

  private static String lunOf(HttpResponse<String> created) throws Exception {
    return JSON.readTree(created.body()).get("id").textValue();
  }

  @Test
  void documentIsComplete() throws Exception {
    Problem problem = problem(404, server.get("/gateways/gw9"));
    assertEquals("tag:moongate.io,2026-11:problem/not-found", problem.type());
    assertEquals("There is no such thing", problem.title());
    assertEquals("There is no gateway gw9", problem.detail());
    assertEquals("/api/v1/gateways/gw9", problem.instance());
    assertEquals("name", problem.field());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nothing",
        "/gateways/gw1/more",
        "/targets/iqn.2026-11.io.moongate:none",
        "/luns/00000000-0000-0000-0000-000000000000",
        "/luns/x/move/y",
        "/targets//",
        "/"
      })
  void whatIsNotThereIsNotFound(String path) throws Exception {
    assertEquals("/api/v1" + path, problem(404, server.get(path)).instance());
  }

  @Test
  void pathsOutsideTheApiAreNotFound() throws Exception {
    HttpResponse<String> response =
        server.send(
            HttpRequest.newBuilder(server.base().resolve("/api/v2/luns"))
                .header("Authorization", "Bearer " + TestUsers.ADMIN)
                .build());
    assertEquals("/api/v2/luns", problem(404, response).instance());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "DELETE|/gateways|GET, HEAD",
        "PUT|/targets|GET, HEAD, POST",
        "POST|/targets/iqn.x|DELETE, GET, HEAD",
        "PATCH|/luns/x|DELETE, GET, HEAD",
        "GET|/luns/x/move|POST",
        "HEAD|/luns/x/move|POST",
        "POST|/paths|GET, HEAD",
        "POST|/sessions|GET, HEAD",
        "OPTIONS|/luns|GET, HEAD, POST",
        "DELETE|/health|GET, HEAD"
      })
  void methodThatIsNotKnown(String method, String path, String allowed) throws Exception {
    HttpResponse<String> response = server.method(method, path);
    assertEquals(405, response.statusCode());
    String allow = response.headers().firstValue("Allow").orElseThrow();
    assertEquals(allowed, String.join(", ", new TreeSet<>(List.of(allow.split(", ")))));
    if (!method.equals("HEAD")) {
      problem(405, response);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/html", "application/json;q=0, */*", "application/problem+json"})
  void answersAreJsonOnly(String accept) throws Exception {
    HttpResponse<String> response =
        server.send(server.request("/luns").header("Accept", accept).GET().build());
    assertEquals("Accept", problem(406, response).field());
  }

  @Test
  void notAcceptableRequestChangesNothing() throws Exception {
    HttpResponse<String> response =
        server.send(
            server
                .request("/targets")
                .header("Accept", "text/html")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"name\":\"" + DEMO + "\"}"))
                .build());
    problem(406, response);
    assertTrue(server.metadata().view().targets().isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/xml"})
  void bodyMustBeJson(String type) throws Exception {
    HttpResponse<String> response =
        server.send(
            server
                .request("/targets")
                .header("Content-Type", type)
                .POST(BodyPublishers.ofString("{\"name\":\"" + DEMO + "\"}"))
                .build());
    assertEquals("Content-Type", problem(415, response).field());
    assertTrue(server.metadata().view().targets().isEmpty());
  }

  @Test
  void bodyWithoutTypeIsRefused() throws Exception {
    HttpResponse<String> response =
        server.send(server.request("/targets").POST(BodyPublishers.ofString("{}")).build());
    problem(415, response);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"name\":|line 1, column 9",
        "{\"name\" \"x\"}|line 1, column 9",
        "nonsense|line 1, column 9",
        "{} {}|line 1, column 4",
        "{\"name\":\"a\",\"name\":\"b\"}|line 1, column 19"
      })
  void malformedJsonIsLocated(String body, String place) throws Exception {
    Problem problem = problem(400, server.post("/targets", body));
    assertEquals("tag:moongate.io,2026-11:problem/malformed-request", problem.type());
    assertTrue(problem.detail().contains(place), problem.detail());
  }

  @Test
  void malformedJsonIsLocatedInItsLine() throws Exception {
    Problem problem = problem(400, server.post("/luns", "{\n  \"lun\": 1,\n  \"size\": }"));
    assertTrue(problem.detail().contains("line 3, column 11"), problem.detail());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "null", "7", "\"x\""})
  void bodyMustBeAnObject(String body) throws Exception {
    problem(400, server.post("/targets", body));
  }

  @Test
  void bodyThatIsNotUtf8IsRefused() throws Exception {
    HttpResponse<String> response =
        server.send(
            server
                .request("/targets")
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.ofByteArray(
                        new byte[] {'{', '"', 'n', (byte) 0xC3, (byte) 0x28, '"', ':', '1', '}'}))
                .build());
    problem(400, response);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "name|{}",
        "name|{\"name\":null}",
        "name|{\"name\":7}",
        "name|{\"name\":\"\"}",
        "name|{\"name\":[\"iqn.2026-11.a\"]}",
        "name|{\"name\":\"IQN.2026-11.a\"}",
        "nane|{\"nane\":\"iqn.2026-11.a\"}",
        "gateways|{\"name\":\"iqn.2026-11.a:b\",\"gateways\":\"gw1\"}",
        "gateways[1]|{\"name\":\"iqn.2026-11.a:b\",\"gateways\":[\"gw1\",2]}",
        "gateways[1]|{\"name\":\"iqn.2026-11.a:b\",\"gateways\":[\"gw1\",\"gw1\"]}"
      })
  void targetIsCheckedFieldByField(String field, String body) throws Exception {
    field(field, server.post("/targets", body));
    assertTrue(server.metadata().view().targets().isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "target|\"target\":\"iqn.2026-11.io.moongate:demo\"|\"target\":\"demo\"",
        "target|\"target\":\"iqn.2026-11.io.moongate:demo\",|",
        "lun|\"lun\":0|\"lun\":-1",
        "lun|\"lun\":0|\"lun\":16384",
        "lun|\"lun\":0|\"lun\":99999999999999999999",
        "lun|\"lun\":0|\"lun\":1.0",
        "lun|\"lun\":0|\"lun\":\"0\"",
        "lun|\"lun\":0|\"lun\":true",
        "lun|\"lun\":0,|",
        "size|\"size\":1048576|\"size\":0",
        "size|\"size\":1048576|\"size\":-512",
        "size|\"size\":1048576|\"size\":513",
        "size|\"size\":1048576|\"size\":\"1GiB\"",
        "size|\"size\":1048576|\"size\":9223372036854775808",
        "size|\"size\":1048576,|",
        "size|\"blockSize\":512|\"blockSize\":4096,\"size2\":1",
        "blockSize|\"blockSize\":512|\"blockSize\":1024",
        "blockSize|\"blockSize\":512|\"blockSize\":0",
        "store|\"blockSize\":512|\"store\":\"tape\"",
        "preferred|\"blockSize\":512|\"preferred\":{}",
        "preferred[0]|\"blockSize\":512|\"preferred\":[null]",
        "id|\"blockSize\":512|\"id\":\"x\""
      })
  void lunIsCheckedFieldByField(String field, String part, String instead) throws Exception {
    server.post("/targets", "{\"name\":\"" + DEMO + "\"}");
    String body = LUN.replace(part, instead == null ? "" : instead);
    assertFalse(body.equals(LUN));
    Problem problem = problem(400, server.post("/luns", body));
    assertEquals(body.contains("size2") ? "size2" : field, problem.field(), problem.detail());
    assertTrue(server.metadata().view().units().isEmpty());
  }

  @Test
  void sizeIsAMultipleOfTheBlockSizeThatWasAskedFor() throws Exception {
    field(
        "size",
        server.post(
            "/luns",
            LUN.replace("\"blockSize\":512", "\"blockSize\":4096").replace("1048576", "512")));
  }

  @Test
  void gatewaysThatNeverRegisteredAreNamed() throws Exception {
    Problem target =
        problem(
            400,
            server.post("/targets", "{\"name\":\"" + DEMO + "\",\"gateways\":[\"gw1\",\"gx\"]}"));
    assertEquals("gateways[1]", target.field());
    assertEquals("There is no gateway gx; known are: gw1, gw2, gw3", target.detail());
    server.post("/targets", "{\"name\":\"" + DEMO + "\"}");
    Problem lun = problem(400, server.post("/luns", LUN.replace("}", ",\"preferred\":[\"gx\"]}")));
    assertEquals("preferred[0]", lun.field());
    String id = lunOf(server.post("/luns", LUN));
    assertEquals(
        "gateway",
        problem(400, server.post("/luns/" + id + "/move", "{\"gateway\":\"gx\"}")).field());
    field("gateway", server.post("/luns/" + id + "/move", "{}"));
    field("to", server.post("/luns/" + id + "/move", "{\"to\":\"gw2\"}"));
    problem(404, server.post("/luns/none/move", "{\"gateway\":\"gw2\"}"));
  }

  @ParameterizedTest
  @CsvSource({
    "/luns?lun=x,lun",
    "/luns?lun=-1,lun",
    "/luns?lun=16384,lun",
    "/luns?lun=,lun",
    "/luns?gateway=gw1,gateway",
    "/luns?target=a&target=b,target",
    "/paths?lun=99999999999,lun",
    "/paths?owner=gw1,owner",
    "/gateways?x=1,x",
    "/sessions?x,x",
    "/health?x=1,x"
  })
  void queryIsChecked(String path, String field) throws Exception {
    field(field, server.get(path));
  }

  @Test
  void queryOfAChangeIsChecked() throws Exception {
    server.post("/targets", "{\"name\":\"" + DEMO + "\"}");
    field("force", server.method("DELETE", "/targets/" + DEMO + "?force=1"));
    field("force", server.post("/targets?force=1", "{\"name\":\"" + DEMO + "2\"}"));
    assertEquals(1, server.metadata().view().targets().size());
  }

  @Test
  void conflictsNameTheField() throws Exception {
    server.post("/targets", "{\"name\":\"" + DEMO + "\"}");
    assertEquals(
        "gateways",
        problem(409, server.post("/targets", "{\"name\":\"" + DEMO + "\",\"gateways\":[\"gw1\"]}"))
            .field());
    String id = lunOf(server.post("/luns", LUN));
    assertEquals("lun", problem(409, server.post("/luns", LUN.replace("1048576", "512"))).field());
    assertEquals("luns", problem(409, server.method("DELETE", "/targets/" + DEMO)).field());
    Problem down = problem(409, server.post("/luns/" + id + "/move", "{\"gateway\":\"gw3\"}"));
    assertEquals("gateway", down.field());
    assertEquals("The gateway gw3 is down", down.detail());
  }

  @Test
  void lunOfAnUnknownTargetIsNotFound() throws Exception {
    assertEquals("target", problem(404, server.post("/luns", LUN)).field());
  }

  @ParameterizedTest
  @EnumSource(Refusal.Kind.class)
  void everyRefusalIsAProblem(Refusal.Kind kind) throws Exception {
    int status =
        switch (kind) {
          case INVALID -> 400;
          case NOT_FOUND -> 404;
          case CONFLICT -> 409;
          case OUTDATED -> 412;
          case UNAVAILABLE -> 503;
        };
    Refusal refusal = new Refusal(kind, "", "because");
    server.metadata().answerNext(CompletableFuture.failedFuture(new CompletionException(refusal)));
    HttpResponse<String> response = server.get("/sessions");
    Problem problem = problem(status, response);
    assertEquals("because", problem.detail());
    assertNull(problem.field());
    assertFalse(response.body().contains("\"field\""), response.body());
    assertEquals(status == 503, response.headers().firstValue("Retry-After").isPresent());

    server.metadata().throwNext(new Refusal(kind, "name", "at once"));
    Problem thrown = problem(status, server.post("/targets", "{\"name\":\"" + DEMO + "\"}"));
    assertEquals("name", thrown.field());
    assertEquals("at once", thrown.detail());
  }

  @Test
  void failureIsAProblemThatTellsNothingOfTheInside() throws Exception {
    server
        .metadata()
        .answerNext(CompletableFuture.failedFuture(new IllegalStateException("secret")));
    HttpResponse<String> response = server.get("/sessions");
    Problem problem = problem(500, response);
    assertFalse(response.body().contains("secret"), response.body());
    assertTrue(problem.detail().contains("reference"), problem.detail());
    server.metadata().throwNext(new IllegalStateException("secret"));
    problem(500, server.method("DELETE", "/targets/" + DEMO));
  }

  @Test
  void timeoutOfTheMetadataIsUnavailableAndSaysThatTheChangeMayBeMade() throws Exception {
    server.metadata().answerNext(CompletableFuture.failedFuture(new TimeoutException("ask")));
    Problem problem = problem(503, server.post("/targets", "{\"name\":\"" + DEMO + "\"}"));
    assertTrue(problem.detail().contains("may"), problem.detail());
  }

  @Test
  void bodyIsBounded() throws Exception {
    String big = "{\"name\":\"" + "x".repeat(4096) + "\"}";
    Problem problem = problem(413, server.post("/targets", big));
    assertTrue(problem.detail().contains("2048"), problem.detail());
    HttpResponse<String> chunked =
        server.send(
            server
                .request("/targets")
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(big.getBytes(StandardCharsets.UTF_8))))
                .build());
    problem(413, chunked);
    assertEquals(200, server.get("/health").statusCode());
  }

  @Test
  void garbageIsAnsweredWithAProblem() throws Exception {
    problemOfRaw(400, server.raw("GET /api/v1/luns HTTP/1.1\r\n: nothing\r\n\r\n"));
    problemOfRaw(400, server.raw("GET /api/v1/luns HTTP/1.1\r\n\r\n"));
    problemOfRaw(400, server.raw("GET /api/v1/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    problemOfRaw(
        414, server.raw("GET /" + "x".repeat(5000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    problemOfRaw(501, server.raw("BREW /api/v1/luns HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }

  @Test
  void malformedQueryIsAnsweredWithAProblem() throws Exception {
    problemOfRaw(
        400,
        server.raw(
            "GET /api/v1/luns?lun=%zz HTTP/1.1\r\nHost: localhost\r\n"
                + TestServer.AUTHORIZATION
                + "Connection: close\r\n\r\n"));
  }

  private static void problemOfRaw(int status, String answer) throws Exception {
    assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    assertTrue(answer.contains("Content-Type: application/problem+json\r\n"), answer);
    String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
    assertEquals(status, JSON.readValue(body, Problem.class).status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"rebound.example", "gw1.example:8080", "127.0.0.1.example"})
  void otherNamesOfThisHostAreRefused(String host) throws Exception {
    problemOfRaw(
        421,
        server.raw("GET /api/v1/luns HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.0.0.2", "[::1]:1"})
  void addressesAndLocalhostAreThisHost(String host) throws Exception {
    String answer =
        server.raw(
            "GET /api/v1/luns HTTP/1.1\r\nHost: "
                + host
                + "\r\n"
                + TestServer.AUTHORIZATION
                + "Connection: close\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
  }

  @Test
  void changeThatIsNotConfirmedInTimeSaysSo() throws Exception {
    TestServer impatient = TestServer.start(Duration.ofMillis(200), Duration.ofSeconds(5));
    try {
      impatient.metadata().answerNext(new CompletableFuture<>());
      HttpResponse<String> response = impatient.post("/targets", "{\"name\":\"" + DEMO + "\"}");
      Problem problem = problem(503, response);
      assertTrue(problem.detail().contains("may"), problem.detail());
      assertEquals("/api/v1/targets", problem.instance());
      impatient.metadata().answerNext(new CompletableFuture<>());
      assertFalse(problem(503, impatient.get("/sessions")).detail().contains("change"));
    } finally {
      impatient.close();
    }
  }

  @Test
  void bodyThatDoesNotArriveIsGivenUp() throws Exception {
    TestServer impatient = TestServer.start(Duration.ofSeconds(20), Duration.ofMillis(200));
    try {
      String answer =
          impatient.raw(
              "POST /api/v1/targets HTTP/1.1\r\nHost: localhost\r\n"
                  + TestServer.AUTHORIZATION
                  + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
      problemOfRaw(408, answer);
    } finally {
      impatient.close();
    }
  }
}
