package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.audit.RecordedPast;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was, by HTTP. */
class AuditRoutesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

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

  private static JsonNode ok(String path) throws Exception {
    HttpResponse<String> response = server.get(path);
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body());
  }

  @Test
  void theViewOfAnInstantHasTheResourcesOfThen() throws Exception {
    JsonNode view = ok("/view?at=" + RecordedPast.BEGIN.plusSeconds(7));
    assertEquals(RecordedPast.BEGIN.plusSeconds(7).toString(), view.get("at").textValue());
    assertEquals(RecordedPast.TARGET, view.get("targets").get(0).get("name").textValue());
    JsonNode lun = view.get("luns").get(0);
    assertEquals(RecordedPast.UNIT, lun.get("id").textValue());
    assertEquals(4, lun.get("lun").intValue());
    assertEquals(7, lun.get("epoch").intValue());
    assertEquals("gw2", lun.get("owner").textValue());
    assertTrue(view.get("gateways").isArray());
    assertTrue(view.get("paths").isArray());
    JsonNode before = ok("/view?at=" + RecordedPast.BEGIN.minusSeconds(1));
    assertEquals(0, before.get("luns").size());
  }

  @Test
  void theViewOfNowIsThePresentOne() throws Exception {
    JsonNode view = ok("/view");
    assertEquals(3, view.get("gateways").size());
    assertEquals(ok("/gateways"), view.get("gateways"));
    assertEquals(view.get("gateways"), ok("/view/").get("gateways"));
  }

  @Test
  void whatIsDifferentIsSaidFieldByField() throws Exception {
    JsonNode diff =
        ok("/view/diff?from=" + RecordedPast.BEGIN + "&to=" + RecordedPast.BEGIN.plusSeconds(2));
    boolean mapped = false;
    boolean owner = false;
    for (JsonNode change : diff.get("changes")) {
      mapped |=
          change.get("entity").textValue().equals("target")
              && change.get("field").textValue().equals("luns");
      owner |=
          change.get("field").textValue().equals("owner")
              && change.get("before").isNull()
              && change.get("after").textValue().equals("gw3");
    }
    assertTrue(mapped && owner, diff::toString);
    String same = RecordedPast.BEGIN.plusSeconds(2).toString();
    assertEquals(0, ok("/view/diff?from=" + same + "&to=" + same).get("changes").size());
  }

  @Test
  void eventsComeInPages() throws Exception {
    JsonNode first = ok("/events?lun=" + RecordedPast.UNIT + "&limit=20");
    assertEquals(20, first.get("items").size());
    assertEquals(31, first.get("items").get(0).get("version").intValue());
    JsonNode second =
        ok(
            "/events?lun="
                + RecordedPast.UNIT
                + "&limit=20&cursor="
                + first.get("next").textValue());
    assertEquals(11, second.get("items").size());
    assertTrue(second.get("next").isNull());
    assertEquals(33, ok("/events?limit=1000").get("items").size());
    assertEquals(3, ok("/events?actor=ada&order=asc").get("items").size());
    assertEquals(2, ok("/events?type=created").get("items").size());
  }

  @ParameterizedTest
  @CsvSource({
    "/view?at=yesterday, at",
    "/view?when=now, when",
    "/view/diff?from=2026-11-22T03:12:00Z, to",
    "/events?limit=0, limit",
    "/events?limit=1001, limit",
    "/events?order=up, order",
    "/events?type=no-such, type",
    "/events?cursor=abc, cursor",
    "/events?lun=a&target=b, target",
    "/events?from=1, from"
  })
  void whatCantBeMeantIsRefusedByItsName(String path, String field) throws Exception {
    HttpResponse<String> response = server.get(path);
    assertEquals(400, response.statusCode(), response.body());
    assertEquals(field, JSON.readTree(response.body()).get("field").textValue());
  }

  @Test
  void withoutCassandraNothingIsSaidOfThePast() throws Exception {
    past.away(true);
    try {
      for (String path :
          new String[] {"/events", "/view?at=" + RecordedPast.BEGIN, "/events?lun=x"}) {
        HttpResponse<String> response = server.get(path);
        assertEquals(503, response.statusCode(), response.body());
        assertTrue(response.body().contains("Cassandra"), response.body());
      }
      assertEquals(3, ok("/view").get("gateways").size());
    } finally {
      past.away(false);
    }
  }

  /** An answer that leaves something out would be worse than none. */
  @Test
  void aDamagedHistoryIsNotAnsweredFrom() throws Exception {
    try (RecordedPast damaged = new RecordedPast()) {
      damaged.damage();
      TestServer other = TestServer.start(damaged.log());
      try {
        HttpResponse<String> response = other.get("/view?at=" + RecordedPast.BEGIN.plusSeconds(20));
        assertEquals(500, response.statusCode());
        assertTrue(response.body().contains("audit verify"), response.body());
        assertFalse(response.body().contains("\"luns\""), response.body());
      } finally {
        other.close();
      }
    }
  }
}
