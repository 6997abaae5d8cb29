package io.moongate.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.management.api.Path;
import io.moongate.management.api.Problem;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** The HTTP API of one gateway, as much of it as the demo uses. Each request has a bound. */
public final class GatewayApi {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration QUERY_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration CHANGE_TIMEOUT = Duration.ofSeconds(40);
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  /** No answer, or one that is no success. */
  static final class ApiException extends Exception {
    private static final long serialVersionUID = 1L;
    private final int status;

    ApiException(int status, String message) {
      super(message);
      this.status = status;
    }

    /** The HTTP status; 0 when there was no answer that could be read. */
    int status() {
      return status;
    }
  }

  private final URI base;
  private final String token;

  /**
   * @param token of a user who may do what is asked
   */
  GatewayApi(URI base, String token) {
    this.base = base;
    this.token = token;
  }

  /** Whether a readiness probe answers 200. */
  static boolean ready(URI readiness) {
    try {
      return send(query(readiness).build()).statusCode() == 200;
    } catch (ApiException e) {
      return false;
    }
  }

  List<Gateway> gateways() throws ApiException {
    return List.of(get("/api/v1/gateways", Gateway[].class));
  }

  List<Path> paths() throws ApiException {
    return List.of(get("/api/v1/paths", Path[].class));
  }

  /** Creates a target that every gateway exports; an equal one that is there is fine. */
  void createTarget(String iqn) throws ApiException {
    post("/api/v1/targets", new CreateTarget(iqn, null, null));
  }

  /**
   * Creates a LUN; an equal one that is there is fine.
   *
   * @param size bytes
   */
  void createLun(String iqn, int lun, long size, String store) throws ApiException {
    post("/api/v1/luns", new CreateLun(iqn, lun, size, null, store, null));
  }

  List<LogicalUnit> luns() throws ApiException {
    return List.of(get("/api/v1/luns", LogicalUnit[].class));
  }

  /** Deletes a LUN with its data, whoever is logged in. */
  void deleteLun(String id) throws ApiException {
    success(
        HttpRequest.newBuilder(base.resolve("/api/v1/luns/" + id + "?force=true"))
            .timeout(CHANGE_TIMEOUT)
            .DELETE());
  }

  private <T> T get(String path, Class<T> type) throws ApiException {
    String body = success(query(base.resolve(path)));
    try {
      return JSON.readValue(body, type);
    } catch (JsonProcessingException e) {
      throw new ApiException(
          0, "GET %s: an answer that can't be read: %s".formatted(path, e.getOriginalMessage()));
    }
  }

  private void post(String path, Object body) throws ApiException {
    try {
      success(
          HttpRequest.newBuilder(base.resolve(path))
              .timeout(CHANGE_TIMEOUT)
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body))));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + body, e);
    }
  }

  private static HttpRequest.Builder query(URI uri) {
    return HttpRequest.newBuilder(uri).timeout(QUERY_TIMEOUT).GET();
  }

  private String success(HttpRequest.Builder asked) throws ApiException {
    HttpRequest request = asked.header("Authorization", "Bearer " + token).build();
    HttpResponse<String> response = send(request);
    if (response.statusCode() / 100 != 2) {
      throw new ApiException(
          response.statusCode(),
          "%s %s answered %d: %s"
              .formatted(
                  request.method(), request.uri(), response.statusCode(), reason(response.body())));
    }
    return response.body();
  }

  /** What a problem document says, or the body as it is. */
  static String reason(String body) {
    try {
      Problem problem = JSON.readValue(body, Problem.class);
      return problem.detail() == null ? body : problem.detail();
    } catch (JsonProcessingException e) {
      return body;
    }
  }

  private static HttpResponse<String> send(HttpRequest request) throws ApiException {
    try {
      return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new ApiException(0, "%s %s: %s".formatted(request.method(), request.uri(), e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted", e);
    }
  }
}
