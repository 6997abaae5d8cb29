package io.moongate.management;

import com.typesafe.config.ConfigFactory;
import io.moongate.audit.AuditLog;
import io.moongate.cluster.security.RefusedAttempt;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.http.javadsl.ServerBinding;

/** The real server on a free port of loopback, before a {@link FakeMetadata}. */
public final class TestServer {
  /** A line of a request's head: the administrator's token. */
  static final String AUTHORIZATION = "Authorization: Bearer " + TestUsers.ADMIN + "\r\n";

  private static final long BOUND_SECONDS = 30;

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .proxy(HttpClient.Builder.NO_PROXY)
          .build();
  private final ActorSystem<Void> system;
  private final InetSocketAddress address;
  private final List<RefusedAttempt> refused = new CopyOnWriteArrayList<>();
  private final FakeMetadata metadata = new FakeMetadata();
  private final FakeMonitoring monitoring = new FakeMonitoring();
  private final RequestTimes times = new RequestTimes();

  private TestServer(
      ManagementSettings settings, SecuritySettings security, Optional<AuditLog> audit)
      throws Exception {
    system = ActorSystem.create(Behaviors.empty(), "management", ConfigFactory.defaultReference());
    ServerBinding binding =
        ManagementServer.start(
                system,
                settings,
                security,
                metadata,
                audit,
                refused::add,
                monitoring,
                times,
                new FakeReloading())
            .toCompletableFuture()
            .get(BOUND_SECONDS, TimeUnit.SECONDS);
    address = binding.localAddress();
  }

  public static TestServer start() throws Exception {
    return start(Duration.ofSeconds(20), Duration.ofSeconds(5));
  }

  static TestServer start(Duration requestTimeout, Duration bodyTimeout) throws Exception {
    return start(requestTimeout, bodyTimeout, Duration.ofSeconds(60));
  }

  static TestServer start(Duration requestTimeout, Duration bodyTimeout, Duration idleTimeout)
      throws Exception {
    return new TestServer(
        settings(requestTimeout, bodyTimeout, idleTimeout), TestUsers.settings(), Optional.empty());
  }

  static TestServer start(SecuritySettings security) throws Exception {
    return new TestServer(settings(), security, Optional.empty());
  }

  /** One with so few connections that one which is not given back is missed. */
  static TestServer withConnections(int most) throws Exception {
    return new TestServer(
        new ManagementSettings(
            "127.0.0.1",
            0,
            false,
            Duration.ofSeconds(20),
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            Duration.ofSeconds(1),
            64 * 1024,
            most,
            List.of("file", "memory")),
        TestUsers.settings(),
        Optional.empty());
  }

  /** One that also knows what was. */
  public static TestServer start(AuditLog audit) throws Exception {
    return new TestServer(settings(), TestUsers.settings(), Optional.of(audit));
  }

  private static ManagementSettings settings() {
    return settings(Duration.ofSeconds(20), Duration.ofSeconds(5), Duration.ofSeconds(60));
  }

  private static ManagementSettings settings(
      Duration requestTimeout, Duration bodyTimeout, Duration idleTimeout) {
    return new ManagementSettings(
        "127.0.0.1",
        0,
        false,
        requestTimeout,
        bodyTimeout,
        idleTimeout,
        Duration.ofSeconds(1),
        2048,
        1024,
        List.of("file", "memory"));
  }

  /** What was refused to whom, as it is kept. */
  List<RefusedAttempt> refused() {
    return refused;
  }

  public FakeMetadata metadata() {
    return metadata;
  }

  FakeMonitoring monitoring() {
    return monitoring;
  }

  RequestTimes times() {
    return times;
  }

  public URI base() {
    return URI.create("http://127.0.0.1:" + address.getPort());
  }

  HttpResponse<String> get(String path) throws Exception {
    return send(request(path).GET().build());
  }

  HttpResponse<String> post(String path, String json) throws Exception {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json))
            .build());
  }

  HttpResponse<String> method(String method, String path) throws Exception {
    return send(request(path).method(method, BodyPublishers.noBody()).build());
  }

  HttpResponse<String> put(String path, String body) throws Exception {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofString(body))
            .build());
  }

  HttpRequest.Builder request(String path) {
    return as(TestUsers.ADMIN, path);
  }

  /** A request of a user. */
  HttpRequest.Builder as(String token, String path) {
    return anonymous(path).header("Authorization", "Bearer " + token);
  }

  /** A request of nobody. */
  HttpRequest.Builder anonymous(String path) {
    return HttpRequest.newBuilder(base().resolve("/api/v1" + path))
        .timeout(Duration.ofSeconds(BOUND_SECONDS));
  }

  HttpResponse<String> send(HttpRequest request) throws Exception {
    return client.send(request, BodyHandlers.ofString());
  }

  /** The status of an answer, of which no more is read. */
  int status(HttpRequest request) throws Exception {
    HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
    response.body().close();
    return response.statusCode();
  }

  /** Sends these bytes and answers what comes back until the server closes. */
  String raw(String text) throws IOException {
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(BOUND_SECONDS));
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  public void close() throws Exception {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(BOUND_SECONDS, TimeUnit.SECONDS);
  }
}
