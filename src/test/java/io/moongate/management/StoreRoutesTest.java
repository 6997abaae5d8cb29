package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.VolumeStores.StoredVolume;
import io.moongate.management.api.ApiJson;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What lies below the units, over real HTTP. */
class StoreRoutesTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
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
    return JSON.readTree(response.body());
  }

  @Test
  void storesAreListedWithTheirSpace() throws Exception {
    assertEquals(
        JSON.readTree(
            """
            [{"kind":"file","state":"well","available":5368709120,"warnings":[]},
             {"kind":"memory","state":"unknown","available":null,"warnings":[]},
             {"kind":"rbd","state":"near-full","available":536870912,"warnings":["see to it"]}]
            """),
        ok(server.get("/stores/")));
    assertEquals(400, server.get("/stores?kind=rbd").statusCode());
    assertEquals(405, server.post("/stores", "{}").statusCode());
  }

  private static StoredVolume volume(String name, Optional<String> unit, Optional<String> why) {
    return new StoredVolume(name, OptionalLong.of(1 << 20), OptionalInt.of(512), unit, why);
  }

  @Test
  void volumesAreListedWithWhoseTheyAreAPageAtATime() throws Exception {
    server.post("/targets", "{\"name\":\"iqn.2026-11.io.moongate:demo\"}");
    String unit =
        JSON.readTree(
                server
                    .post(
                        "/luns",
                        "{\"target\":\"iqn.2026-11.io.moongate:demo\",\"lun\":0,\"size\":1048576}")
                    .body())
            .get("id")
            .textValue();
    server.metadata().stores.volumes =
        List.of(
            volume("p/a", Optional.empty(), Optional.empty()),
            volume("p/b", Optional.empty(), Optional.of("it is open")),
            volume("p/c", Optional.of(unit), Optional.empty()),
            volume("p/d", Optional.of("gone"), Optional.empty()),
            new StoredVolume(
                "p/e",
                OptionalLong.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.of("damaged")));
    JsonNode all = ok(server.get("/volumes?store=rbd"));
    assertEquals(
        JSON.readTree(
            """
            {"name":"p/a","size":1048576,"blockSize":512,"unit":null,"adoptable":true,
             "obstacle":null}
            """),
        all.get(0));
    assertEquals("it is open", all.get(1).get("obstacle").textValue());
    assertEquals(unit, all.get(2).get("unit").textValue());
    assertFalse(all.get(2).get("adoptable").booleanValue());
    assertTrue(all.get(3).get("obstacle").textValue().contains("not in this cluster"));
    assertTrue(all.get(4).get("size").isNull());
    JsonNode page = ok(server.get("/volumes?store=rbd&after=p/b&limit=2"));
    assertEquals(2, page.size());
    assertEquals("p/c", page.get(0).get("name").textValue());
    assertEquals(0, ok(server.get("/volumes?store=rbd&after=p/e")).size());
  }

  @Test
  void aMistakeNamesTheParameter() throws Exception {
    for (String wrong :
        List.of(
            "", "?store=tape", "?store=rbd&limit=0", "?store=rbd&limit=1001", "?store=rbd&x=1")) {
      HttpResponse<String> answer = server.get("/volumes" + wrong);
      assertEquals(400, answer.statusCode(), wrong + " " + answer.body());
    }
  }
}
