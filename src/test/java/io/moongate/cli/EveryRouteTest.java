package io.moongate.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/**
 * The command line has the same power as the API: every route is asked by some command, and every
 * command that asks is run here. What answers is a stand-in that says yes to everything.
 */
class EveryRouteTest {
  /** Routes for programs, which a command has no use for. */
  private static final Set<String> FOR_PROGRAMS = Set.of("GET /changes", "GET /openapi.json");

  /** Commands that ask no gateway. */
  private static final Set<String> OFFLINE =
      Set.of(
          "completion",
          "demo",
          "bench",
          "bench echo",
          "bench latency",
          "bench load",
          "gateway",
          "help",
          "import ceph-iscsi",
          "import configuration",
          "doctor",
          "token create",
          "token list",
          "token revoke");

  private static final String IQN = "iqn.2026-11.io.moongate:demo";

  /** One line for each command, and more where it takes other routes with other options. */
  private static final List<String> LINES =
      List.of(
          "status",
          "version --gateway",
          "whoami",
          "reload",
          "audit show",
          "audit replay --at 2026-11-30T00:00:00Z",
          "audit diff --from 2026-11-29T00:00:00Z --to 2026-11-30T00:00:00Z",
          "host-config linux",
          "export",
          "gateway list",
          "gateway show gw1",
          "gateway drain gw1",
          "gateway undrain gw1",
          "gateway remove gw1 -y",
          "target list",
          "target show " + IQN,
          "target create " + IQN,
          "target set " + IQN + " --explicit-alua on",
          "target delete " + IQN + " -y",
          "target initiators " + IQN,
          "target initiators " + IQN + " iqn.x:host",
          "target allow " + IQN + " iqn.x:host",
          "target deny " + IQN + " iqn.x:host -y",
          "target chap " + IQN + " --clear",
          "target chap " + IQN + " --mutual --clear",
          "target chap " + IQN + " --chap-user u --chap-secret-file -",
          "target chap " + IQN + " --mutual --chap-user u --chap-secret-file -",
          "target access " + IQN + " open",
          "lun list",
          "lun show unit",
          "lun create --target " + IQN + " --lun 0 --size 1MiB",
          "lun clone unit --snapshot s --to " + IQN + " --as 1",
          "lun set unit --read-only on --preferred gw1",
          "lun resize unit --size 2MiB",
          "lun map unit --to " + IQN + " --as 1",
          "lun unmap --target " + IQN + " --lun 1 -y",
          "lun move unit --to gw1",
          "lun delete unit -y",
          "lun snapshot list unit",
          "lun snapshot show unit --name s",
          "lun snapshot create unit --name s",
          "lun snapshot delete unit --name s -y",
          "lun snapshot rollback unit --name s -y",
          "path list",
          "session list",
          "session close id",
          "cluster show",
          "portal list",
          "store list",
          "volume list --store file",
          "operation list",
          "operation show unit-1",
          "operation cancel unit-1");

  /** What answers: each with every field that a command reads. */
  private static final Map<String, String> ANSWERS =
      Map.of(
          "/reload/x",
          "{\"gateway\":\"gw1\",\"file\":\"gw1.conf\",\"applied\":true,\"changed\":[]}",
          "/events",
          "{\"items\":[]}",
          "/view/x",
          "{\"changes\":[]}",
          "/sessions",
          "{\"sessions\":[],\"silent\":[]}",
          "/targets",
          "[%s]",
          "/targets/x",
          "{\"name\":\"" + IQN + "\",\"gateways\":[],\"luns\":[],\"access\":\"open\"}",
          "/luns/x",
          "{\"id\":\"unit\",\"mappings\":[],\"preferred\":[],\"refusedBy\":[],\"evidence\":[],"
              + "\"phase\":\"serving\"}",
          "/gateways/x",
          "{\"name\":\"gw1\",\"state\":\"up\",\"service\":\"drained\",\"portals\":[]}");

  private static final List<String> ASKED = new CopyOnWriteArrayList<>();
  private static HttpServer server;

