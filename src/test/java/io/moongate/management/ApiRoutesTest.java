package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Path;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the API answers when all is well, over real HTTP. */
class ApiRoutesTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final String DEMO = "iqn.2026-11.io.moongate:demo";
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

  private static JsonNode ok(HttpResponse<String> response) throws Exception {
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElseThrow());
    return JSON.readTree(response.body());
  }

  private static void createTarget(String name) throws Exception {
    assertEquals(201, server.post("/targets", "{\"name\":\"" + name + "\"}").statusCode());
  }

  private static LogicalUnit createLun(String target, int lun) throws Exception {
    HttpResponse<String> response =
        server.post(
            "/luns", "{\"target\":\"" + target + "\",\"lun\":" + lun + ",\"size\":1048576}");
    assertEquals(201, response.statusCode(), response.body());
    return JSON.readValue(response.body(), LogicalUnit.class);
  }

  @Test
  void gatewaysAreListedByName() throws Exception {
    createTarget(DEMO);
    server.metadata().loads.put(createLun(DEMO, 0).id(), 812.66);
    server.metadata().loads.put(createLun(DEMO, 1).id(), 100.0);
    JsonNode gateways = ok(server.get("/gateways"));
    assertEquals(3, gateways.size());
    JsonNode first = gateways.get(0);
    assertEquals("gw1", first.get("name").textValue());
    assertEquals("up", first.get("state").textValue());
    assertEquals("[\"127.0.0.1:3260\"]", first.get("portals").toString());
    assertEquals(1, first.get("portGroup").intValue());
    assertEquals("0.1.0", first.get("version").textValue());
    assertEquals(1001, first.get("pid").intValue());
    assertEquals("incarnation-of-gw1", first.get("incarnation").textValue());
    assertEquals("2026-11-01T10:20:30Z", first.get("since").textValue());
    assertEquals("registered", first.get("cause").textValue());
    assertEquals(2, first.get("luns").intValue());
    assertEquals(912.7, first.get("load").doubleValue());
    assertEquals(812.7, ok(server.get("/luns")).get(0).get("load").doubleValue());
    assertEquals("http://127.0.0.1:8080", first.get("api").textValue());
    assertEquals(0, gateways.get(1).get("luns").intValue());
    assertEquals("[\"127.0.0.2:3260\",\"[::1]:3260\"]", gateways.get(1).get("portals").toString());
    assertEquals("failed", gateways.get(2).get("state").textValue());
  }

  @Test
  void whatStandsAgainstAGatewayIsShown() throws Exception {
    Instant at = Instant.parse("2026-11-01T10:21:00Z");
    server.metadata().observations =
        List.of(
            new Observation(
                "gw1", "gw1", "incarnation-of-gw1", Kind.STORE_SLOW, at, "3 s", "unit-1"),
            new Observation("gw2", "gw1", "incarnation-of-gw1", Kind.UNREACHABLE, at, "phi 9"),
            new Observation("gw2", "gw1", "older", Kind.REMOVED, at, ""));
    JsonNode seen = ok(server.get("/gateways/gw1")).get("observations");
    assertEquals(2, seen.size());
    assertEquals("store-slow", seen.get(0).get("kind").textValue());
    assertEquals("unit-1", seen.get(0).get("part").textValue());
    assertEquals("unreachable", seen.get(1).get("kind").textValue());
    assertTrue(seen.get(1).get("part").isNull());
    assertEquals(0, ok(server.get("/gateways/gw2")).get("observations").size());
  }

  @Test
  void oneGateway() throws Exception {
    assertEquals(2, ok(server.get("/gateways/gw2")).get("portGroup").intValue());
  }

  @Test
  void targetIsCreatedShownAndDeleted() throws Exception {
    HttpResponse<String> created = server.post("/targets", "{\"name\":\"" + DEMO + "\"}");
    assertEquals(201, created.statusCode(), created.body());
    assertEquals("/api/v1/targets/" + DEMO, created.headers().firstValue("Location").orElseThrow());
    JsonNode target = JSON.readTree(created.body());
    assertEquals("[\"gw1\",\"gw2\",\"gw3\"]", target.get("gateways").toString());
    assertTrue(target.get("everyGateway").booleanValue());
    assertEquals("[]", target.get("luns").toString());

    assertEquals(target, ok(server.get("/targets/" + DEMO)));
    assertEquals(target, ok(server.get("/targets")).get(0));

    HttpResponse<String> deleted = server.method("DELETE", "/targets/" + DEMO);
    assertEquals(204, deleted.statusCode());
    assertEquals("", deleted.body());
    assertEquals("[]", server.get("/targets").body());
    assertEquals(404, server.method("DELETE", "/targets/" + DEMO).statusCode());
  }

  @Test
  void creatingAnEqualTargetAgainChangesNothing() throws Exception {
    String body = "{\"name\":\"" + DEMO + "\",\"gateways\":[\"gw2\",\"gw1\"]}";
    HttpResponse<String> first = server.post("/targets", body);
    HttpResponse<String> second = server.post("/targets", body);
    assertEquals(201, first.statusCode());
    assertEquals(200, second.statusCode());
    assertEquals(first.body(), second.body());
    assertEquals(first.headers().firstValue("Location"), second.headers().firstValue("Location"));
    JsonNode target = JSON.readTree(second.body());
    assertEquals("[\"gw1\",\"gw2\"]", target.get("gateways").toString());
    assertFalse(target.get("everyGateway").booleanValue());
  }

  @Test
  void percentEncodedNamesAreTheSame() throws Exception {
    createTarget(DEMO);
    assertEquals(
        DEMO, ok(server.get("/targets/" + DEMO.replace(":", "%3A"))).get("name").textValue());
  }

  @Test
  void lunIsCreatedShownAndDeleted() throws Exception {
    createTarget(DEMO);
    HttpResponse<String> created =
        server.post(
            "/luns",
            "{\"target\":\""
                + DEMO
                + "\",\"lun\":16383,\"size\":40960,\"blockSize\":4096,\"store\":\"memory\","
                + "\"preferred\":[\"gw2\",\"gw1\"]}");
    assertEquals(201, created.statusCode(), created.body());
    JsonNode unit = JSON.readTree(created.body());
    String id = unit.get("id").textValue();
    assertEquals("/api/v1/luns/" + id, created.headers().firstValue("Location").orElseThrow());
    assertEquals(DEMO, unit.get("target").textValue());
    assertEquals(16383, unit.get("lun").intValue());
    assertEquals("30000000000040aa", unit.get("naa").textValue());
    assertEquals("serial16383", unit.get("serial").textValue());
    assertEquals(40960, unit.get("size").longValue());
    assertEquals(4096, unit.get("blockSize").intValue());
    assertEquals("memory", unit.get("store").textValue());
    assertEquals("[\"gw2\",\"gw1\"]", unit.get("preferred").toString());
    assertEquals("gw1", unit.get("owner").textValue());
    assertEquals(1, unit.get("epoch").intValue());
    assertEquals("serving", unit.get("phase").textValue());
    assertEquals("created", unit.get("cause").textValue());
    assertEquals("[]", unit.get("evidence").toString());

    assertEquals(unit, ok(server.get("/luns/" + id)));
    assertEquals(unit, ok(server.get("/luns")).get(0));
    assertEquals(
        "[{\"lun\":16383,\"id\":\"" + id + "\"}]",
        ok(server.get("/targets/" + DEMO)).get("luns").toString());

    assertEquals(204, server.method("DELETE", "/luns/" + id).statusCode());
    assertEquals("[]", server.get("/luns").body());
    assertEquals(404, server.method("DELETE", "/luns/" + id).statusCode());
  }

  @Test
  void lunHasDefaults() throws Exception {
    createTarget(DEMO);
    HttpResponse<String> created =
        server.post(
            "/luns",
            "{\"target\":\""
                + DEMO
                + "\",\"lun\":0,\"size\":512,\"blockSize\":null,\"store\":null,"
                + "\"preferred\":null}");
    JsonNode unit = JSON.readTree(created.body());
    assertEquals(512, unit.get("blockSize").intValue());
    assertEquals("file", unit.get("store").textValue());
    assertEquals(List.of(), server.metadata().preferredOfLast());
  }

  @Test
  void creatingAnEqualLunAgainChangesNothing() throws Exception {
    createTarget(DEMO);
    String body = "{\"target\":\"" + DEMO + "\",\"lun\":3,\"size\":1024}";
    HttpResponse<String> first = server.post("/luns", body);
    HttpResponse<String> second = server.post("/luns", body);
    assertEquals(201, first.statusCode());
    assertEquals(200, second.statusCode());
    assertEquals(first.body(), second.body());
  }

  @Test
  void lunsAreListedByTargetAndNumberAndFiltered() throws Exception {
    String other = "iqn.2026-11.io.moongate:another";
    createTarget(DEMO);
    createTarget(other);
    String demo10 = createLun(DEMO, 10).id();
    String demo9 = createLun(DEMO, 9).id();
    String other9 = createLun(other, 9).id();
    server.post("/luns/" + demo9 + "/move", "{\"gateway\":\"gw2\"}");
    assertEquals(List.of(other9, demo9, demo10), ids("/luns"));
    assertEquals(List.of(demo9, demo10), ids("/luns?target=" + DEMO));
    assertEquals(List.of(other9, demo9), ids("/luns?lun=9"));
    assertEquals(List.of(demo9), ids("/luns?target=" + DEMO.replace(":", "%3A") + "&lun=9"));
    assertEquals(List.of(demo9), ids("/luns?owner=gw2"));
    assertEquals(List.of(), ids("/luns?target=iqn.2026-11.io.moongate:none"));
  }

  private static List<String> ids(String path) throws Exception {
    List<String> ids = new ArrayList<>();
    ok(server.get(path)).forEach(unit -> ids.add(unit.get("id").textValue()));
    return ids;
  }

  @Test
  void unmappedAndOwnerlessUnitIsShownWithItsEvidence() throws Exception {
    createTarget(DEMO);
    String id = createLun(DEMO, 0).id();
    server.metadata().orphan(id);
    JsonNode unit = ok(server.get("/luns/" + id));
    assertTrue(unit.get("owner").isNull());
    assertEquals("unowned", unit.get("phase").textValue());
    assertEquals("gw3 failed", unit.get("cause").textValue());
    JsonNode evidence = unit.get("evidence").get(0);
    assertEquals("gw2", evidence.get("observer").textValue());
    assertEquals("gw3", evidence.get("subject").textValue());
    assertEquals("process-gone", evidence.get("kind").textValue());
    assertEquals("2026-11-01T10:20:59Z", evidence.get("at").textValue());
    assertEquals("connection refused", evidence.get("detail").textValue());
    assertEquals("[\"gw2\"]", unit.get("refusedBy").toString());

    UnitEntry mapped = server.metadata().view().unit(id).orElseThrow();
    server
        .metadata()
        .apply(
            new UnitEntry(
                "00000000-unmapped",
                1,
                0x3fff_ffff_ffff_ffffL,
                "s",
                "file",
                512,
                512,
                List.of(),
                mapped.ownership(),
                false));
    JsonNode last = ok(server.get("/luns")).get(1);
    assertEquals("00000000-unmapped", last.get("id").textValue());
    assertTrue(last.get("target").isNull());
    assertTrue(last.get("lun").isNull());
    assertEquals("3fffffffffffffff", last.get("naa").textValue());
    assertEquals(204, server.method("DELETE", "/luns/00000000-unmapped").statusCode());
  }

  @Test
  void lunIsMoved() throws Exception {
    createTarget(DEMO);
    String id = createLun(DEMO, 5).id();
    JsonNode moved = ok(server.post("/luns/" + id + "/move", "{\"gateway\":\"gw2\"}"));
    assertEquals("gw2", moved.get("owner").textValue());
    assertEquals(2, moved.get("epoch").intValue());
    assertEquals(DEMO, moved.get("target").textValue());
    assertEquals(5, moved.get("lun").intValue());
    assertEquals(
        "moved through the API of gw1 by admin at 127.0.0.1", server.metadata().causeOfLastMove());
  }

  @Test
  void pathsAreListedOnceForEachPortal() throws Exception {
    createTarget(DEMO);
    createLun(DEMO, 1);
    String id = createLun(DEMO, 0).id();
    List<Path> paths = paths("/paths");
    assertEquals(
        List.of(
            "0 gw1 127.0.0.1:3260 1 active-optimized",
            "0 gw2 127.0.0.2:3260 2 active-non-optimized",
            "0 gw2 [::1]:3260 2 active-non-optimized",
            "0 gw3 127.0.0.3:3260 3 unavailable",
            "1 gw1 127.0.0.1:3260 1 active-optimized",
            "1 gw2 127.0.0.2:3260 2 active-non-optimized",
            "1 gw2 [::1]:3260 2 active-non-optimized",
            "1 gw3 127.0.0.3:3260 3 unavailable"),
        paths.stream()
            .map(
                path ->
                    path.lun()
                        + " "
                        + path.gateway()
                        + " "
                        + path.portal()
                        + " "
                        + path.tpg()
                        + " "
                        + path.state())
            .toList());
    Path first = paths.get(0);
    assertEquals(DEMO, first.target());
    assertEquals(id, first.id());
    assertEquals("gw1", first.owner());
    assertEquals(1, first.epoch());
    assertEquals(FakeMetadata.SINCE, first.since());
    assertEquals("created", first.cause());
  }

  @Test
  void pathsAreFiltered() throws Exception {
    String other = "iqn.2026-11.io.moongate:another";
    createTarget(DEMO);
    assertEquals(
        201,
        server
            .post("/targets", "{\"name\":\"" + other + "\",\"gateways\":[\"gw2\"]}")
            .statusCode());
    createLun(DEMO, 0);
    createLun(DEMO, 1);
    createLun(other, 0);
    assertEquals(2 + 4 + 4, paths("/paths").size());
    assertEquals(other, paths("/paths").get(0).target());
    assertEquals(8, paths("/paths?target=" + DEMO).size());
    assertEquals(4, paths("/paths?lun=1").size());
    assertEquals(2 + 2 + 2, paths("/paths?gateway=gw2").size());
    List<Path> one = paths("/paths?gateway=gw1&lun=1&target=" + DEMO);
    assertEquals(1, one.size());
    assertEquals(1, one.get(0).lun());
    assertEquals(List.of(), paths("/paths?gateway=none"));
  }

  @Test
  void pathsOfAnOwnerlessUnitHaveNoOwner() throws Exception {
    createTarget(DEMO);
    server.metadata().orphan(createLun(DEMO, 0).id());
    for (Path path : paths("/paths")) {
      assertNull(path.owner());
      assertFalse(path.state().equals("active-optimized"), path.toString());
    }
  }

  private static List<Path> paths(String path) throws Exception {
    return List.of(JSON.treeToValue(ok(server.get(path)), Path[].class));
  }

  @Test
  void sessionsAreSortedAndTheSilentAreNamed() throws Exception {
    JsonNode answer = ok(server.get("/sessions"));
    assertEquals("[\"gw3\"]", answer.get("silent").toString());
    List<String> order = new ArrayList<>();
    answer
        .get("sessions")
        .forEach(
            session ->
                order.add(
                    session.get("gateway").textValue()
                        + " "
                        + session.get("initiator").textValue()));
    assertEquals(
        List.of(
            "gw1 iqn.2026-11.example:a", "gw1 iqn.2026-11.example:b", "gw2 iqn.2026-11.example:b"),
        order);
    JsonNode second = answer.get("sessions").get(1);
    assertEquals("0x00023d000001", second.get("isid").textValue());
    assertEquals(1, second.get("tsih").intValue());
    assertEquals("iqn.t:x", second.get("target").textValue());
    assertEquals("127.0.0.1:3260", second.get("portal").textValue());
    assertEquals("127.0.0.1:50000", second.get("peer").textValue());
    assertEquals("2026-11-01T10:20:30Z", second.get("since").textValue());
    assertEquals(7, second.get("commandsInFlight").intValue());
    assertTrue(answer.get("sessions").get(2).get("target").isNull());
  }

  @Test
  void versionAndHealth() throws Exception {
    JsonNode version = ok(server.get("/version"));
    assertEquals("gw1", version.get("gateway").textValue());
    assertEquals(ManagementServer.version(), version.get("version").textValue());
    assertEquals(Runtime.version().toString(), version.get("java").textValue());
    JsonNode health = ok(server.get("/health"));
    assertEquals("up", health.get("status").textValue());
    assertEquals("gw1", health.get("gateway").textValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"gateways", "gateways/gw1", "targets", "luns", "paths", "sessions", "health"})
  void slashAtTheEndMeansNothing(String path) throws Exception {
    assertEquals(server.get("/" + path).body(), server.get("/" + path + "/").body());
    assertEquals(200, server.get("/" + path + "/").statusCode());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateways", "targets", "luns", "paths", "sessions", "version", "health"})
  void headAnswersAsGetWithoutTheBody(String path) throws Exception {
    HttpResponse<String> get = server.get("/" + path);
    HttpResponse<String> head = server.method("HEAD", "/" + path);
    assertEquals(200, head.statusCode());
    assertEquals("", head.body());
    assertEquals(
        get.headers().firstValue("Content-Length"), head.headers().firstValue("Content-Length"));
    assertEquals(
        get.headers().firstValue("Content-Type"), head.headers().firstValue("Content-Type"));
  }

  @Test
  void longListComesWholeAndInChunks() throws Exception {
    createTarget(DEMO);
    for (int lun = 0; lun < 1000; lun++) {
      server.metadata().createUnit(DEMO, lun, 512, 512, "file", List.of(), UnitAttributes.DEFAULT);
    }
    HttpResponse<String> response = server.get("/luns");
    assertEquals("chunked", response.headers().firstValue("Transfer-Encoding").orElseThrow());
    JsonNode units = ok(response);
    assertEquals(1000, units.size());
    for (int lun = 0; lun < 1000; lun++) {
      assertEquals(lun, units.get(lun).get("lun").intValue());
    }
    assertEquals(4000, ok(server.get("/paths")).size());
    assertEquals(200, server.method("HEAD", "/luns").statusCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*/*",
        "application/*",
        "application/json",
        "text/html, application/json;q=0.1",
        "text/html;q=0, */*;q=0.5"
      })
  void jsonIsGivenToWhoeverTakesIt(String accept) throws Exception {
    HttpResponse<String> response =
        server.send(server.request("/health").header("Accept", accept).GET().build());
    assertEquals(200, response.statusCode());
  }

  @Test
  void lunGrows() throws Exception {
    createTarget(DEMO);
    LogicalUnit unit = createLun(DEMO, 0);
    String path = "/luns/" + unit.id() + "/resize";
    JsonNode grown = ok(server.post(path, "{\"size\":2097152}"));
    assertEquals(2_097_152, grown.get("size").longValue());
    assertEquals(DEMO, grown.get("target").textValue());
    assertTrue(grown.path("growingTo").isNull() || grown.path("growingTo").isMissingNode());
    assertEquals(grown, ok(server.get("/luns/" + unit.id())));
    assertEquals(200, server.post(path, "{\"size\":2097152}").statusCode());
    assertEquals(409, server.post(path, "{\"size\":1048576}").statusCode());
    assertEquals(400, server.post(path, "{\"size\":0}").statusCode());
    assertEquals(400, server.post(path, "{}").statusCode());
    assertEquals(404, server.post("/luns/nobody/resize", "{\"size\":2097152}").statusCode());
    UnitEntry entry = server.metadata().view().unit(unit.id()).orElseThrow();
    server.metadata().apply(FakeMetadata.sized(entry, entry.size(), 4_194_304));
    assertEquals(4_194_304, ok(server.get("/luns/" + unit.id())).get("growingTo").longValue());
  }

  @Test
  void lunIsOfTheKindThatWasAskedFor() throws Exception {
    createTarget(DEMO);
    String body =
        """
        {"target":"%s","lun":%d,"size":1048576,"removable":true,"readOnly":true,
         "provisioning":"full","physicalBlockSize":8192}\
        """;
    HttpResponse<String> created = server.post("/luns", body.formatted(DEMO, 0));
    assertEquals(201, created.statusCode(), created.body());
    JsonNode unit = JSON.readTree(created.body());
    assertTrue(unit.get("removable").booleanValue());
    assertFalse(unit.get("ejected").booleanValue());
    assertEquals(0, unit.get("removalPrevented").intValue());
    assertTrue(unit.get("readOnly").booleanValue());
    assertEquals("full", unit.get("provisioning").textValue());
    assertEquals(8192, unit.get("physicalBlockSize").intValue());
    assertEquals(200, server.post("/luns", body.formatted(DEMO, 0)).statusCode());

    JsonNode plain = ok(server.get("/luns/" + createLun(DEMO, 1).id()));
    assertFalse(plain.get("removable").booleanValue());
    assertFalse(plain.get("readOnly").booleanValue());
    assertEquals("thin", plain.get("provisioning").textValue());
    assertEquals(4096, plain.get("physicalBlockSize").intValue());
  }

  @Test
  void lunOfAVolumeThatIsThereHasItsNames() throws Exception {
    createTarget(DEMO);
    HttpResponse<String> created =
        server.post(
            "/luns",
            """
            {"target":"%s","lun":0,"volume":"disk_1","serial":"a1b2c3d4",
             "naa":"6001405a1b2c3d4e5f60718293a4b5c6"}\
            """
                .formatted(DEMO));
    assertEquals(201, created.statusCode(), created.body());
    JsonNode unit = JSON.readTree(created.body());
    assertEquals("disk_1", unit.get("volume").textValue());
    assertTrue(unit.get("imported").booleanValue());
    assertEquals("6001405a1b2c3d4e5f60718293a4b5c6", unit.get("naa").textValue());
    UnitAttributes.Imported imported =
        server.metadata().view().units().get(0).attributes().imported().orElseThrow();
    assertEquals(Optional.of("a1b2c3d4"), imported.serial());

    JsonNode plain = ok(server.get("/luns/" + createLun(DEMO, 1).id()));
    assertFalse(plain.get("imported").booleanValue());
    assertEquals(plain.get("id"), plain.get("volume"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"naa\":\"3001405a1b2c3d4e\",\"volume\":\"a\"",
        "\"naa\":\"6001405A1B2C3D4E5F60718293A4B5C6\",\"volume\":\"a\"",
        "\"serial\":\"with a space\",\"volume\":\"a\"",
        "\"volume\":\"../a\"",
        "\"volume\":\"pool/a/b\"",
        "\"volume\":\"\"",
        "\"removable\":1",
        "\"readOnly\":\"yes\"",
        "\"provisioning\":\"thick\"",
        "\"provisioning\":true",
        "\"physicalBlockSize\":256",
        "\"physicalBlockSize\":3000",
        "\"physicalBlockSize\":131072"
      })
  void aKindThatThereIsNotIsRefusedByItsField(String field) throws Exception {
    createTarget(DEMO);
    HttpResponse<String> refused =
        server.post(
            "/luns", "{\"target\":\"%s\",\"lun\":0,\"size\":1048576,%s}".formatted(DEMO, field));
    assertEquals(400, refused.statusCode(), refused.body());
    String name = field.substring(1, field.indexOf('"', 1));
    assertEquals(name, JSON.readTree(refused.body()).get("field").textValue());
  }

  @Test
  void targetOptsInToExplicitAluaAndOut() throws Exception {
    createTarget(DEMO);
    String path = "/targets/" + DEMO + "/explicit-alua";
    assertFalse(ok(server.get("/targets/" + DEMO)).get("explicitAlua").booleanValue());
    JsonNode set = ok(server.put(path, "{\"explicitAlua\":true}"));
    assertTrue(set.get("explicitAlua").booleanValue());
    assertEquals(set, ok(server.get("/targets/" + DEMO)));
    assertFalse(
        ok(server.put(path, "{\"explicitAlua\":false}")).get("explicitAlua").booleanValue());
    assertEquals(400, server.put(path, "{}").statusCode());
    assertEquals(400, server.put(path, "{\"explicitAlua\":\"on\"}").statusCode());
    assertEquals(405, server.post(path, "{\"explicitAlua\":true}").statusCode());
    assertEquals(
        404, server.put("/targets/iqn.x:y/explicit-alua", "{\"explicitAlua\":true}").statusCode());
    JsonNode other =
        JSON.readTree(
            server
                .post(
                    "/targets",
                    "{\"name\":\"iqn.2026-11.io.moongate:explicit\",\"explicitAlua\":true}")
                .body());
    assertTrue(other.get("explicitAlua").booleanValue());
  }

  @Test
  void lunIsMadeReadOnlyAndWritableAgain() throws Exception {
    createTarget(DEMO);
    LogicalUnit unit = createLun(DEMO, 0);
    String path = "/luns/" + unit.id() + "/read-only";
    JsonNode set = ok(server.put(path, "{\"readOnly\":true}"));
    assertTrue(set.get("readOnly").booleanValue());
    assertEquals(DEMO, set.get("target").textValue());
    assertEquals(set, ok(server.get("/luns/" + unit.id())));
    assertFalse(ok(server.put(path, "{\"readOnly\":false}")).get("readOnly").booleanValue());
    assertEquals(400, server.put(path, "{}").statusCode());
    assertEquals(400, server.put(path, "{\"readOnly\":\"on\"}").statusCode());
    assertEquals(400, server.put(path, "{\"readOnly\":true,\"force\":true}").statusCode());
    assertEquals(404, server.put("/luns/nobody/read-only", "{\"readOnly\":true}").statusCode());
  }

  @Test
  void lunIsMappedInSeveralTargetsAndUnmapped() throws Exception {
    String other = "iqn.2026-11.io.moongate:other";
    createTarget(DEMO);
    createTarget(other);
    LogicalUnit unit = createLun(DEMO, 0);
    String place = "/targets/" + other + "/luns/16383";
    String body = "{\"id\":\"" + unit.id() + "\"}";
    HttpResponse<String> mapped = server.put(place, body);
    assertEquals(201, mapped.statusCode(), mapped.body());
    JsonNode target = JSON.readTree(mapped.body());
    assertEquals(16_383, target.get("luns").get(0).get("lun").intValue());
    assertEquals(unit.id(), target.get("luns").get(0).get("id").textValue());
    assertEquals(200, server.put(place, body).statusCode());

    JsonNode shown = ok(server.get("/luns/" + unit.id()));
    assertEquals(DEMO, shown.get("target").textValue());
    assertEquals(2, shown.get("mappings").size());
    assertEquals(other, shown.get("mappings").get(1).get("target").textValue());
    assertEquals(2, ok(server.get("/luns")).size(), "each place is a LUN");
    JsonNode there = ok(server.get("/luns?target=" + other + "&lun=16383"));
    assertEquals(1, there.size());
    assertEquals(other, there.get(0).get("target").textValue());
    assertEquals(unit.id(), there.get(0).get("id").textValue());
    assertEquals(0, ok(server.get("/luns?target=" + other + "&lun=0")).size());

    LogicalUnit another = createLun(DEMO, 1);
    String conflict = "{\"id\":\"" + another.id() + "\"}";
    assertEquals(409, server.put(place, conflict).statusCode());
    assertEquals(404, server.put(place, "{\"id\":\"nobody\"}").statusCode());
    assertEquals(404, server.put("/targets/iqn.x:y/luns/0", body).statusCode());
    assertEquals(400, server.put("/targets/" + other + "/luns/16384", body).statusCode());
    assertEquals(400, server.put(place, "{}").statusCode());

    assertEquals(204, server.method("DELETE", place).statusCode());
    assertEquals(404, server.method("DELETE", place).statusCode());
    assertEquals(1, ok(server.get("/luns/" + unit.id())).get("mappings").size());
  }

  @Test
  void lunInUseIsDeletedByForceOnly() throws Exception {
    createTarget(FakeMetadata.IN_USE);
    LogicalUnit unit = createLun(FakeMetadata.IN_USE, 0);
    assertEquals(409, server.method("DELETE", "/luns/" + unit.id()).statusCode());
    assertEquals(400, server.method("DELETE", "/luns/" + unit.id() + "?force=yes").statusCode());
    assertEquals(200, server.get("/luns/" + unit.id()).statusCode());
    assertEquals(204, server.method("DELETE", "/luns/" + unit.id() + "?force=true").statusCode());
    assertEquals(404, server.get("/luns/" + unit.id()).statusCode());
  }
}
