package io.moongate.multinode.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.moongate.management.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A gateway's HTTP side before a {@link FakeCluster}: the console as the real server serves it, and
 * an API of lists, history and a stream of changes, under a token.
 */
final class FakeGateway implements AutoCloseable {
  static final String TOKEN = "a-token-of-the-test";
  private static final String API = "/api/v1/";

  private final TestServer real;
  private final HttpClient client = HttpClient.newHttpClient();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final FakeCluster cluster;
  private final int port;
  private HttpServer server;

  final FakeStreams streams = new FakeStreams();

  /** The changes that were asked for. */
  final List<FakeParts.Sent> sent = new CopyOnWriteArrayList<>();

  /** The resources that were read, with their queries. */
  final List<String> read = new CopyOnWriteArrayList<>();

  /** The role of whoever has the token. */
  volatile String role = "admin";

  /** Whether changes are made, and not refused. */
  volatile boolean takes;

  /** What came with If-Match. */
  volatile String lastIfMatch;

  private FakeGateway(FakeCluster cluster, int port) throws Exception {
    this.cluster = cluster;
    this.real = TestServer.start();
    this.server = serve(port);
    this.port = server.getAddress().getPort();
  }

  static FakeGateway start(FakeCluster cluster) throws Exception {
    return start(cluster, 0);
  }

  static FakeGateway start(FakeCluster cluster, int port) throws Exception {
    return new FakeGateway(cluster, port);
  }

