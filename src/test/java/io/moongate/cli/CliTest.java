package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.failure.Observation;
import io.moongate.failure.Observation.Kind;
import io.moongate.management.FakeMetadata;
import io.moongate.management.TestServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line against the real API. */
class CliTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEMO = "iqn.2026-11.io.moongate:demo";
  private static TestServer server;

  private final List<Path> configs = new ArrayList<>();

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

  private record Outcome(int code, String out, String err) {
    /** The lines of the table, with each run of spaces as one. */
    List<String> rows() {
      return out.lines().map(line -> line.replaceAll(" +", " ")).toList();
    }
  }

  private Outcome run(String input, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            args,
            config -> {
              configs.add(config);
              return 42;
            },
            new StringReader(input),
            new PrintWriter(out),
            new PrintWriter(err));
    assertFalse(err.toString().contains("\tat "), err.toString());
    return new Outcome(code, out.toString(), err.toString());
  }

  /** Runs a command line whose words have no spaces, against the server. */
  private Outcome moongate(String line) {
    return run("", (line + " --api " + server.base()).split(" "));
  }

  private Outcome ok(String line) {
    Outcome outcome = moongate(line);
    assertEquals(0, outcome.code(), outcome.err());
    assertEquals("", outcome.err());
    return outcome;
  }

  private static UnitEntry onlyUnit() {
    List<UnitEntry> units = server.metadata().view().units();
    assertEquals(1, units.size());
    return units.get(0);
  }

  @Test
  void gateways() {
    assertEquals(
        List.of(
            "NAME STATE PORTALS GROUP LUNS LOAD VERSION PID SINCE CAUSE",
            "gw1 up 127.0.0.1:3260 1 0 0 0.1.0 1001 2026-11-01T10:20:30Z registered",
            "gw2 up 127.0.0.2:3260,[::1]:3260 2 0 0 0.1.0 1002 2026-11-01T10:20:30Z registered",
            "gw3 failed 127.0.0.3:3260 3 0 0 0.1.0 1003 2026-11-01T10:20:30Z process gone"),
        ok("gateway list").rows());
    assertEquals(2, ok("gateway show gw3").rows().size());
  }

  @Test
  void aGatewayIsShownWithWhatStandsAgainstIt() {
    server.metadata().observations =
        List.of(
            new Observation(
                "gw1",
                "gw1",
                "incarnation-of-gw1",
                Kind.PORTAL_LOST,
                Instant.parse("2026-11-01T10:21:00Z"),
                "this host has no address 127.0.0.1 any more",
                "127.0.0.1:3260"));
    assertEquals(
        "seen 2026-11-01T10:21:00Z gw1 saw gw1, 127.0.0.1:3260, portal-lost: this host has no"
            + " address 127.0.0.1 any more",
        ok("gateway show gw1").rows().get(2));
  }

  @Test
  void columnsLineUp() {
    List<String> lines = ok("gateway list").out().lines().toList();
    int column = lines.get(0).indexOf("GROUP");
    assertEquals('1', lines.get(1).charAt(column));
    assertEquals('2', lines.get(2).charAt(column));
    assertEquals(' ', lines.get(1).charAt(column - 1));
  }

  @Test
  void targets() {
    Outcome created = ok("target create " + DEMO);
    assertTrue(created.out().contains("gateways  every (gw1,gw2,gw3)"), created.out());
    ok("target create iqn.2026-11.io.moongate:other --gateways gw2,gw1");
    assertEquals(
        List.of(
            "NAME LUNS GATEWAYS SINCE",
            DEMO + " 0 every (gw1,gw2,gw3) 2026-11-01T10:20:30Z",
            "iqn.2026-11.io.moongate:other 0 gw1,gw2 2026-11-01T10:20:30Z"),
        ok("target list").rows());
    ok("lun create --target " + DEMO + " --lun 7 --size 1MiB");
    assertTrue(ok("target show " + DEMO).rows().contains("7 " + onlyUnit().id()));
    assertEquals(
        "deleted iqn.2026-11.io.moongate:other\n",
        ok("target delete iqn.2026-11.io.moongate:other -y").out());
    assertEquals(1, server.metadata().view().targets().size());
  }

  @Test
  void lunIsCreatedWithWhatIsAskedFor() {
    ok("target create " + DEMO);
    Outcome created =
        ok(
            "lun create --target "
                + DEMO
                + " --lun 3 --size 10GiB --block-size 4096 --store memory --preferred gw2,gw1");
    UnitEntry unit = onlyUnit();
    assertEquals(10L << 30, unit.size());
    assertEquals(4096, unit.blockSize());
    assertEquals("memory", unit.store());
    assertEquals(List.of("gw2", "gw1"), unit.preferred());
    assertTrue(created.out().contains("size       10GiB (10737418240 bytes)"), created.out());
    assertTrue(created.out().contains("id         " + unit.id()), created.out());
    server.metadata().loads.put(unit.id(), 812.6);
    assertEquals(
        List.of(
            "TARGET LUN SIZE STORE OWNER LOAD EPOCH PHASE SINCE ID",
            DEMO + " 3 10GiB memory gw1 813 1 serving 2026-11-01T10:20:30Z " + unit.id()),
        ok("lun list").rows());
    assertEquals(1, ok("lun list --owner gw2").rows().size());
    Outcome imported =
        ok(
            "lun create --target "
                + DEMO
                + " --lun 4 --store memory --volume disk_1 --serial s4 --naa"
                + " 6001405a1b2c3d4e5f60718293a4b5c6");
    assertTrue(imported.out().contains("volume     disk_1, imported"), imported.out());
    assertTrue(
        imported.out().contains("naa        6001405a1b2c3d4e5f60718293a4b5c6"), imported.out());
    assertEquals(3, ok("lun list").rows().size());
    assertEquals(2, ok("lun list --target " + DEMO + " --lun 3").rows().size());
  }

  @Test
  void lunHasTheGatewaysDefaults() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 0 --size 1048576");
    assertEquals(512, onlyUnit().blockSize());
    assertEquals("file", onlyUnit().store());
  }

  @Test
  void lunIsFoundByIdByPathAndByOptions() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 3 --size 1MiB");
    String byId = ok("lun show " + onlyUnit().id()).out();
    assertTrue(byId.contains("naa        30000000000000ae"), byId);
    assertEquals(byId, ok("lun show " + DEMO + "/3").out());
    assertEquals(byId, ok("lun show --target " + DEMO + " --lun 3").out());
    Outcome missing = moongate("lun show " + DEMO + "/4");
    assertEquals(1, missing.code());
    assertEquals("moongate: There is no LUN 4 in target " + DEMO + "\n", missing.err());
    assertEquals(2, moongate("lun show").code());
    assertEquals(2, moongate("lun show --lun 3").code());
    assertEquals(2, moongate("lun show " + DEMO + "/3 --lun 3").code());
  }

  @Test
  void lunIsShownWithItsEvidence() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 0 --size 1MiB");
    server.metadata().orphan(onlyUnit().id());
    String shown = ok("lun show " + DEMO + "/0").out();
    assertTrue(
        shown.contains(
            "evidence   2026-11-01T10:20:59Z gw2 saw gw3 process-gone: connection refused"),
        shown);
    assertTrue(shown.contains("owner      -"), shown);
  }

  @Test
  void lunIsMoved() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 0 --size 1MiB");
    assertTrue(ok("lun move " + DEMO + "/0 --to gw2").out().contains("owner      gw2"));
    assertEquals("gw2", onlyUnit().ownership().owner());
    Outcome refused = moongate("lun move " + DEMO + "/0 --to gw3");
    assertEquals(1, refused.code());
    assertEquals("moongate: The gateway gw3 is down [field gateway] (status 409)\n", refused.err());
  }

  @Test
  void lunGrows() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 0 --size 1MiB");
    List<String> shown = ok("lun resize " + DEMO + "/0 --size 3MiB").rows();
    assertTrue(shown.contains("size 3MiB (3145728 bytes)"), shown::toString);
    assertEquals(3 << 20, onlyUnit().size());
    Outcome smaller = moongate("lun resize " + DEMO + "/0 --size 1MiB");
    assertEquals(1, smaller.code());
    assertTrue(smaller.err().contains("It can only grow [field size]"), smaller.err());
  }

  @Test
  void lunIsOfTheKindThatWasAskedFor() {
    ok("target create " + DEMO);
    List<String> created =
        ok("lun create --target "
                + DEMO
                + " --lun 0 --size 1MiB --removable --read-only --provisioning full"
                + " --physical-block-size 8192")
            .rows();
    assertTrue(created.contains("block 512 bytes, 8192 of a physical one"), created::toString);
    assertTrue(created.contains("store file, full provisioning"), created::toString);
    assertTrue(created.contains("access read-only"), created::toString);
    assertTrue(created.contains("medium removable, loaded"), created::toString);
    ok("lun create --target " + DEMO + " --lun 1 --size 1MiB");
    List<String> plain = ok("lun show " + DEMO + "/1").rows();
    assertTrue(plain.contains("block 512 bytes, 4096 of a physical one"), plain::toString);
    assertTrue(plain.contains("store file, thin provisioning"), plain::toString);
    assertTrue(plain.contains("access read and write"), plain::toString);
    assertTrue(plain.stream().noneMatch(row -> row.startsWith("medium")), plain::toString);
    Outcome thick =
        moongate("lun create --target " + DEMO + " --lun 2 --size 1MiB --provisioning thick");
    assertEquals(1, thick.code());
    assertTrue(thick.err().contains("[field provisioning]"), thick.err());
  }

  @Test
  void lunIsMadeReadOnlyAndWritableAgain() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 0 --size 1MiB");
    List<String> set = ok("lun set " + DEMO + "/0 --read-only=on").rows();
    assertTrue(set.contains("access read-only"), set::toString);
    assertTrue(onlyUnit().attributes().readOnly());
    ok("lun set " + DEMO + "/0 --read-only=off");
    assertFalse(onlyUnit().attributes().readOnly());
    assertEquals(2, moongate("lun set " + DEMO + "/0").code());
    assertEquals(2, moongate("lun set " + DEMO + "/0 --read-only=perhaps").code());
  }

  @Test
  void lunIsMappedInAnotherTargetAndUnmapped() {
    String other = "iqn.2026-11.io.moongate:other";
    ok("target create " + DEMO);
    ok("target create " + other);
    ok("lun create --target " + DEMO + " --lun 0 --size 1MiB");
    String id = onlyUnit().id();
    assertEquals(
        List.of("mapped " + id + " as LUN 300 of " + other),
        ok("lun map " + DEMO + "/0 --to " + other + " --as 300").rows());
    assertTrue(ok("lun show " + id).rows().contains("also LUN 300 of " + other));
    assertTrue(ok("lun show " + other + "/300").rows().contains("also LUN 0 of " + DEMO));
    assertEquals(3, ok("lun list").rows().size());
    Outcome asked =
        run(
            "no\n",
            ("lun unmap --target " + other + " --lun 300 --api " + server.base()).split(" "));
    assertTrue(asked.err().contains("Hosts will lose LUN 300 of " + other), asked.err());
    ok("lun unmap --target " + other + " --lun 300 --yes");
    assertEquals(2, ok("lun list").rows().size());
    assertEquals(1, moongate("lun unmap --target " + other + " --lun 300 --yes").code());
  }

  @Test
  void lunInUseIsDeletedByForceOnly() {
    String used = FakeMetadata.IN_USE;
    ok("target create " + used);
    ok("lun create --target " + used + " --lun 0 --size 1MiB");
    assertEquals(1, moongate("lun delete " + used + "/0 --yes").code());
    ok("lun delete " + used + "/0 --yes --force");
    assertEquals(List.of(), server.metadata().view().units());
  }

  @Test
  void deletingALunSaysWhatIsLostAndAsks() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 0 --size 1GiB");
    String[] delete = {"lun", "delete", DEMO + "/0", "--api", server.base().toString()};
    for (String input : List.of("", "\n", "no\n", "y\n", "YES please\n")) {
      Outcome refused = run(input, delete);
      assertEquals(1, refused.code(), input);
      assertTrue(refused.err().contains("all the data on it will be lost"), refused.err());
      assertTrue(refused.err().contains("(1GiB in store file, id "), refused.err());
      assertTrue(refused.err().contains("perhaps more through gw3"), refused.err());
      assertTrue(refused.err().contains("nothing was changed"), refused.err());
      assertEquals(1, server.metadata().view().units().size());
    }
    assertEquals(0, run("yes\n", delete).code());
    assertTrue(server.metadata().view().units().isEmpty());
  }

  @Test
  void deletingALunDoesNotAskWhenToldSo() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 0 --size 1GiB");
    ok("lun delete " + onlyUnit().id() + " --yes");
    assertTrue(server.metadata().view().units().isEmpty());
  }

  @Test
  void paths() {
    ok("target create " + DEMO);
    ok("lun create --target " + DEMO + " --lun 0 --size 1MiB");
    assertEquals(
        List.of(
            "TARGET LUN GATEWAY PORTAL TPG STATE OWNER EPOCH SINCE CAUSE",
            DEMO + " 0 gw1 127.0.0.1:3260 1 active-optimized gw1 1 2026-11-01T10:20:30Z created"),
        ok("path list --gateway gw1").rows());
    assertEquals(5, ok("path list").rows().size());
    assertEquals(1, ok("path list --lun 9").rows().size());
    assertEquals(1, ok("path list --target iqn.2026-11.io.moongate:none").rows().size());
  }

  @Test
  void sessionsAndWhoIsSilent() {
    Outcome outcome = moongate("session list");
    assertEquals(0, outcome.code());
    assertEquals(4, outcome.rows().size());
    assertTrue(outcome.rows().get(3).contains("(discovery)"), outcome.out());
    assertEquals("moongate: no answer from gw3; their sessions are missing here\n", outcome.err());
  }

  @Test
  void answersAsJson() throws Exception {
    JsonNode gateways = JSON.readTree(ok("gateway list --json").out());
    assertEquals("gw1", gateways.get(0).get("name").textValue());
    JsonNode created = JSON.readTree(ok("target create --json " + DEMO).out());
    assertEquals(DEMO, created.get("name").textValue());
    assertEquals("gw3", JSON.readTree(ok("session list --json").out()).at("/silent/0").textValue());
    assertEquals(
        "deleted " + DEMO,
        JSON.readTree(ok("target delete --yes --json " + DEMO).out()).path("done").asText());
  }

  @Test
  void optionsMayStandBeforeTheCommand() throws Exception {
    Outcome outcome = run("", "--json", "--api", server.base().toString(), "gateway", "list");
    assertEquals(0, outcome.code(), outcome.err());
    assertEquals(3, JSON.readTree(outcome.out()).size());
  }

  @Test
  void problemsAreToldWithTheirField() {
    Outcome outcome = moongate("target create IQN.2026-11.io.moongate:demo");
    assertEquals(1, outcome.code());
    assertEquals("", outcome.out());
    assertEquals(
        "moongate: name may hold only lower-case ASCII letters, digits, '-', '.' and ':' (RFC 3722)"
            + " [field name] (status 400)\n",
        outcome.err());
    assertEquals(1, moongate("target show " + DEMO).code());
    assertEquals(1, moongate("target delete --yes " + DEMO).code());
    assertEquals(1, moongate("gateway show a/b?c").code());
    server.metadata().throwNext(new IllegalStateException("inside"));
    assertEquals(1, moongate("session list").code());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "target",
        "target create",
        "target list --nonsense",
        "target set iqn.2026-11.a:b",
        "target set iqn.2026-11.a:b --explicit-alua perhaps",
        "lun create --target iqn.2026-11.a:b --lun 0",
        "lun create --target iqn.2026-11.a:b --lun x --size 1GiB",
        "lun create --target iqn.2026-11.a:b --lun 0 --size 10G",
        "lun move iqn.2026-11.a:b/0",
        "gateway",
        "gateway --config /nonexistent/gateway.conf",
        "gateway --config",
        "gateway list --api ftp://127.0.0.1",
        "gateway list --api 127.0.0.1:8080",
        "gateway list --api http://127.0.0.1/path",
        "gateway list --timeout 0",
        "bench --sizes 4095",
        "bench --depths 0",
        "bench --rounds x",
        "bench --seconds 0",
        "bench --warm-up -1",
        "bench --operations trim",
        "bench --against lio",
        "bench --store disk",
        "bench --store rbd --ceph-conf /nonexistent",
        "bench --dir .",
        "gateway list --timeout x"
      })
  void wrongUsage(String line) {
    Outcome outcome = run("", line.isEmpty() ? new String[0] : line.split(" "));
    assertEquals(2, outcome.code(), outcome.err());
    assertTrue(outcome.err().startsWith("moongate: "), outcome.err());
    assertTrue(outcome.err().contains("--help"), outcome.err());
    assertEquals("", outcome.out());
  }

  @Test
  void targetOptsInToExplicitAlua() throws Exception {
    assertTrue(ok("target create " + DEMO).rows().contains("alua implicit"));
    assertTrue(
        ok("target set " + DEMO + " --explicit-alua on")
            .rows()
            .contains("alua implicit and explicit"));
    assertTrue(ok("target create " + DEMO).rows().contains("alua implicit and explicit"));
    assertTrue(ok("target set " + DEMO + " --explicit-alua=off").rows().contains("alua implicit"));
    String other = "iqn.2026-11.io.moongate:explicit";
    assertTrue(
        ok("target create --explicit-alua " + other).rows().contains("alua implicit and explicit"));
  }

  @Test
  void gatewayIsRunByTheRunner(@TempDir Path dir) throws Exception {
    Path config = Files.writeString(dir.resolve("gw1.conf"), "{}");
    assertEquals(42, run("", "gateway", "--config", config.toString()).code());
    assertEquals(List.of(config), configs);
    assertEquals(2, moongate("gateway --config " + config + " list").code());
    assertEquals(1, configs.size());
  }

  @Test
  void gatewayThatFailsToRunSaysWhy(@TempDir Path dir) throws Exception {
    Path config = Files.writeString(dir.resolve("gw1.conf"), "{}");
    StringWriter err = new StringWriter();
    int code =
        Cli.run(
            new String[] {"gateway", "--config", config.toString()},
            file -> {
              throw new IllegalArgumentException("the port is taken");
            },
            new StringReader(""),
            new PrintWriter(new StringWriter()),
            new PrintWriter(err));
    assertEquals(1, code);
    assertEquals("moongate: the port is taken\n", err.toString());
  }

  @Test
  void versionAndHelp() {
    Outcome version = run("", "--version");
    assertEquals(0, version.code());
    assertTrue(version.out().startsWith("moongate "), version.out());
    for (String command : List.of("gateway", "target", "lun", "path", "session")) {
      assertTrue(run("", "--help").out().contains("  " + command), command);
      assertEquals(0, run("", command, "--help").code());
    }
    assertTrue(run("", "lun", "delete", "--help").out().contains("--yes"));
  }

  @Test
  void nextGatewayIsAskedWhenOneIsGone() throws Exception {
    String gone = "http://127.0.0.1:" + freePort();
    Outcome read = run("", "gateway", "list", "--api", gone, "--api", server.base().toString());
    assertEquals(0, read.code(), read.err());
    Outcome change = run("", "target", "create", DEMO, "--api", gone + "," + server.base());
    assertEquals(0, change.code(), change.err());
    assertEquals(1, server.metadata().view().targets().size());
  }

  @Test
  void noGatewayAnswers() throws Exception {
    String gone = "http://127.0.0.1:" + freePort();
    Outcome outcome = run("", "gateway", "list", "--api", gone);
    assertEquals(3, outcome.code());
    assertEquals("moongate: No gateway answers: " + gone + ": connection refused\n", outcome.err());
  }

  @Test
  void changeThatMayHaveBeenMadeIsNotAskedOfTheNext() throws Exception {
    try (ServerSocket dying = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Void> served = CompletableFuture.runAsync(() -> answer(dying, ""));
      Outcome outcome = run("", "target", "create", DEMO, "--api", both(dying));
      assertEquals(3, outcome.code());
      assertTrue(outcome.err().contains("may have been made"), outcome.err());
      assertTrue(server.metadata().view().targets().isEmpty());
      served.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void questionThatIsNotAnsweredIsAskedOfTheNext() throws Exception {
    try (ServerSocket dying = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Void> served = CompletableFuture.runAsync(() -> answer(dying, ""));
      Outcome outcome = run("", "gateway", "list", "--api", both(dying));
      assertEquals(0, outcome.code(), outcome.err());
      served.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void otherServersAreNoGateways() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Void> served =
          CompletableFuture.runAsync(
              () ->
                  answer(
                      other,
                      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"));
      Outcome outcome =
          run("", "gateway", "list", "--api", "http://127.0.0.1:" + other.getLocalPort());
      assertEquals(1, outcome.code());
      assertTrue(outcome.err().contains("did not answer as a gateway does"), outcome.err());
      served.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void environmentNamesTheGateways() throws Exception {
    String gone = "http://127.0.0.1:" + freePort();
    JsonNode health =
        new ApiOptions()
            .client(Map.of("MOONGATE_API", gone + ", " + server.base() + "/"))
            .get("/health");
    assertEquals("gw1", health.get("gateway").textValue());
  }

  private static String both(ServerSocket first) {
    return "http://127.0.0.1:" + first.getLocalPort() + "," + server.base();
  }

  /** Takes one request and no other, answers this, and closes. */
  private static void answer(ServerSocket listener, String text) {
    try (Socket socket = listener.accept()) {
      // Java's client asks again of its own accord when a GET is cut off.
      listener.close();
      byte[] head = new byte[4096];
      assertTrue(socket.getInputStream().read(head) > 0);
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A port on which nothing listens. */
  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
