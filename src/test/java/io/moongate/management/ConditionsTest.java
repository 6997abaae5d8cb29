package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Problem;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Entity tags, and requests that depend on them, over real HTTP. */
class ConditionsTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final String DEMO = "iqn.2026-11.io.moongate:demo";
  private static final String HOST = "iqn.2026-11.example:host";
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private String unit;

  @BeforeEach
  void create() throws Exception {
    server.metadata().reset();
    server.metadata().loads.clear();
    assertEquals(201, server.post("/targets", "{\"name\":\"" + DEMO + "\"}").statusCode());
    HttpResponse<String> created =
        server.post("/luns", "{\"target\":\"" + DEMO + "\",\"lun\":0,\"size\":1048576}");
    assertEquals(201, created.statusCode(), created.body());
    unit = JSON.readValue(created.body(), LogicalUnit.class).id();
  }

  private static String tag(HttpResponse<?> response) {
    return response.headers().firstValue("ETag").orElseThrow();
  }

  private static HttpResponse<String> change(
      String method, String path, String body, String ifMatch) throws Exception {
    return server.send(
        server
            .request(path)
            .header("Content-Type", "application/json")
            .header("If-Match", ifMatch)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build());
  }

  private static HttpResponse<String> getUnless(String path, String ifNoneMatch) throws Exception {
    return server.send(server.request(path).header("If-None-Match", ifNoneMatch).GET().build());
  }

  private List<String> readable() {
    return List.of(
        "/gateways",
        "/gateways/gw1",
        "/targets",
        "/targets/" + DEMO,
        "/luns",
        "/luns?limit=1",
        "/luns/" + unit,
        "/paths",
        "/operations",
        "/version");
  }

  @Test
  void whatIsHeldIsNotSentAgain() throws Exception {
    for (String path : readable()) {
      String tag = tag(server.get(path));
      assertTrue(tag.startsWith("\""), tag);
      for (String held : List.of(tag, "W/" + tag, "\"other\", " + tag, "*")) {
        HttpResponse<String> again = getUnless(path, held);
        assertEquals(304, again.statusCode(), path + " " + held);
        assertEquals("", again.body());
        assertEquals(tag, tag(again));
      }
      assertEquals(200, getUnless(path, "\"other\"").statusCode(), path);
    }
  }

  @Test
  void whatHasChangedIsSentUnderAnotherTag() throws Exception {
    String tag = tag(server.get("/luns/" + unit));
    String list = tag(server.get("/luns"));
    server.metadata().loads.put(unit, 5.0);
    assertEquals(200, getUnless("/luns/" + unit, tag).statusCode());
    assertEquals(200, getUnless("/luns", list).statusCode());
  }

  @Test
  void ofTwoChangesThatKnowTheSameOneIsRefused() throws Exception {
    String tag = tag(server.get("/luns/" + unit));
    HttpResponse<String> first =
        change("POST", "/luns/" + unit + "/resize", "{\"size\":2097152}", tag);
    assertEquals(200, first.statusCode(), first.body());
    HttpResponse<String> second =
        change("POST", "/luns/" + unit + "/resize", "{\"size\":4194304}", tag);
    assertEquals(412, second.statusCode(), second.body());
    Problem problem = JSON.readValue(second.body(), Problem.class);
    assertTrue(problem.type().endsWith("problem/precondition-failed"), problem.type());
    assertEquals("If-Match", problem.field());
    assertEquals(
        200,
        change("POST", "/luns/" + unit + "/resize", "{\"size\":4194304}", tag(first)).statusCode());
  }

  @Test
  void everyChangeOfAnEntityKnowsTheCondition() throws Exception {
    String target = "/targets/" + DEMO;
    record Change(String method, String path, String body) {}
    List<Change> changes =
        List.of(
            new Change("PUT", target + "/explicit-alua", "{\"explicitAlua\":true}"),
            new Change("PUT", target + "/access", "{\"access\":\"listed\"}"),
            new Change("PUT", target + "/initiators/" + HOST, "{}"),
            new Change("DELETE", target + "/chap", null),
            new Change("DELETE", target + "/mutual-chap", null),
            new Change("PUT", target + "/luns/7", "{\"id\":\"" + unit + "\"}"),
            new Change("DELETE", target + "/luns/0", null),
            new Change("DELETE", target, null),
            new Change("POST", "/luns/" + unit + "/move", "{\"gateway\":\"gw2\"}"),
            new Change("POST", "/luns/" + unit + "/resize", "{\"size\":2097152}"),
            new Change("PUT", "/luns/" + unit + "/read-only", "{\"readOnly\":true}"),
            new Change("PUT", "/luns/" + unit + "/preferred", "{\"gateways\":[\"gw2\"]}"),
            new Change("POST", "/luns/" + unit + "/snapshots", "{\"name\":\"a\"}"),
            new Change("DELETE", "/luns/" + unit + "/snapshots/a", null),
            new Change("POST", "/luns/" + unit + "/snapshots/a/rollback", "{\"confirm\":true}"),
            new Change("DELETE", "/luns/" + unit, null),
            new Change("POST", "/gateways/gw2/drain", "{}"),
            new Change("POST", "/gateways/gw2/undrain", "{}"),
            new Change("DELETE", "/gateways/gw3", null));
    for (Change change : changes) {
      HttpResponse<String> refused =
          change(change.method(), change.path(), change.body(), "\"99.0123456789abcdef\"");
      assertEquals(412, refused.statusCode(), change + ": " + refused.body());
    }
    assertEquals("[0]", lunsOf(server.get(target).body()));
  }

  private static String lunsOf(String target) throws Exception {
    return JSON.readTree(target).get("luns").findValuesAsText("lun").toString();
  }

  @Test
  void aTagOfAnotherLoadIsTheSameVersion() throws Exception {
    String tag = tag(server.get("/luns/" + unit));
    server.metadata().loads.put(unit, 5.0);
    assertNotEquals(tag, tag(server.get("/luns/" + unit)));
    assertEquals(
        200,
        change("PUT", "/luns/" + unit + "/read-only", "{\"readOnly\":true}", tag).statusCode());
  }

  @Test
  void anyOfSeveralTagsWillDoButNoWeakOne() throws Exception {
    String tag = tag(server.get("/gateways/gw2"));
    assertEquals(412, change("POST", "/gateways/gw2/drain", "{}", "W/" + tag).statusCode());
    assertEquals(200, change("POST", "/gateways/gw2/drain", "{}", "\"x\" , " + tag).statusCode());
    assertEquals(200, change("POST", "/gateways/gw2/undrain", "{}", "*").statusCode());
  }

  @ParameterizedTest
  @ValueSource(strings = {"unquoted", "\"open", "\"a\" \"b\"", "\"a\",,x"})
  void whatIsNoTagIsRefused(String header) throws Exception {
    HttpResponse<String> refused = change("POST", "/gateways/gw2/drain", "{}", header);
    assertEquals(400, refused.statusCode(), refused.body());
    assertEquals("If-Match", JSON.readValue(refused.body(), Problem.class).field());
  }

  @Test
  void whatHasNoTagToMatchSaysSo() throws Exception {
    HttpResponse<String> refused =
        change("POST", "/targets", "{\"name\":\"iqn.2026-11.io.moongate:b\"}", "\"1.0\"");
    assertEquals(400, refused.statusCode(), refused.body());
    HttpResponse<String> unless =
        server.send(
            server
                .request("/gateways/gw2/drain")
                .header("Content-Type", "application/json")
                .header("If-None-Match", "*")
                .POST(BodyPublishers.ofString("{}"))
                .build());
    assertEquals(400, unless.statusCode(), unless.body());
  }

  @Test
  void readingCanBeConditionalToo() throws Exception {
    String tag = tag(server.get("/targets/" + DEMO));
    assertEquals(200, change("GET", "/targets/" + DEMO, null, tag).statusCode());
    assertEquals(412, change("GET", "/targets/" + DEMO, null, "\"1.0\"").statusCode());
  }
}
