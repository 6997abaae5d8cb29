package io.moongate.multinode.harness;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.AllowInitiator;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Cluster;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Initiator;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.MapLun;
import io.moongate.management.api.MoveLun;
import io.moongate.management.api.Operation;
import io.moongate.management.api.Problem;
import io.moongate.management.api.SetAccess;
import io.moongate.management.api.SetChap;
import io.moongate.management.api.SetExplicitAlua;
import io.moongate.management.api.Snapshot;
import io.moongate.management.api.Target;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The HTTP API of one gateway. Every request has a bound; nothing is repeated. */
public final class ApiClient {
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(5);
  // Above the gateway's own bound, so that its answer is seen.
  private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(45);
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final HttpClient HTTP = client().build();

  private final URI base;
  private final String token;
  private final HttpClient http;

  /** An answer that is no success, or none. */
  public static final class ApiException extends Exception {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final String contentType;
    private final transient Optional<Problem> problem;

    ApiException(int status, String contentType, Optional<Problem> problem, String message) {
      super(message);
      this.status = status;
      this.contentType = contentType;
      this.problem = problem;
    }

    /** The HTTP status; 0 when there was no answer. */
    public int status() {
      return status;
    }

    public String contentType() {
      return contentType;
    }

    /** The problem document, when the answer was one. */
    public Optional<Problem> problem() {
      return problem;
    }

    /** Whether the same may succeed later: no answer, or "can't be decided now". */
    public boolean transientFailure() {
      return status == 0 || status == 503;
    }
  }

  /**
   * @param token of a user who may do what is asked
   * @param authority (PEM) of the API's certificate; empty for plain HTTP
   */
  ApiClient(URI base, String token, Optional<Path> authority) {
    this.base = base;
    this.token = token;
    this.http =
        authority
            .map(
                file ->
                    client()
                        .sslContext(
                            Tls.of(
                                    new TlsFiles(
                                        "test",
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.of(file)))
                                .context())
                        .build())
            .orElse(HTTP);
  }

