package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.LogicalUnit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The stream of changes, over real HTTP. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChangesTest {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final String DEMO = "iqn.2026-11.io.moongate:demo";
  private static final int BOUND_MILLIS = 30_000;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private record Event(String kind, String id, JsonNode data) {}

  /** A client that reads events off the bytes, as chunks bring them. */
  private final class Client implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader lines;
    final List<String> head = new ArrayList<>();
    int comments;

    Client(String... headers) throws IOException {
      socket = new Socket(server.base().getHost(), server.base().getPort());
      socket.setSoTimeout(BOUND_MILLIS);
      String request =
          "GET /api/v1/changes HTTP/1.1\r\nHost: localhost\r\n"
              + TestServer.AUTHORIZATION
              + String.join("", List.of(headers).stream().map(each -> each + "\r\n").toList())
              + "\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null && !line.isEmpty(); ) {
        head.add(line);
        line = lines.readLine();
      }
    }

    /** The next event; null when the stream has ended. */
    Event next() throws IOException {
      String kind = null;
      String id = null;
      while (true) {
        String line = lines.readLine();
        if (line == null || line.equals("0")) {
          return null;
        } else if (line.startsWith("event: ")) {
          kind = line.substring(7);
        } else if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          assertNotNull(kind);
          return new Event(kind, id, JSON.readTree(line.substring(6)));
        } else if (line.startsWith(":")) {
          comments++;
        }
      }
    }

    /** Whether nothing follows, in good order or because the connection was reset. */
    boolean hasEnded() throws IOException {
      try {
        return next() == null;
      } catch (SocketException reset) {
        return true;
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private LogicalUnit createLun(int lun) throws Exception {
    server.post("/targets", "{\"name\":\"" + DEMO + "\"}");
    return JSON.readValue(
        server
            .post("/luns", "{\"target\":\"%s\",\"lun\":%d,\"size\":1048576}".formatted(DEMO, lun))
            .body(),
        LogicalUnit.class);
  }

  @Test
  void everyChangeIsToldAsItIsRead() throws Exception {
    createLun(0);
    try (Client client = new Client()) {
      assertTrue(client.head.get(0).contains(" 200 "), client.head.toString());
      assertTrue(client.head.contains("Content-Type: text/event-stream"), client.head.toString());
      Event hello = client.next();
      assertEquals("hello", hello.kind());
      assertEquals("gw1", hello.data().get("gateway").textValue());
      assertEquals(
          server.metadata().changes().last(), hello.data().get("view-version").longValue());

      LogicalUnit unit = createLun(1);
      Event lun = client.next();
      assertEquals("lun", lun.kind());
      assertEquals(unit.id(), lun.data().get("lun").get("id").textValue());
      Event target = client.next();
      assertEquals("target", target.kind());
      assertEquals(JSON.readTree(server.get("/targets/" + DEMO).body()), target.data());

      assertEquals(
          200, server.post("/luns/" + unit.id() + "/move", "{\"gateway\":\"gw2\"}").statusCode());
      Event moved = client.next();
      assertEquals("lun", moved.kind());
      assertEquals(JSON.readTree(server.get("/luns/" + unit.id()).body()), moved.data().get("lun"));
      assertEquals(
          JSON.readTree(server.get("/paths?id=" + unit.id()).body()), moved.data().get("paths"));

      assertEquals(204, server.method("DELETE", "/luns/" + unit.id()).statusCode());
      assertEquals("target", client.next().kind());
      Event removed = client.next();
      assertEquals("removed", removed.kind());
      assertEquals("{\"kind\":\"lun\",\"id\":\"" + unit.id() + "\"}", removed.data().toString());
    }
  }

  @Test
  void operationsBeginAndEnd() throws Exception {
    LogicalUnit unit = createLun(0);
    try (Client client = new Client()) {
      client.next();
      server.metadata().releasing(unit.id(), "gw2");
      assertEquals("releasing", client.next().data().get("lun").get("phase").textValue());
      Event begun = client.next();
      assertEquals("operation", begun.kind());
      assertEquals("move", begun.data().get("kind").textValue());
      assertEquals(JSON.readTree(server.get("/operations/unit-" + unit.id()).body()), begun.data());
      server.method("DELETE", "/operations/unit-" + unit.id());
      assertEquals("lun", client.next().kind());
      assertEquals("operation", client.next().data().get("kind").textValue());

      server.post("/gateways/gw2/drain", "{\"cause\":\"cables\"}");
      Event gateway = client.next();
      assertEquals("gateway", gateway.kind());
      assertEquals(JSON.readTree(server.get("/gateways/gw2").body()), gateway.data());
      assertEquals("drain-gw2", client.next().data().get("id").textValue());
      server.post("/gateways/gw2/undrain", "{}");
      assertEquals("gateway", client.next().kind());
      assertEquals("drain-gw2", client.next().data().get("id").textValue());

      server.method("DELETE", "/gateways/gw3");
      Event removed = client.next();
      assertEquals("removed", removed.kind());
      assertEquals("gw3", removed.data().get("id").textValue());
      assertFalse(server.get("/gateways").body().contains("gw3"));
    }
  }

  @Test
  void whoWasAwayGoesOnWhereItWas() throws Exception {
    String last;
    try (Client client = new Client()) {
      client.next();
      createLun(0);
      last = client.next().id();
    }
    try (Client client = new Client("Last-Event-ID: " + last)) {
      Event hello = client.next();
      assertEquals("hello", hello.kind());
      assertEquals(last, hello.id());
      assertEquals("lun", client.next().kind());
      assertEquals("target", client.next().kind());
    }
  }

  @Test
  void whoWasAwayForTooLongReadsAnew() throws Exception {
    String last;
    try (Client client = new Client()) {
      last = client.next().id();
    }
    for (int change = 0; change <= FakeMetadata.CHANGES_KEPT / 2; change++) {
      server.post("/gateways/gw2/drain", "{}");
      server.post("/gateways/gw2/undrain", "{}");
    }
    for (String id : List.of(last, "00000000-1", last + "99", "nonsense")) {
      try (Client client = new Client("Last-Event-ID: " + id)) {
        assertEquals("hello", client.next().kind(), id);
        Event reset = client.next();
        assertEquals("reset", reset.kind(), id);
        assertEquals(
            server.metadata().changes().last(), reset.data().get("view-version").longValue());
      }
    }
  }

  @Test
  void whoDoesNotReadIsDropped() throws Exception {
    LogicalUnit unit = createLun(0);
    int changes = 3_000;
    try (Client client = new Client()) {
      client.next();
      // More than sockets hold, with the reader asleep: each is of some kilobytes.
      String cause = "x".repeat(1_900);
      for (int change = 0; change < changes; change++) {
        server.metadata().moveUnit(unit.id(), change % 2 == 0 ? "gw2" : "gw1", cause);
        if (change % 20 == 0) {
          Thread.sleep(1);
        }
      }
      int seen = 0;
      try {
        while (client.next() != null) {
          seen++;
        }
      } catch (IOException reset) {
        assertNotNull(reset.getMessage());
      }
      assertTrue(seen < changes, seen + " events were kept for it");
    }
    try (Client another = new Client()) {
      assertEquals("hello", another.next().kind());
    }
  }

  @Test
  void streamsAreBounded() throws Exception {
    List<Client> clients = new ArrayList<>();
    try {
      for (int number = 0; number < ChangeStreams.MOST_OF_USER; number++) {
        Client client = new Client();
        assertEquals("hello", client.next().kind());
        clients.add(client);
      }
      try (Client refused = new Client()) {
        assertTrue(refused.head.get(0).contains(" 503 "), refused.head.toString());
        assertEquals(
            200,
            server.status(server.as(TestUsers.VIEWER, "/changes").build()),
            "another user has places of its own");
        assertTrue(
            refused.head.stream()
                .anyMatch(line -> line.startsWith("Content-Type: application/problem+json")),
            refused.head.toString());
      }
      clients.remove(0).close();
      boolean let = false;
      List<String> answered = List.of();
      for (int attempt = 0; attempt < 100 && !let; attempt++) {
        // What is sent to somebody who has gone is answered by a reset, which the next one meets.
        server.metadata().apply(next(server.metadata().view().gateway("gw1").orElseThrow()));
        Thread.sleep(100);
        try (Client again = new Client()) {
          answered = again.head;
          let = answered.get(0).contains(" 200 ");
        }
      }
      assertTrue(let, "the place of one that has ended is free: " + answered);
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
  }

  private static GatewayEntry next(GatewayEntry gateway) {
    return gateway.next(gateway.service());
  }

  @Test
  void onlyEventStreamsAreSent() throws Exception {
    assertEquals(
        406,
        server
            .send(server.request("/changes").header("Accept", "application/json").GET().build())
            .statusCode());
    assertEquals(400, server.get("/changes?from=1").statusCode());
  }

  @Test
  void anIdleStreamIsKeptAlive() throws Exception {
    TestServer idle =
        TestServer.start(Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofSeconds(1));
    try {
      TestServer before = server;
      server = idle;
      try (Client client = new Client()) {
        assertEquals("hello", client.next().kind());
        // Longer than a request may take, and than a connection may be idle.
        Thread.sleep(2_500);
        server.post("/targets", "{\"name\":\"" + DEMO + "\"}");
        assertEquals("target", client.next().kind());
        assertTrue(client.comments >= 1);
      } finally {
        server = before;
      }
    } finally {
      idle.close();
    }
  }

  @Test
  void theyEndWithTheGateway() throws Exception {
    try (Client client = new Client()) {
      assertEquals("hello", client.next().kind());
      server.close();
      assertTrue(client.hasEnded(), "a server that is gone says no more");
    }
    server = TestServer.start();
  }
}
