package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.RequestTimes.Answered;
import io.moongate.management.api.ApiJson;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What machines that watch over a gateway ask it, over real HTTP. */
class MonitoringRoutesTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .proxy(HttpClient.Builder.NO_PROXY)
          .build();
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private HttpResponse<String> get(String path, String accept) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.base() + path))
            .header("Accept", accept)
            .header("Authorization", "Bearer " + TestUsers.VIEWER)
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void metricsInTheFormatThatIsAskedFor() throws Exception {
    HttpResponse<String> page =
        get("/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    assertEquals(200, page.statusCode());
    assertEquals("a_metric 1\n", page.body());
    assertTrue(
        page.headers().firstValue("Content-Type").orElseThrow().startsWith("text/plain"),
        () -> page.headers().toString());
    assertTrue(
        server.monitoring().accepted.contains("application/openmetrics-text"),
        () -> server.monitoring().accepted);
  }

  @Test
  void readyByTheStatus() throws Exception {
    assertEquals(200, get("/health/ready", "*/*").statusCode());
    server.monitoring().notReady = List.of("it has no lease");
    HttpResponse<String> not = get("/health/ready", "text/html");
    assertEquals(503, not.statusCode());
    JsonNode why = JSON.readTree(not.body());
    assertEquals("[\"it has no lease\"]", why.get("reasons").toString());
    assertEquals(200, get("/health/live", "*/*").statusCode(), "a restart would not mend that");
  }

  @Test
  void liveByTheStatus() throws Exception {
    server.monitoring().live = false;
    HttpResponse<String> not = get("/health/live", "*/*");
    assertEquals(503, not.statusCode());
    assertTrue(not.body().contains("threads"), not.body());
    assertTrue(get("/health", "*/*").body().contains("a loop is stuck"));
    assertFalse(get("/api/v1/health", "*/*").body().contains("a loop is stuck"));
  }

  @Test
  void healthNamesWhatWasLookedAt() throws Exception {
    JsonNode health = JSON.readTree(get("/api/v1/health", "*/*").body());
    assertEquals("up", health.get("status").textValue());
    assertTrue(health.get("ready").booleanValue());
    assertEquals("threads", health.get("checks").get(0).get("name").textValue());
  }

  private int asStranger(String path) throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(URI.create(server.base() + path)).build(),
            BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void strangersMayKnowOfReadinessAndNoMore() throws Exception {
    assertEquals(200, asStranger("/health/live"));
    assertEquals(200, asStranger("/health/ready"));
    assertEquals(401, asStranger("/health"));
    assertEquals(401, asStranger("/metrics"));
    server.monitoring().open = true;
    assertEquals(200, asStranger("/metrics"));
    assertEquals(401, asStranger("/health"));
  }

  @Test
  void requestsAreTimedByWhatTheyWere() throws Exception {
    get("/api/v1/targets", "*/*");
    get("/api/v1/targets/", "*/*");
    get("/api/v1/nothing/of/the/kind", "*/*");
    assertEquals(2, server.times().read().get(new Answered("GET", "/api/v1/targets", 200)).count());
    assertEquals(1, server.times().read().get(new Answered("GET", "other", 404)).count());
  }

  @Test
  void namesAreNotRoutes() throws Exception {
    get("/api/v1/luns/0b9e", "*/*");
    get("/api/v1/strange/" + System.nanoTime(), "*/*");
    assertEquals(
        1, server.times().read().get(new Answered("GET", "/api/v1/luns/{id}", 404)).count());
    assertTrue(
        server.times().read().keySet().stream()
            .noneMatch(answered -> answered.route().contains("strange")));
  }

  /** Whoever asks for ever new things does not fill the memory. */
  @Test
  void routesAreFew() {
    RequestTimes times = new RequestTimes();
    for (int i = 0; i < 5_000; i++) {
      times.answered("M" + i, "/api/v1/x" + i, 200, 1);
    }
    assertTrue(times.read().size() <= 201, () -> "" + times.read().size());
    assertTrue(times.read().get(new Answered("other", "other", 200)).count() > 4_000);
  }
}