  private HttpServer serve(int at) throws IOException {
    HttpServer made =
        HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), at), 0);
    made.createContext("/", this::handle);
    made.setExecutor(threads);
    made.start();
    return made;
  }

  URI console() {
    return URI.create("http://127.0.0.1:" + port + "/console/");
  }

  /** A gateway of the cluster fails, and whoever listens is told. */
  void fail(String name) {
    failed(name).forEach(change -> streams.tell(change.getKey(), change.getValue()));
  }

  private List<Map.Entry<String, JsonNode>> failed(String name) {
    synchronized (cluster) {
      return cluster.fail(name, Instant.now());
    }
  }

  /** The process is gone: connections are refused until {@link #comeBack}. */
  void goAway() {
    server.stop(0);
    streams.forget();
  }

  void comeBack() throws IOException {
    server = serve(port);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (!path.startsWith(API)) {
      forward(exchange);
    } else if (!("Bearer " + TOKEN)
        .equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
      problem(exchange, 401, "Authorization", "A token is needed, and this is none");
    } else if (path.equals(API + "changes")) {
      streams.begin(exchange);
    } else {
      synchronized (cluster) {
        api(exchange, path.substring(API.length()));
      }
    }
  }

  private void forward(HttpExchange exchange) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(real.base().resolve(exchange.getRequestURI().toString()));
    try {
      HttpResponse<byte[]> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      answer
          .headers()
          .map()
          .forEach(
              (name, values) -> {
                if (!name.equals("content-length")) {
                  values.forEach(value -> exchange.getResponseHeaders().add(name, value));
                }
              });
      send(exchange, answer.statusCode(), answer.body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      exchange.close();
    }
  }

  private void api(HttpExchange exchange, String path) throws IOException {
    Map<String, String> query = query(exchange.getRequestURI());
    if (!exchange.getRequestMethod().equals("GET")) {
      change(exchange, path);
      return;
    }
    read.add(query.isEmpty() ? path : path + "?" + exchange.getRequestURI().getQuery());
    switch (path) {
      case "whoami" -> json(exchange, "{\"user\":\"ada\",\"role\":\"" + role + "\"}");
      case "version" ->
          json(exchange, "{\"version\":\"0.1.0\",\"gateway\":\"gw1\",\"java\":\"17\"}");
      case "gateways" -> page(exchange, cluster.gateways.values().stream(), query);
      case "targets" -> page(exchange, cluster.targets.values().stream(), query);
      case "luns" -> page(exchange, cluster.units.values().stream(), query);
      case "paths" -> json(exchange, cluster.paths(query).toString());
      case "operations" -> json(exchange, "[]");
      case "stores" -> json(exchange, "[{\"kind\":\"file\"},{\"kind\":\"rbd\"}]");
      case "sessions" ->
          json(
              exchange,
              FakeCluster.JSON
                  .createObjectNode()
                  .set(
                      "sessions",
                      FakeCluster.array(FakeParts.sessions(cluster, query.get("target"))))
                  .toString()
                  .replaceFirst("}$", ",\"silent\":[]}"));
      case "volumes" -> json(exchange, FakeParts.volumes(cluster, query));
      case "view" -> json(exchange, cluster.at(Instant.parse(query.get("at"))).toString());
      case "events" -> events(exchange, query);
      default -> member(exchange, path);
    }
  }

  /** Pages of at most 400, so that a client has to follow them. */
  private void page(HttpExchange exchange, Stream<ObjectNode> all, Map<String, String> query)
      throws IOException {
    int from = Integer.parseInt(query.getOrDefault("cursor", "0"));
    List<ObjectNode> rest = all.skip(from).toList();
    ObjectNode answer = FakeCluster.JSON.createObjectNode();
    answer.set("items", FakeCluster.array(rest.subList(0, Math.min(400, rest.size()))));
    answer.put("next", rest.size() > 400 ? Integer.toString(from + 400) : null);
    json(exchange, answer.toString());
  }

  private void events(HttpExchange exchange, Map<String, String> query) throws IOException {
    Instant from = Instant.parse(query.get("from"));
    Instant to = Instant.parse(query.get("to"));
    List<FakeCluster.Event> all =
        cluster.events.stream()
            .filter(event -> !event.at().isBefore(from) && event.at().isBefore(to))
            .collect(Collectors.toList());
    if (query.getOrDefault("order", "desc").equals("desc")) {
      Collections.reverse(all);
    }
    int begin = Integer.parseInt(query.getOrDefault("cursor", "0"));
    int end = Math.min(all.size(), begin + Integer.parseInt(query.get("limit")));
    ObjectNode answer = FakeCluster.JSON.createObjectNode();
    ArrayNode items = answer.putArray("items");
    all.subList(begin, end).forEach(event -> items.add(event.json()));
    json(exchange, answer.put("next", end < all.size() ? Integer.toString(end) : null).toString());
  }

  private void member(HttpExchange exchange, String path) throws IOException {
    ObjectNode found =
        Stream.of(cluster.gateways, cluster.targets, cluster.units)
            .map(all -> all.get(path.substring(path.indexOf('/') + 1)))
            .filter(each -> each != null)
            .findFirst()
            .orElse(null);
    if (path.endsWith("/snapshots")) {
      json(exchange, FakeParts.snapshots());
    } else if (path.endsWith("/initiators")) {
      json(exchange, FakeParts.initiators());
    } else if (found == null) {
      problem(exchange, 404, "id", "There is no " + path);
    } else {
      exchange.getResponseHeaders().set("ETag", "\"7\"");
      json(exchange, found.toString());
    }
  }

  /** Moves are refused as too late, resizes for their size: all that a form has to show. */
  private void change(HttpExchange exchange, String path) throws IOException {
    lastIfMatch = exchange.getRequestHeaders().getFirst("If-Match");
    String query = exchange.getRequestURI().getQuery();
    FakeParts.Sent change =
        new FakeParts.Sent(
            exchange.getRequestMethod(),
            query == null ? path : path + "?" + query,
            lastIfMatch,
            FakeParts.read(exchange.getRequestBody().readAllBytes()));
    sent.add(change);
    if (takes && change.method().equals("DELETE")) {
      send(exchange, 204, new byte[0]);
    } else if (takes) {
      json(exchange, FakeParts.made(change));
    } else if (path.endsWith("/move")) {
      problem(exchange, 412, null, "It is of another version");
    } else if (path.endsWith("/resize")) {
      problem(exchange, 400, "size", "size must be more than it has");
    } else {
      problem(exchange, 409, null, "This can't be done now");
    }
  }

  private static Map<String, String> query(URI uri) {
    return uri.getRawQuery() == null
        ? Map.of()
        : Stream.of(uri.getRawQuery().split("&"))
            .map(pair -> pair.split("=", 2))
            .collect(
                Collectors.toMap(
                    pair -> pair[0], pair -> URLDecoder.decode(pair[1], StandardCharsets.UTF_8)));
  }

  private static void json(HttpExchange exchange, String text) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    send(exchange, 200, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void problem(HttpExchange exchange, int status, String field, String detail)
      throws IOException {
    ObjectNode problem = FakeCluster.JSON.createObjectNode();
    problem.put("title", "Refused").put("status", status).put("detail", detail).put("field", field);
    exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
    send(exchange, status, problem.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  @Override
  public void close() throws Exception {
    server.stop(0);
    threads.shutdownNow();
    real.close();
  }

  /**
   * For whoever works at the console: arguments are port, gateways, targets, LUNs of each, hosts.
   */
  public static void main(String[] arguments) throws Exception {
    List<Integer> sizes = Stream.of(arguments).map(Integer::valueOf).toList();
    FakeCluster cluster =
        new FakeCluster(
            sizes.get(1),
            sizes.get(2),
            sizes.get(3),
            sizes.get(4),
            Instant.now().minusSeconds(800));
    cluster.fail("gw3", Instant.now().minusSeconds(300));
    FakeGateway gateway = start(cluster, sizes.get(0));
    System.out.println(gateway.console() + " with the token " + TOKEN + "; Enter fails gw2");
    while (System.in.read() >= 0) {
      gateway.fail("gw2");
    }
  }
}
