package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Problem;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parts of lists, and what is left out of them, over real HTTP. */
class PagingTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final String TARGET = "iqn.2026-11.io.moongate:t";
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
  void create() throws Exception {
    server.metadata().reset();
    for (int target = 0; target < 2; target++) {
      assertEquals(
          201, server.post("/targets", "{\"name\":\"" + TARGET + target + "\"}").statusCode());
      for (int lun : new int[] {0, 2, 10}) {
        createLun(target, lun, lun == 10 ? "memory" : "file");
      }
    }
  }

  private static void createLun(int target, int lun, String store) throws Exception {
    String body =
        "{\"target\":\"%s%d\",\"lun\":%d,\"size\":1048576,\"store\":\"%s\"}"
            .formatted(TARGET, target, lun, store);
    assertEquals(201, server.post("/luns", body).statusCode());
  }

  private static JsonNode ok(String path) throws Exception {
    HttpResponse<String> response = server.get(path);
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body());
  }

  /** All elements, asked for by parts. */
  private static List<JsonNode> walk(String path, int limit) throws Exception {
    List<JsonNode> all = new ArrayList<>();
    String query = path + (path.contains("?") ? "&" : "?") + "limit=" + limit;
    JsonNode page = ok(query);
    while (true) {
      assertTrue(page.get("items").size() <= limit);
      page.get("items").forEach(all::add);
      if (page.get("next").isNull()) {
        return all;
      }
      page = ok(query + "&cursor=" + page.get("next").textValue());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/gateways",
        "/targets",
        "/luns",
        "/paths",
        "/operations",
        "/luns?target=" + TARGET + "1",
        "/paths?gateway=gw2"
      })
  void partsTogetherAreTheWhole(String path) throws Exception {
    JsonNode whole = ok(path);
    assertTrue(whole.isArray());
    for (int limit : new int[] {1, 2, 5, 1000}) {
      List<JsonNode> parts = walk(path, limit);
      assertEquals(whole, JSON.valueToTree(parts), path + " by " + limit);
    }
  }

  @Test
  void whatStaysIsSeenOnceWhateverComesAndGoes() throws Exception {
    List<String> before = new ArrayList<>();
    ok("/luns").forEach(unit -> before.add(unit.get("id").textValue()));
    JsonNode first = ok("/luns?limit=3");
    List<String> seen = new ArrayList<>();
    first.get("items").forEach(unit -> seen.add(unit.get("id").textValue()));
    // The last of the part goes, one comes before it and one behind it.
    assertEquals(204, server.method("DELETE", "/luns/" + seen.get(2)).statusCode());
    createLun(0, 1, "file");
    createLun(1, 1, "file");
    JsonNode rest = ok("/luns?limit=1000&cursor=" + first.get("next").textValue());
    rest.get("items").forEach(unit -> seen.add(unit.get("id").textValue()));
    assertEquals(seen.size(), new HashSet<>(seen).size());
    assertTrue(seen.containsAll(before));
    assertEquals(7, seen.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"limit=0", "limit=1001", "limit=x", "limit=", "cursor=", "cursor=%25"})
  void whatCanNotBeIsRefused(String query) throws Exception {
    HttpResponse<String> refused = server.get("/luns?" + query);
    assertEquals(400, refused.statusCode(), refused.body());
    assertEquals(
        query.substring(0, query.indexOf('=')),
        JSON.readValue(refused.body(), Problem.class).field());
  }

  @Test
  void listsAreFiltered() throws Exception {
    JsonNode unit = ok("/luns").get(0);
    assertEquals(2, ok("/luns?store=memory").size());
    assertEquals(1, ok("/luns?store=memory&target=" + TARGET + "0").size());
    assertEquals(2, ok("/luns?serial=" + unit.get("serial").textValue()).size());
    assertEquals(2, ok("/luns?naa=" + unit.get("naa").textValue()).size());
    assertEquals(1, ok("/luns?volume=" + unit.get("volume").textValue()).size());
    assertEquals(6, ok("/luns?phase=serving").size());
    assertEquals(0, ok("/luns?phase=unowned").size());
    assertEquals(2, ok("/gateways?state=up").size());
    assertEquals(1, ok("/gateways?state=failed").size());
    assertEquals(3, ok("/gateways?service=in-service").size());
    assertEquals(2, ok("/targets?gateway=gw2").size());
    assertEquals(0, ok("/targets?gateway=gw9").size());
    assertEquals(6, ok("/paths?state=active-optimized").size());
    assertEquals(6, ok("/paths?state=unavailable").size());
    assertEquals(4, ok("/paths?id=" + unit.get("id").textValue()).size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/luns?phase=asleep",
        "/gateways?state=removed",
        "/paths?state=ao",
        "/operations?kind=dance",
        "/targets?name=x",
        "/luns?limit=1&limit=2"
      })
  void filtersThatNobodyKnowsAreRefused(String path) throws Exception {
    assertEquals(400, server.get(path).statusCode());
  }
}
