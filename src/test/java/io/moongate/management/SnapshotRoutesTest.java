package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.management.api.ApiJson;
import io.moongate.scsi.shared.Rollback;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Snapshots and clones, over real HTTP. */
class SnapshotRoutesTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final String TARGET = "iqn.2026-11.io.moongate:demo";
  private static TestServer server;
  private String id;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void makeUnit() throws Exception {
    server.metadata().reset();
    answered(201, server.post("/targets", "{\"name\":\"" + TARGET + "\"}"));
    id =
        answered(
                201,
                server.post(
                    "/luns",
                    "{\"target\":\"%s\",\"lun\":0,\"size\":1048576,\"blockSize\":4096}"
                        .formatted(TARGET)))
            .get("id")
            .textValue();
  }

  private static JsonNode answered(int status, HttpResponse<String> response) throws Exception {
    assertEquals(status, response.statusCode(), response.body());
    return JSON.readTree(response.body());
  }

  private String snapshots() {
    return "/luns/" + id + "/snapshots";
  }

  @Test
  void snapshotsAreMadeListedAndDeleted() throws Exception {
    HttpResponse<String> made = server.post(snapshots(), "{\"name\":\"daily.1\"}");
    JsonNode snapshot = answered(201, made);
    assertEquals(
        "/api/v1" + snapshots() + "/daily.1", made.headers().firstValue("Location").orElseThrow());
    assertEquals("daily.1", snapshot.get("name").textValue());
    assertEquals(1 << 20, snapshot.get("size").longValue());
    assertEquals("2026-11-01T10:20:30Z", snapshot.get("createdAt").textValue());
    assertEquals(0, snapshot.get("clones").intValue());
    assertEquals(snapshot, answered(200, server.post(snapshots(), "{\"name\":\"daily.1\"}")));
    assertEquals(snapshot, answered(200, server.get(snapshots() + "/daily.1")));
    assertEquals("[" + snapshot + "]", answered(200, server.get(snapshots())).toString());
    assertTrue(
        server.metadata().snapshots.causes().get(0).matches("snapshot asked for .* of gw1 by .*"));

    assertEquals(204, server.method("DELETE", snapshots() + "/daily.1").statusCode());
    assertEquals(204, server.method("DELETE", snapshots() + "/daily.1").statusCode(), "again");
    assertEquals("[]", server.get(snapshots()).body());
    assertEquals("name", answered(404, server.get(snapshots() + "/daily.1")).get("field").asText());
  }

  @Test
  void whatCannotBeRightIsRefused() throws Exception {
    for (String name : new String[] {".a", "-a", "a b", "a/b", "a".repeat(65)}) {
      JsonNode problem = answered(400, server.post(snapshots(), "{\"name\":\"" + name + "\"}"));
      assertEquals("name", problem.get("field").textValue());
    }
    answered(400, server.post(snapshots(), "{}"));
    answered(400, server.post(snapshots(), "{\"name\":\"a\",\"size\":1}"));
    answered(404, server.get("/luns/nothing/snapshots"));
    answered(404, server.post("/luns/nothing/snapshots", "{\"name\":\"a\"}"));
    answered(404, server.method("DELETE", "/luns/nothing/snapshots/a"));
    assertEquals(405, server.put(snapshots(), "{}").statusCode());
  }

  @Test
  void whatTheClusterRefusesIsSaid() throws Exception {
    server.metadata().snapshots.put(id, new Snapshot("used", 1, FakeMetadata.SINCE, 2, false));
    answered(409, server.method("DELETE", snapshots() + "/used"));
    server.metadata().snapshots.refuse(Kind.CONFLICT, "this kind of store has no snapshots");
    assertTrue(
        answered(409, server.get(snapshots())).get("detail").textValue().contains("no snapshots"));
    server.metadata().snapshots.refuse(Kind.UNAVAILABLE, "nobody serves the unit just now");
    answered(503, server.post(snapshots(), "{\"name\":\"a\"}"));
  }

  @Test
  void aCloneIsAskedForByItsSource() throws Exception {
    String clone =
        "{\"target\":\"%s\",\"lun\":1,\"source\":{\"lun\":\"%s\",\"snapshot\":\"s\"}}"
            .formatted(TARGET, id);
    JsonNode made = answered(201, server.post("/luns", clone));
    assertEquals(id, made.get("clonedFrom").get("lun").textValue());
    assertEquals("s", made.get("clonedFrom").get("snapshot").textValue());
    assertEquals(4096, made.get("blockSize").intValue(), "that of the source");
    assertEquals(
        Optional.of("s"),
        server
            .metadata()
            .view()
            .unit(made.get("id").textValue())
            .flatMap(unit -> unit.attributes().clonedFrom())
            .map(from -> from.snapshot()));
    answered(200, server.post("/luns", clone));
    for (String field :
        new String[] {
          "\"size\":4096", "\"volume\":\"v\"", "\"naa\":\"5000\"", "\"serial\":\"s\""
        }) {
      String wrong = clone.replace("\"lun\":1,", "\"lun\":2," + field + ",");
      assertEquals(
          field.substring(1, field.indexOf('"', 1)),
          answered(400, server.post("/luns", wrong)).get("field").textValue());
    }
    assertEquals(
        "source.lun",
        answered(400, server.post("/luns", clone.replace(id, "nothing"))).get("field").textValue());
  }

  private static UnitEntry rolled(String unitId, String name, boolean goesOn) {
    UnitEntry unit = server.metadata().view().unit(unitId).orElseThrow();
    Rollback begun = Rollback.begun(name, "r1");
    return unit.nextRollback(goesOn ? begun : begun.ended(""), "x");
  }

  @Test
  void aRollbackHasToBeConfirmed() throws Exception {
    String path = snapshots() + "/daily/rollback";
    for (String body : new String[] {"{}", "{\"confirm\":false}"}) {
      JsonNode problem = answered(400, server.post(path, body));
      assertEquals("confirm", problem.get("field").textValue());
    }
    assertEquals(List.of(), server.metadata().snapshots.causes());
    server.metadata().snapshots.answerRollbacks((unit, name) -> rolled(unit, name, false));
    JsonNode done = answered(200, server.post(path, "{\"confirm\":true}"));
    assertTrue(done.get("rollingBackTo").isNull());
    server.metadata().snapshots.answerRollbacks((unit, name) -> rolled(unit, name, true));
    JsonNode going = answered(202, server.post(path, "{\"confirm\":true}"));
    assertEquals("daily", going.get("rollingBackTo").textValue());
    server.metadata().snapshots.refuse(Kind.CONFLICT, "1 sessions are logged in");
    answered(409, server.post(path, "{\"confirm\":true}"));
    answered(409, server.post(path, "{\"confirm\":true,\"id\":\"mine\"}"));
    List<String> ids = server.metadata().snapshots.ids();
    assertEquals(4, ids.size());
    assertEquals("mine", ids.get(3));
    assertEquals(4, Set.copyOf(ids).size(), "another each time, unless it is named");
    assertEquals(
        "id",
        answered(400, server.post(path, "{\"confirm\":true,\"id\":\"a b\"}"))
            .get("field")
            .textValue());
    assertEquals(405, server.get(path).statusCode());
  }
}
