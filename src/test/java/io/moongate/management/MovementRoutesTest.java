package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.view.GatewayEntry.Duty;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.failure.Observation;
import io.moongate.management.api.ApiJson;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Drain, removal, preference and what is under way, over real HTTP. */
class MovementRoutesTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final String DEMO = "iqn.2026-11.io.moongate:demo";
  private static TestServer server;
  private String unit;

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
    server.metadata().reset();
    server.post("/targets", "{\"name\":\"" + DEMO + "\"}");
    HttpResponse<String> made =
        server.post("/luns", "{\"target\":\"" + DEMO + "\",\"lun\":0,\"size\":1048576}");
    unit = JSON.readTree(made.body()).get("id").textValue();
  }

  private static JsonNode ok(HttpResponse<String> response) throws Exception {
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body());
  }

  private static Duty duty(String gateway) {
    return server.metadata().view().gateway(gateway).orElseThrow().service().duty();
  }

  @Test
  void aGatewayIsDrainedShownAndPutBack() throws Exception {
    JsonNode before = ok(server.get("/gateways/gw1"));
    assertEquals("in-service", before.get("service").textValue());
    JsonNode drained = ok(server.post("/gateways/gw1/drain", "{\"cause\":\"new disks\"}"));
    assertEquals("draining", drained.get("service").textValue());
    String cause = "drained through the API of gw1 by admin at 127.0.0.1: new disks";
    assertEquals(cause, drained.get("serviceCause").textValue());
    JsonNode operation = ok(server.get("/operations")).get(0);
    assertEquals("drain-gw1", operation.get("id").textValue());
    assertEquals("drain", operation.get("kind").textValue());
    assertEquals("gw1", operation.get("gateway").textValue());
    assertEquals(1, operation.get("remaining").intValue());
    assertEquals(cause, operation.get("cause").textValue());
    assertTrue(operation.get("cancellable").booleanValue());
    assertEquals(operation, ok(server.get("/operations/drain-gw1")));

    JsonNode back = ok(server.post("/gateways/gw1/undrain", "{}"));
    assertEquals("in-service", back.get("service").textValue());
    assertEquals("[]", server.get("/operations").body());
    assertEquals(404, server.get("/operations/drain-gw1").statusCode());
  }

  @Test
  void aDrainIsTakenBackAsAnOperation() throws Exception {
    ok(server.post("/gateways/gw1/drain", "{}"));
    assertEquals(204, server.method("DELETE", "/operations/drain-gw1").statusCode());
    assertEquals(Duty.IN_SERVICE, duty("gw1"));
    assertEquals(404, server.method("DELETE", "/operations/drain-gw1").statusCode());
  }

  @Test
  void aMoveIsShownAndTakenBack() throws Exception {
    server.metadata().releasing(unit, "gw2");
    JsonNode move = ok(server.get("/operations/unit-" + unit));
    assertEquals("move", move.get("kind").textValue());
    assertEquals("gw1", move.get("from").textValue());
    assertEquals("gw2", move.get("gateway").textValue());
    assertEquals(unit, move.get("unit").textValue());
    assertEquals(204, server.method("DELETE", "/operations/unit-" + unit).statusCode());
    assertEquals(
        Phase.SERVING, server.metadata().view().unit(unit).orElseThrow().ownership().phase());
  }

  @Test
  void whatWaitsForAnOwnerIsShownAndNotTakenBack() throws Exception {
    server.metadata().orphan(unit);
    JsonNode waits = ok(server.get("/operations")).get(0);
    assertEquals("wait", waits.get("kind").textValue());
    assertEquals("gw3 failed", waits.get("cause").textValue());
    assertFalse(waits.get("cancellable").booleanValue());
    assertEquals(409, server.method("DELETE", "/operations/unit-" + unit).statusCode());
  }

  @Test
  void aUnitWhoseOwnerHasFailedWaitsAndItIsSaidWhatFor() throws Exception {
    server.metadata().observations =
        List.of(
            new Observation(
                "gw2",
                "gw1",
                "incarnation-of-gw1",
                Observation.Kind.PROCESS_GONE,
                FakeMetadata.SINCE,
                ""));
    JsonNode waits = ok(server.get("/operations/unit-" + unit));
    assertEquals("wait", waits.get("kind").textValue());
    assertEquals("gw1", waits.get("from").textValue());
    assertEquals(
        "gw1: process-gone by gw2; gw1 asked for its ownership row: no answer",
        waits.get("cause").textValue());
    assertEquals(409, server.method("DELETE", "/operations/unit-" + unit).statusCode());
    server.metadata().observations = List.of();
    assertEquals(404, server.get("/operations/unit-" + unit).statusCode());
  }

  @Test
  void onlyAGatewayThatIsGoneIsRemoved() throws Exception {
    assertEquals(409, server.method("DELETE", "/gateways/gw2").statusCode());
    assertEquals(204, server.method("DELETE", "/gateways/gw3").statusCode());
    assertEquals(404, server.get("/gateways/gw3").statusCode());
    assertEquals(404, server.method("DELETE", "/gateways/gw3").statusCode());
    assertEquals(2, ok(server.get("/gateways")).size());
  }

  @Test
  void theOrderOfPreferenceIsReplacedAsAWhole() throws Exception {
    JsonNode changed =
        ok(server.put("/luns/" + unit + "/preferred", "{\"gateways\":[\"gw2\",\"gw1\"]}"));
    assertEquals("[\"gw2\",\"gw1\"]", changed.get("preferred").toString());
    assertEquals(
        400, server.put("/luns/" + unit + "/preferred", "{\"gateways\":[\"gw9\"]}").statusCode());
    assertEquals(
        400,
        server
            .put("/luns/" + unit + "/preferred", "{\"gateways\":[\"gw1\",\"gw1\"]}")
            .statusCode());
    assertEquals(404, server.put("/luns/none/preferred", "{\"gateways\":[]}").statusCode());
    ok(server.put("/luns/" + unit + "/preferred", "{\"gateways\":[]}"));
  }

  @Test
  void aGatewayThatIsNoneIsNotDrained() throws Exception {
    assertEquals(404, server.post("/gateways/gw9/drain", "{}").statusCode());
    assertEquals(400, server.post("/gateways/gw1/drain", "{\"why\":1}").statusCode());
    assertEquals(Duty.IN_SERVICE, duty("gw1"));
  }
}