  @BeforeAll
  static void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.createContext("/", EveryRouteTest::answer);
    server.start();
  }

  @AfterAll
  static void stop() {
    server.stop(0);
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath().replaceFirst("^/api/v1", "");
    ASKED.add(exchange.getRequestMethod() + " " + path);
    exchange.getRequestBody().readAllBytes();
    if (exchange.getRequestMethod().equals("DELETE")) {
      exchange.sendResponseHeaders(204, -1);
      exchange.close();
      return;
    }
    // What is made is answered as one.
    boolean made =
        exchange.getRequestMethod().equals("POST")
            && (path.indexOf('/', 1) < 0 || path.endsWith("/snapshots"));
    byte[] body = body(made ? path + "/x" : path).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static String body(String path) {
    String[] parts = path.substring(1).split("/");
    boolean member = parts.length > 1;
    boolean list =
        parts[parts.length - 1].equals("snapshots") || parts[parts.length - 1].equals("initiators");
    if (list) {
      return "[]";
    } else if (path.startsWith("/luns/") && parts.length == 4) {
      return "{\"name\":\"s\"}";
    } else if (path.startsWith("/targets/") && path.contains("/initiators/")) {
      return "{\"initiator\":\"iqn.x:host\"}";
    } else if (ANSWERS.containsKey(member ? "/" + parts[0] + "/x" : path)) {
      return ANSWERS
          .get(member ? "/" + parts[0] + "/x" : path)
          .formatted(ANSWERS.get("/targets/x"));
    }
    return member || Set.of("/version", "/health", "/cluster", "/view", "/whoami").contains(path)
        ? "{}"
        : "[]";
  }

  private static void run(String line) {
    StringWriter err = new StringWriter();
    String base = "http://127.0.0.1:" + server.getAddress().getPort();
    int code =
        Cli.run(
            (line + " --api " + base).split(" "),
            config -> 42,
            new StringReader("a-secret-of-some-length\n"),
            new PrintWriter(new StringWriter()),
            new PrintWriter(err));
    boolean judged = line.equals("status");
    assertTrue(code == 0 || judged && code == 1, line + ": " + code + " " + err);
  }

  @Test
  void everyRouteIsAskedBySomeCommand() throws Exception {
    ASKED.clear();
    LINES.forEach(EveryRouteTest::run);
    List<Pattern> patterns = new ArrayList<>();
    TreeSet<String> missing = new TreeSet<>();
    for (String route : routes()) {
      Pattern pattern = Pattern.compile(route.replaceAll("\\{[^}]*}", "[^/]+"));
      patterns.add(pattern);
      boolean asked = ASKED.stream().anyMatch(each -> pattern.matcher(each).matches());
      if (!asked && !FOR_PROGRAMS.contains(route)) {
        missing.add(route);
      }
    }
    assertEquals(Set.of(), missing, "routes that no command asks");
    List<String> unknown =
        ASKED.stream()
            .filter(each -> patterns.stream().noneMatch(route -> route.matcher(each).matches()))
            .distinct()
            .toList();
    assertEquals(List.of(), unknown, "what commands ask, and the API does not have");
  }

  @Test
  void everyCommandIsRunHere() {
    TreeSet<String> commands = new TreeSet<>();
    leaves(Cli.commandLine(), "", commands);
    TreeSet<String> run = new TreeSet<>();
    for (String line : LINES) {
      commands.stream()
          .filter(command -> (line + " ").startsWith(command + " "))
          .max((one, other) -> one.length() - other.length())
          .ifPresent(run::add);
    }
    commands.removeAll(run);
    commands.removeAll(OFFLINE);
    assertEquals(Set.of(), commands, "commands that no line here runs");
  }

  private static void leaves(CommandLine command, String path, Set<String> leaves) {
    command
        .getSubcommands()
        .forEach(
            (name, below) -> {
              String whole = (path + " " + name).strip();
              if (below.getSubcommands().isEmpty() || OFFLINE.contains(whole)) {
                leaves.add(whole);
              }
              leaves(below, whole, leaves);
            });
  }

  /** The routes of the API's own description. */
  private static List<String> routes() throws IOException {
    List<String> routes = new ArrayList<>();
    try (InputStream in =
        EveryRouteTest.class.getResourceAsStream("/io/moongate/management/openapi.json")) {
      if (in == null) {
        return Arrays.asList(ROUTES.split("\n"));
      }
      JsonNode paths = new ObjectMapper().readTree(in).path("paths");
      for (Map.Entry<String, JsonNode> path : paths.properties()) {
        for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
          if (!method.getKey().equals("parameters")) {
            routes.add(method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
          }
        }
      }
    }
    return routes;
  }

  /** The routes, as long as the API has no description of its own. */
  private static final String ROUTES =
      """
      GET /gateways
      GET /gateways/{name}
      DELETE /gateways/{name}
      POST /gateways/{name}/drain
      POST /gateways/{name}/undrain
      GET /targets
      POST /targets
      GET /targets/{name}
      DELETE /targets/{name}
      PUT /targets/{name}/explicit-alua
      PUT /targets/{name}/luns/{lun}
      DELETE /targets/{name}/luns/{lun}
      PUT /targets/{name}/access
      PUT /targets/{name}/chap
      DELETE /targets/{name}/chap
      PUT /targets/{name}/mutual-chap
      DELETE /targets/{name}/mutual-chap
      GET /targets/{name}/initiators
      GET /targets/{name}/initiators/{initiator}
      PUT /targets/{name}/initiators/{initiator}
      DELETE /targets/{name}/initiators/{initiator}
      GET /luns
      POST /luns
      GET /luns/{id}
      DELETE /luns/{id}
      POST /luns/{id}/move
      POST /luns/{id}/resize
      PUT /luns/{id}/read-only
      PUT /luns/{id}/preferred
      GET /luns/{id}/snapshots
      POST /luns/{id}/snapshots
      GET /luns/{id}/snapshots/{snapshot}
      DELETE /luns/{id}/snapshots/{snapshot}
      POST /luns/{id}/snapshots/{snapshot}/rollback
      GET /paths
      GET /sessions
      DELETE /sessions/{id}
      GET /cluster
      GET /portals
      GET /operations
      GET /operations/{id}
      DELETE /operations/{id}
      GET /stores
      GET /volumes
      GET /version
      GET /health""";
}
