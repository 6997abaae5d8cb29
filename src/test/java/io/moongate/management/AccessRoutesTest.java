package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.access.ChapSecrets.Purpose;
import io.moongate.cluster.access.KeyFiles;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.management.api.ApiJson;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may log in, over real HTTP; and that no secret is in any answer or line of the log. */
class AccessRoutesTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final String TARGET = "iqn.2026-11.io.moongate:demo";
  private static final String HOST = "iqn.2026-11.example:host";
  private static final String AT = "/targets/" + TARGET;
  private static final String AT_HOST = AT + "/initiators/" + HOST;

  /** Every secret of these tests holds this. */
  private static final String MARK = "Xyzzy";

  private static final String ONE = MARK + " first one";
  private static final String TWO = MARK + " second one";
  private static TestServer server;

  @TempDir Path directory;
  private final List<String> answers = new ArrayList<>();
  private LogCapture log;
  private ChapSecrets secrets;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void reset() throws Exception {
    log = new LogCapture();
    server.metadata().reset();
    secrets = new ChapSecrets(Optional.of(KeyFiles.make(directory.resolve("key"))));
    server.metadata().secrets(secrets);
    assertEquals(201, server.post("/targets", "{\"name\":\"" + TARGET + "\"}").statusCode());
    for (int lun : new int[] {0, 5}) {
      String body = "{\"target\":\"%s\",\"lun\":%d,\"size\":512}".formatted(TARGET, lun);
      assertEquals(201, server.post("/luns", body).statusCode());
    }
  }

  @AfterEach
  void noSecretWasTold() {
    List<String> lines = log.lines();
    log.close();
    assertTrue(lines.stream().anyMatch(line -> line.contains("management: ")), "captured");
    for (String line : lines) {
      assertFalse(line.contains(MARK), line);
    }
    for (String answer : answers) {
      assertFalse(answer.contains(MARK), answer);
      access().chap().ifPresent(chap -> assertFalse(answer.contains(chap.sealed()), answer));
    }
  }

  private static TargetAccess access() {
    return server.metadata().view().target(TARGET).orElseThrow().access();
  }

  private HttpResponse<String> put(String path, String body) throws Exception {
    return told(
        server.send(
            server
                .request(path)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(body))
                .build()));
  }

  private HttpResponse<String> told(HttpResponse<String> response) {
    answers.add(response.body() + response.headers());
    return response;
  }

  private JsonNode ok(int status, HttpResponse<String> response) throws Exception {
    told(response);
    assertEquals(status, response.statusCode(), response.body());
    return JSON.readTree(response.body());
  }

  private JsonNode problem(int status, String field, HttpResponse<String> response)
      throws Exception {
    told(response);
    assertEquals(status, response.statusCode(), response.body());
    assertEquals(
        "application/problem+json", response.headers().firstValue("Content-Type").orElseThrow());
    JsonNode problem = JSON.readTree(response.body());
    assertEquals(field, problem.path("field").asText(), response.body());
    return problem;
  }

  private static String chap(String user, String secret) {
    return "{\"user\":\"%s\",\"secret\":\"%s\"}".formatted(user, secret);
  }

  @Test
  void anInitiatorsLife() throws Exception {
    assertEquals("[]", ok(200, server.get(AT + "/initiators")).toString());
    problem(404, "initiator", server.get(AT_HOST));
    String body =
        "{\"chap\":%s,\"luns\":[{\"lun\":0,\"targetLun\":5},{\"lun\":1,\"targetLun\":0}],"
                .formatted(chap("host", ONE))
            + "\"remark\":\"rack 7\"}";
    HttpResponse<String> created = put(AT_HOST, body);
    JsonNode initiator = ok(201, created);
    assertEquals("/api/v1" + AT_HOST, created.headers().firstValue("Location").orElseThrow());
    assertEquals(
        "{\"initiator\":\"%s\",\"chap\":{\"user\":\"host\",\"secret\":\"set\"},".formatted(HOST)
            + "\"luns\":[{\"lun\":0,\"targetLun\":5},{\"lun\":1,\"targetLun\":0}],"
            + "\"remark\":\"rack 7\"}",
        initiator.toString());
    assertEquals(initiator, ok(200, server.get(AT_HOST)));
    assertEquals(initiator, ok(200, server.get(AT + "/initiators/")).get(0));
    assertEquals(
        ONE,
        secrets.open(
            Purpose.initiator(TARGET, HOST), access().chapOf(HOST).orElseThrow().sealed()));

    TargetAccess before = access();
    assertEquals(initiator, ok(200, put(AT_HOST, body)), "the same again");
    assertEquals(before, access());

    // What is put replaces what was there, but for the secret that is not given.
    JsonNode changed = ok(200, put(AT_HOST, "{\"chap\":{\"user\":\"renamed\"}}"));
    assertTrue(changed.get("luns").isNull());
    assertTrue(changed.get("remark").isNull());
    assertEquals("renamed", changed.at("/chap/user").textValue());
    assertEquals(
        ONE,
        secrets.open(
            Purpose.initiator(TARGET, HOST), access().chapOf(HOST).orElseThrow().sealed()));
    assertTrue(ok(200, put(AT_HOST, "{\"luns\":[]}")).get("chap").isNull());
    assertEquals(Optional.of(Map.of()), access().of(HOST).orElseThrow().luns(), "it sees none");

    assertEquals(204, told(server.method("DELETE", AT_HOST)).statusCode());
    problem(404, "initiator", server.method("DELETE", AT_HOST));
  }

  @Test
  void aLunIsItsOwnNumberWhenNoOtherIsSaid() throws Exception {
    JsonNode initiator = ok(201, put(AT_HOST, "{\"luns\":[{\"lun\":5}]}"));
    assertEquals("[{\"lun\":5,\"targetLun\":5}]", initiator.get("luns").toString());
  }

  @Test
  void aTargetsChapAndMode() throws Exception {
    JsonNode target = ok(200, server.get(AT));
    assertEquals("open", target.get("access").textValue());
    assertEquals(0, target.get("initiators").intValue());
    assertTrue(target.get("chap").isNull());
    ok(201, put(AT_HOST, "{}"));
    ok(200, put(AT + "/chap", chap("all", ONE)));
    ok(200, put(AT + "/mutual-chap", chap("gateway", TWO)));
    JsonNode listed = ok(200, put(AT + "/access", "{\"access\":\"listed\"}"));
    assertEquals("listed", listed.get("access").textValue());
    assertEquals(1, listed.get("initiators").intValue());
    assertEquals("{\"user\":\"all\",\"secret\":\"set\"}", listed.get("chap").toString());
    assertEquals("{\"user\":\"gateway\",\"secret\":\"set\"}", listed.get("mutualChap").toString());
    assertEquals(listed, ok(200, server.get(AT)));
    assertEquals(listed, ok(200, server.get("/targets")).get(0));
    assertEquals(
        TWO, secrets.open(Purpose.target(TARGET), access().mutualChap().orElseThrow().sealed()));
    for (int i = 0; i < 2; i++) {
      assertEquals(204, told(server.method("DELETE", AT + "/chap")).statusCode());
      assertEquals(204, told(server.method("DELETE", AT + "/mutual-chap")).statusCode());
    }
    JsonNode open = ok(200, put(AT + "/access", "{\"access\":\"open\"}"));
    assertTrue(open.get("chap").isNull() && open.get("mutualChap").isNull());
    assertEquals("open", open.get("access").textValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"chap\":\"Xyzzy of mine\"}|chap",
        "{\"chap\":{\"user\":\"u\",\"secret\":\"Xyzzy\"}}|chap.secret",
        "{\"chap\":{\"user\":\"u\",\"secret\":{\"Xyzzy\":1}}}|chap.secret",
        "{\"chap\":{\"user\":\"u\",\"secret\":\"Xyzzy and a line end\\n\"}}|chap.secret",
        "{\"chap\":{\"user\":\"u\"}}|chap.secret",
        "{\"chap\":{\"secret\":\"Xyzzy of mine\"}}|chap.user",
        "{\"chap\":{\"user\":\"\",\"secret\":\"Xyzzy of mine\"}}|chap.user",
        "{\"chap\":{\"user\":\"a\\tb\",\"secret\":\"Xyzzy of mine\"}}|chap.user",
        "{\"chap\":{\"user\":\"u\",\"secret\":\"Xyzzy of mine\",\"x\":1}}|chap.x",
        "{\"luns\":5}|luns",
        "{\"luns\":[5]}|luns[0]",
        "{\"luns\":[{}]}|luns[0].lun",
        "{\"luns\":[{\"lun\":16384}]}|luns[0].lun",
        "{\"luns\":[{\"lun\":0,\"targetLun\":-1}]}|luns[0].targetLun",
        "{\"luns\":[{\"lun\":0},{\"lun\":0,\"targetLun\":5}]}|luns[1].lun",
        "{\"luns\":[{\"lun\":0},{\"lun\":1,\"targetLun\":0}]}|luns[1].targetLun",
        "{\"remark\":\"two\\nlines\"}|remark",
        "{\"mask\":[]}|mask"
      })
  void whatIsWrongIsNamed(String body, String field) throws Exception {
    problem(400, field, put(AT_HOST, body));
    assertTrue(access().initiators().isEmpty());
  }

  @Test
  void moreThatIsWrongIsNamed() throws Exception {
    problem(400, "initiator", put(AT + "/initiators/host", "{}"));
    problem(400, "initiator", put(AT + "/initiators/IQN.2026-11.example:host", "{}"));
    assertTrue(
        problem(409, "luns", put(AT_HOST, "{\"luns\":[{\"lun\":1}]}"))
            .get("detail")
            .textValue()
            .contains("LUN 1"));
    problem(400, "access", put(AT + "/access", "{\"access\":\"closed\"}"));
    problem(400, "access", put(AT + "/access", "{}"));
    problem(400, "secret", put(AT + "/chap", chap("u", MARK)));
    problem(400, "secret", put(AT + "/mutual-chap", "{\"user\":\"u\"}"));
    problem(400, "secret", put(AT + "/chap", chap("u", MARK.repeat(52))));
    for (String path : List.of("/chap", "/mutual-chap", "/access", "/initiators/" + HOST)) {
      String body = path.equals("/access") ? "{\"access\":\"listed\"}" : chap("u", ONE);
      body = path.startsWith("/initiators") ? "{}" : body;
      problem(404, "name", put("/targets/iqn.2026-11.x:none" + path, body));
    }
    problem(404, "name", server.get("/targets/iqn.2026-11.x:none/initiators"));
    problem(404, "name", server.method("DELETE", "/targets/iqn.2026-11.x:none/chap"));
  }

  @Test
  void bothEndsHaveSecretsOfTheirOwn() throws Exception {
    ok(200, put(AT + "/mutual-chap", chap("gateway", ONE)));
    problem(400, "secret", put(AT + "/chap", chap("all", ONE)));
    problem(400, "chap.secret", put(AT_HOST, "{\"chap\":" + chap("host", ONE) + "}"));
    ok(200, put(AT + "/chap", chap("all", TWO)));
    problem(400, "secret", put(AT + "/mutual-chap", chap("gateway", TWO)));
  }

  @Test
  void aBodyThatIsNoJsonIsNotRepeated() throws Exception {
    for (String body :
        List.of("{\"user\":\"u\",\"secret\":" + MARK + "}", MARK, "\"" + MARK + "\"")) {
      JsonNode problem = problem(400, "", put(AT + "/chap", body));
      assertTrue(problem.get("type").textValue().endsWith("malformed-request"));
      problem(400, "", put(AT_HOST, body));
    }
  }

  @Test
  void withoutAKeyItIsSaidHowToMakeOne() throws Exception {
    Path nowhere = directory.resolve("nowhere");
    server.metadata().secrets(new ChapSecrets(Optional.of(nowhere)));
    String detail =
        problem(409, "secret", put(AT + "/chap", chap("all", ONE))).get("detail").textValue();
    assertTrue(detail.contains("head -c 32 /dev/urandom | base64 > " + nowhere), detail);
    problem(409, "chap.secret", put(AT_HOST, "{\"chap\":" + chap("host", ONE) + "}"));
    ok(201, put(AT_HOST, "{}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET|/chap|DELETE, PUT",
        "POST|/mutual-chap|DELETE, PUT",
        "DELETE|/access|PUT",
        "PUT|/initiators|GET, HEAD",
        "POST|/initiators/iqn.x|DELETE, GET, HEAD, PUT"
      })
  void methodThatIsNotKnown(String method, String path, String allowed) throws Exception {
    HttpResponse<String> response = told(server.method(method, AT + path));
    assertEquals(405, response.statusCode());
    String allow = response.headers().firstValue("Allow").orElseThrow();
    assertEquals(allowed, String.join(", ", new TreeSet<>(List.of(allow.split(", ")))));
    assertEquals(404, server.get(AT + "/nothing").statusCode());
  }
}
