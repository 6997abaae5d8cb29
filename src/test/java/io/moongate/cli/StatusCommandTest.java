package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.TestServer;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code moongate status} against the real API: gw1 and gw2 are up there, gw3 has failed. */
class StatusCommandTest {
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

  private record Outcome(int code, String out, String err) {}

  private static Outcome run(Terminal terminal, String line) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            line.split(" "),
            config -> 42,
            (request, told) -> {},
            new StringReader(""),
            new PrintWriter(out),
            new PrintWriter(err),
            terminal);
    return new Outcome(code, out.toString(), err.toString());
  }

  private static Outcome status(String options) {
    return run(Terminal.NONE, ("status --api " + server.base() + " " + options).strip());
  }

  @Test
  void aFailedGatewayIsOnTheScreenAndInTheExitCode() {
    Outcome outcome = status("");
    assertEquals(1, outcome.code(), outcome.err());
    assertTrue(outcome.out().contains("WRONG    gateway gw3 is failed"), outcome.out());
    assertTrue(outcome.out().contains("-> start it again"), outcome.out());
    assertTrue(
        outcome.out().lines().anyMatch(line -> line.matches("gw1 +up +in-service +0 .*")),
        outcome.out());
    assertFalse(outcome.out().contains("\u001b"), "no colours in a file");
  }

  @Test
  void withoutTheFailedGatewayThereAreWarningsAlone() {
    assertEquals(0, run(Terminal.NONE, "gateway remove gw3 -y --api " + server.base()).code());
    Outcome outcome = status("");
    assertEquals(0, outcome.code(), outcome.out());
    assertFalse(outcome.out().contains("WRONG"), outcome.out());
    assertTrue(outcome.out().contains("warning  store rbd near-full, says gw1"), outcome.out());
    assertEquals("", status("--quiet").out());
  }

  @Test
  void aWarningIsAFailureOnlyWhereThatIsAskedFor() {
    run(Terminal.NONE, "gateway remove gw3 -y --api " + server.base());
    run(Terminal.NONE, "gateway drain gw2 --api " + server.base());
    Outcome outcome = status("");
    assertTrue(outcome.out().contains("warning  gateway gw2 is "), outcome.out());
    assertEquals(0, outcome.code());
    assertEquals(1, status("--strict").code());
    assertEquals(1, status("--strict --quiet").code());
  }

  @Test
  void unitsAreCounted() {
    run(Terminal.NONE, "target create " + DEMO + " --api " + server.base());
    run(
        Terminal.NONE,
        "lun create --target " + DEMO + " --lun 0 --size 1MiB --api " + server.base());
    assertTrue(
        status("").out().contains("targets     1; logical units 1: 1 serving"), status("").out());
    assertTrue(
        status("").out().contains("paths       4: "), "gw2 has two portals: " + status("").out());
    server.metadata().orphan(server.metadata().view().units().get(0).id());
    assertTrue(status("").out().contains("waiting for an owner"), status("").out());
  }

  @Test
  void jsonHasTheSameVerdict() throws Exception {
    Outcome outcome = status("--json");
    assertEquals(1, outcome.code());
    JsonNode json = new ObjectMapper().readTree(outcome.out());
    assertEquals("wrong", json.path("status").asText());
    assertEquals("wrong", json.path("findings").path(0).path("level").asText());
    assertEquals(3, json.path("gateways").size());
    assertEquals("ANSWERS", json.path("answers").path("gw1").path("kind").asText());
  }

  @Test
  void aDeadGatewayInTheListIsPassedOverAndTold() throws Exception {
    int dead;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      dead = socket.getLocalPort();
    }
    Outcome outcome =
        run(Terminal.NONE, "status --api http://127.0.0.1:" + dead + "," + server.base());
    assertEquals(1, outcome.code());
    assertTrue(outcome.out().contains("asked       " + server.base()), outcome.out());
    assertTrue(outcome.out().contains("asked in vain: "), outcome.out());
    assertEquals(3, run(Terminal.NONE, "status --api http://127.0.0.1:" + dead).code());
  }

  @Test
  void itLooksAgainAsOftenAsItIsTold() {
    Outcome outcome = status("--watch 1 --count 2");
    assertEquals(2, outcome.out().lines().filter(line -> line.startsWith("asked ")).count());
    assertEquals(2, status("--count 2").code());
    assertEquals(2, status("--watch 0").code());
  }

  @Test
  void coloursAreForTerminals() {
    Outcome outcome = run(new Terminal(true, true, 120), "status --api " + server.base());
    assertTrue(outcome.out().contains("\u001b[31mWRONG"), outcome.out());
    Outcome plain = run(new Terminal(true, false, 120), "status --api " + server.base());
    assertFalse(plain.out().contains("\u001b["), plain.out());
  }
}
