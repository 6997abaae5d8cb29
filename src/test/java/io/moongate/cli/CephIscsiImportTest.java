package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.management.TestServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The import as a command, against an API that takes everything, and against the real one. */
class CephIscsiImportTest {
  private static final String TARGET = "iqn.2003-01.com.example.igw:ceph";
  private static final String PATH = "/api/v1/targets/iqn.2003-01.com.example.igw%3Aceph";

  @TempDir Path directory;
  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
  private HttpServer taker;
  private volatile int targetStatus = 200;
  private volatile String targetLuns = "";

  private record Outcome(int code, String out, String err) {}

  @BeforeEach
  void start() throws IOException {
    taker = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    taker.createContext("/", this::answer);
    taker.start();
  }

  @AfterEach
  void stop() {
    taker.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod();
    asked.add(
        method
            + " "
            + exchange.getRequestURI().getRawPath()
            + " "
            + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    boolean get = method.equals("GET");
    int status = get ? targetStatus : 200;
    boolean problem = status != 200;
    byte[] body =
        (problem
                ? "{\"title\":\"Refused\",\"status\":" + status + "}"
                : get ? "{\"luns\":[" + targetLuns + "]}" : "{}")
            .getBytes(StandardCharsets.UTF_8);
    exchange
        .getResponseHeaders()
        .set("Content-Type", problem ? "application/problem+json" : "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private Outcome against(String api, String configuration, String... options) throws IOException {
    Path file = Files.writeString(directory.resolve("gateway.conf"), configuration);
    List<String> args =
        new ArrayList<>(List.of("import", "ceph-iscsi", file.toString(), "--api", api));
    args.addAll(Arrays.asList(options));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            args.toArray(String[]::new),
            config -> 42,
            new StringReader(""),
            new PrintWriter(out),
            new PrintWriter(err));
    assertFalse((out + "" + err).contains("secretsecret"), out + "" + err);
    return new Outcome(code, out.toString(), err.toString());
  }

  private Outcome run(String configuration, String... options) throws IOException {
    return against("http://127.0.0.1:" + taker.getAddress().getPort(), configuration, options);
  }

  private static JsonNode json(Outcome outcome) throws IOException {
    return new ObjectMapper().readTree(outcome.out());
  }

  @ParameterizedTest
  @CsvSource({"200, '', true", "404, '', true", "200, '{\"lun\":0,\"id\":\"x\"}', false"})
  void anOpenTargetIsClosedOnlyWhileItHasNoLuns(int status, String luns, boolean closed)
      throws IOException {
    targetStatus = status;
    targetLuns = luns;
    Outcome outcome = run(CephIscsiTest.open());
    assertEquals(0, outcome.code(), outcome.err());
    assertEquals("GET " + PATH + " ", asked.get(1));
    assertEquals(closed, asked.contains("PUT " + PATH + "/access {\"access\":\"listed\"}"));
    assertEquals("PUT " + PATH + "/access {\"access\":\"open\"}", asked.get(asked.size() - 1));
    assertEquals(!closed, outcome.out().contains("not done, it has LUNs: nobody may"));
  }

  @Test
  void whetherATargetIsInUseHasToBeKnown() throws IOException {
    targetStatus = 503;
    Outcome outcome = run(CephIscsiTest.open());
    assertEquals(1, outcome.code());
    assertEquals(2, asked.size(), asked::toString);
  }

  @Test
  void aListedTargetIsListedWhateverIsInIt() throws IOException {
    targetLuns = "{\"lun\":0,\"id\":\"x\"}";
    assertEquals(0, run(CephIscsiTest.CONFIGURATION).code());
    assertEquals("PUT " + PATH + "/access {\"access\":\"listed\"}", asked.get(1));
    assertTrue(asked.stream().noneMatch(request -> request.startsWith("GET")), asked::toString);
  }

  @Test
  void notesComeBeforeSteps() throws IOException {
    List<String> lines = run(CephIscsiTest.CONFIGURATION).out().lines().toList();
    assertTrue(lines.get(0).startsWith("note: "), lines::toString);
    assertTrue(lines.get(lines.size() - 1).startsWith("done: "), lines::toString);
  }

  @Test
  void aDryRunAsksNothing() throws IOException {
    Outcome words = run(CephIscsiTest.open(), "--dry-run");
    assertTrue(
        words.out().contains("would do: nobody may log in to " + TARGET + " yet, unless"),
        words.out());
    JsonNode json = json(run(CephIscsiTest.CONFIGURATION, "--dry-run", "--json"));
    assertTrue(json.get("dryRun").asBoolean());
    assertFalse(json.get("done").asBoolean());
    assertEquals(6, json.get("steps").size());
    assertEquals("planned", json.get("steps").get(0).get("state").asText());
    assertEquals("target " + TARGET, json.get("steps").get(0).get("what").asText());
    assertTrue(json.get("notes").size() > 3, json::toString);
    assertEquals(List.of(), asked);
  }

  @Test
  void jsonSaysWhatWasDone() throws IOException {
    JsonNode json = json(run(CephIscsiTest.CONFIGURATION, "--json", "--allow-without-chap"));
    assertTrue(json.get("done").asBoolean());
    assertFalse(json.get("dryRun").asBoolean());
    assertEquals(7, json.get("steps").size());
    json.get("steps").forEach(step -> assertEquals("done", step.get("state").asText()));
  }

  @Test
  void targetsAreChosenByName() throws IOException {
    assertEquals(0, run(CephIscsiTest.CONFIGURATION, "--target", TARGET).code());
    Outcome unknown = run(CephIscsiTest.CONFIGURATION, "--target", TARGET, "--target", "iqn.x");
    assertEquals(1, unknown.code());
    assertTrue(unknown.err().contains("There is no target iqn.x"), unknown.err());
  }

  @Test
  void theHelpSaysWhatRepeatingDoesAndHowVolumesAreNamed() throws IOException {
    String help = run(CephIscsiTest.CONFIGURATION, "--help").out().replaceAll("\\s+", " ");
    assertTrue(help.contains("does not take away what is gone from the file"), help);
    assertTrue(help.contains("changed by hand become those of the file"), help);
    StringWriter lun = new StringWriter();
    Cli.run(
        new String[] {"lun", "create", "--help"},
        config -> 42,
        new StringReader(""),
        new PrintWriter(lun),
        new PrintWriter(lun));
    assertTrue(lun.toString().contains("POOL/IMAGE"), lun.toString());
  }

  @Test
  void whatIsNoJsonIsNotQuoted() throws IOException {
    Outcome broken =
        run(CephIscsiTest.CONFIGURATION.replace("\"secretsecret1\"", "secretsecret1"), "--dry-run");
    assertEquals(1, broken.code());
    assertTrue(broken.err().contains("line "), broken.err());
  }

  @Test
  void aRealApiLeavesAnOpenTargetOpenAndTheStepThatFailsIsNamed() throws Exception {
    TestServer server = TestServer.start();
    try {
      String api = server.base().toString();
      for (String line :
          List.of(
              "target create " + TARGET,
              "lun create --target " + TARGET + " --lun 9 --size 1MiB --store memory")) {
        assertEquals(
            0,
            Cli.run(
                (line + " --api " + api).split(" "),
                config -> 42,
                new StringReader(""),
                new PrintWriter(new StringWriter()),
                new PrintWriter(new StringWriter())));
      }
      // This server has no store rbd.
      Outcome failed = against(api, CephIscsiTest.open());
      assertEquals(1, failed.code());
      assertTrue(failed.err().startsWith("moongate: LUN 0: image rbd/disk_1, "), failed.err());
      assertTrue(failed.err().endsWith(". What was done stays: repeat the import\n"), failed.err());
      assertEquals(
          TargetAccess.Mode.OPEN,
          server.metadata().view().target(TARGET).orElseThrow().access().mode());
      JsonNode json = json(against(api, CephIscsiTest.open(), "--json"));
      assertEquals(
          List.of("done", "skipped", "failed", "planned"),
          json.get("steps").findValuesAsText("state").subList(0, 4));
      assertFalse(json.get("done").asBoolean());
    } finally {
      server.close();
    }
  }

  @Test
  void aStepWithoutAnAnswerIsNamedToo() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Outcome silent = against("http://127.0.0.1:" + port, CephIscsiTest.CONFIGURATION);
    assertEquals(3, silent.code());
    assertTrue(
        silent.err().startsWith("moongate: target " + TARGET + ": No gateway"), silent.err());
    assertTrue(silent.err().contains("repeat the import"), silent.err());
  }
}