  private static HttpClient.Builder client() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(2));
  }

  public List<Gateway> gateways() throws ApiException {
    return List.of(get("/api/v1/gateways", Gateway[].class));
  }

  public Cluster cluster() throws ApiException {
    return get("/api/v1/cluster", Cluster.class);
  }

  public List<Target> targets() throws ApiException {
    return List.of(get("/api/v1/targets", Target[].class));
  }

  public List<LogicalUnit> luns() throws ApiException {
    return List.of(get("/api/v1/luns", LogicalUnit[].class));
  }

  public LogicalUnit lun(String id) throws ApiException {
    return get("/api/v1/luns/" + id, LogicalUnit.class);
  }

  public List<io.moongate.management.api.Path> paths(String target, int lun) throws ApiException {
    return List.of(
        get(
            "/api/v1/paths?target=" + target + "&lun=" + lun,
            io.moongate.management.api.Path[].class));
  }

  /** Creates a target that every gateway exports; an equal one that is there is fine. */
  public Target createTarget(String name) throws ApiException {
    return post("/api/v1/targets", new CreateTarget(name, null, null), Target.class);
  }

  /** Lets hosts choose the owner of a unit through a target, or not any more. */
  public Target setExplicitAlua(String name, boolean explicitAlua) throws ApiException {
    return put(
        "/api/v1/targets/" + name + "/explicit-alua",
        new SetExplicitAlua(explicitAlua),
        Target.class);
  }

  /** Maps a unit at a LUN of one more target. */
  public Target mapLun(String target, int lun, String id) throws ApiException {
    return put("/api/v1/targets/" + target + "/luns/" + lun, new MapLun(id), Target.class);
  }

  /** Deletes a target that maps no LUN. */
  public void deleteTarget(String name) throws ApiException {
    delete("/api/v1/targets/" + name);
  }

  /**
   * Creates a LUN; an equal one that is there is fine.
   *
   * @param size bytes
   * @param blockSize bytes of a logical block
   * @param store kind of the volume store
   */
  public LogicalUnit createLun(
      String target, int lun, long size, int blockSize, String store, List<String> preferred)
      throws ApiException {
    return post(
        "/api/v1/luns",
        new CreateLun(target, lun, size, blockSize, store, preferred),
        LogicalUnit.class);
  }

  /** Creates a LUN of any kind; an equal one that is there is fine. */
  public LogicalUnit createLun(CreateLun wanted) throws ApiException {
    return post("/api/v1/luns", wanted, LogicalUnit.class);
  }

  /** Deletes a LUN and its data. */
  public void deleteLun(String id) throws ApiException {
    delete("/api/v1/luns/" + id);
  }

  /**
   * Makes a LUN larger; answered when that is on record.
   *
   * @param size bytes that it is to have
   */
  public LogicalUnit resizeLun(String id, long size) throws ApiException {
    return post("/api/v1/luns/" + id + "/resize", Map.of("size", size), LogicalUnit.class);
  }

  /** The snapshots of a LUN, oldest first. */
  public List<Snapshot> snapshots(String id) throws ApiException {
    return List.of(get("/api/v1/luns/" + id + "/snapshots", Snapshot[].class));
  }

  /** Makes a snapshot of a LUN; one of that name that is there is fine. */
  public Snapshot makeSnapshot(String id, String name) throws ApiException {
    return post("/api/v1/luns/" + id + "/snapshots", Map.of("name", name), Snapshot.class);
  }

  public void deleteSnapshot(String id, String name) throws ApiException {
    delete("/api/v1/luns/" + id + "/snapshots/" + name);
  }

  /** Rolls a LUN back; answered when that has ended, or goes on after a while. */
  public LogicalUnit rollBack(String id, String name) throws ApiException {
    return post(
        "/api/v1/luns/" + id + "/snapshots/" + name + "/rollback",
        Map.of("confirm", true),
        LogicalUnit.class);
  }

  /** Makes a LUN read-only or writable; answered when every gateway acts by it. */
  public LogicalUnit setReadOnly(String id, boolean readOnly) throws ApiException {
    return put(
        "/api/v1/luns/" + id + "/read-only", Map.of("readOnly", readOnly), LogicalUnit.class);
  }

  /** Takes a gateway out of service; what it owns is moved away then. */
  public Gateway drain(String gateway) throws ApiException {
    return post("/api/v1/gateways/" + gateway + "/drain", Map.of(), Gateway.class);
  }

  /** Puts a gateway back into service. */
  public Gateway undrain(String gateway) throws ApiException {
    return post("/api/v1/gateways/" + gateway + "/undrain", Map.of(), Gateway.class);
  }

  /** Changes which gateways are to own a LUN, the most wanted first. */
  public LogicalUnit prefer(String id, List<String> gateways) throws ApiException {
    return put(
        "/api/v1/luns/" + id + "/preferred", Map.of("gateways", gateways), LogicalUnit.class);
  }

  /** What is under way. */
  public List<Operation> operations() throws ApiException {
    return List.of(get("/api/v1/operations", Operation[].class));
  }

  /**
   * Says who may log in to a target.
   *
   * @param access {@code open} or {@code listed}
   */
  public Target setAccess(String target, String access) throws ApiException {
    return put("/api/v1/targets/" + target + "/access", new SetAccess(access), Target.class);
  }

  /** Puts an initiator on a target's list, or replaces what was said of it. */
  public Initiator allow(String target, String initiator, AllowInitiator wanted)
      throws ApiException {
    return put("/api/v1/targets/" + target + "/initiators/" + initiator, wanted, Initiator.class);
  }

  /** Takes an initiator off a target's list. */
  public void disallow(String target, String initiator) throws ApiException {
    delete("/api/v1/targets/" + target + "/initiators/" + initiator);
  }

  /** By what a target proves to initiators who it is. */
  public Target setMutualChap(String target, SetChap chap) throws ApiException {
    return put("/api/v1/targets/" + target + "/mutual-chap", chap, Target.class);
  }

  /**
   * An answer as it is, whatever it says.
   *
   * @param path below {@code /api/v1}
   * @param body JSON; null for none
   * @param headers names and values by turns
   */
  public HttpResponse<String> answer(String method, String path, String body, String... headers)
      throws ApiException {
    HttpRequest.Builder request = request("/api/v1" + path, CHANGE_TIMEOUT);
    if (headers.length > 0) {
      request.headers(headers);
    }
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    return send(
        http,
        request
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  /** The changes that the gateway learns, until this is closed. */
  public InputStream changes() throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        http.send(
            request("/api/v1/changes", CHANGE_TIMEOUT).GET().build(),
            HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      throw new IOException("GET /changes answered " + response.statusCode());
    }
    return response.body();
  }

  /** What GET answers, as it is. */
  public String text(String path) throws ApiException {
    return success(request(path, READ_TIMEOUT).GET().build());
  }

  /** Moves the ownership of a LUN; answered once the new owner serves. */
  public LogicalUnit moveLun(String id, String gateway) throws ApiException {
    return post("/api/v1/luns/" + id + "/move", new MoveLun(gateway), LogicalUnit.class);
  }

  /** Whether a readiness probe answers 200. */
  static boolean ready(URI probe) {
    try {
      return send(HTTP, HttpRequest.newBuilder(probe).timeout(READ_TIMEOUT).GET().build())
              .statusCode()
          == 200;
    } catch (ApiException e) {
      return false;
    }
  }

  /** Whether it says that hosts should come: not while it is drained. */
  boolean ready() {
    try {
      text("/health/ready");
      return true;
    } catch (ApiException e) {
      return false;
    }
  }

  private <T> T get(String path, Class<T> type) throws ApiException {
    return read(success(request(path, READ_TIMEOUT).GET().build()), type);
  }

  private <T> T post(String path, Object body, Class<T> type) throws ApiException {
    return change("POST", path, body, type);
  }

  private <T> T put(String path, Object body, Class<T> type) throws ApiException {
    return change("PUT", path, body, type);
  }

  private <T> T change(String method, String path, Object body, Class<T> type) throws ApiException {
    HttpRequest request =
        request(path, CHANGE_TIMEOUT)
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json(body)))
            .build();
    return read(success(request), type);
  }

  private void delete(String path) throws ApiException {
    success(request(path, CHANGE_TIMEOUT).DELETE().build());
  }

  /** Whatever a path is answered with. */
  HttpResponse<String> ask(String path) throws ApiException {
    return send(http, request(path, READ_TIMEOUT).build());
  }

  private HttpRequest.Builder request(String path, Duration timeout) {
    return HttpRequest.newBuilder(base.resolve(path))
        .timeout(timeout)
        .header("Authorization", "Bearer " + token);
  }

  private String success(HttpRequest request) throws ApiException {
    HttpResponse<String> response = send(http, request);
    if (response.statusCode() / 100 != 2) {
      String type = response.headers().firstValue("Content-Type").orElse("");
      throw new ApiException(
          response.statusCode(),
          type,
          problem(type, response.body()),
          "%s %s answered %d: %s"
              .formatted(request.method(), request.uri(), response.statusCode(), response.body()));
    }
    return response.body();
  }

  private static HttpResponse<String> send(HttpClient http, HttpRequest request)
      throws ApiException {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new ApiException(
          0, "", Optional.empty(), "%s %s: %s".formatted(request.method(), request.uri(), e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private static Optional<Problem> problem(String type, String body) {
    if (!type.startsWith(Problem.MEDIA_TYPE)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readValue(body, Problem.class));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static <T> T read(String body, Class<T> type) {
    try {
      return JSON.readValue(body, type);
    } catch (JsonProcessingException e) {
      throw new AssertionError("an answer that is no " + type.getSimpleName() + ": " + body, e);
    }
  }

  private static String json(Object body) {
    try {
      return ApiJson.requests().writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + body, e);
    }
  }
}
