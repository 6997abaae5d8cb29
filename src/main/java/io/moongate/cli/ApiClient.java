package io.moongate.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.Problem;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/** Asks a gateway's HTTP API, and the next gateway's when one does not answer. */
final class ApiClient {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final String BASE = "/api/v1";

  /** Made when it is needed first: a command that asks nobody is done before that. */
  private static final class Json {
    private static final ObjectMapper MAPPER = ApiJson.mapper();
    private static final ObjectMapper REQUESTS = ApiJson.requests();
  }

  private final List<URI> apis;
  private final Duration timeout;
  private final Optional<String> token;
  private final Optional<SSLContext> tls;
  private final boolean insecure;
  private HttpClient http;

  /**
   * A client.
   *
   * @param apis base URLs in the order in which they are tried
   * @param timeout longest wait for one answer
   * @param token of who asks
   * @param tls of connections by https; empty: as Java does it
   * @param insecure whether the token and changes may go to other hosts in the clear
   */
  ApiClient(
      List<URI> apis,
      Duration timeout,
      Optional<String> token,
      Optional<SSLContext> tls,
      boolean insecure) {
    this.apis = List.copyOf(apis);
    this.timeout = timeout;
    this.token = token;
    this.tls = tls;
    this.insecure = insecure;
  }

  /** Made when it is needed first, too. */
  private synchronized HttpClient http() {
    if (http != null) {
      return http;
    }
    HttpClient.Builder client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .proxy(HttpClient.Builder.NO_PROXY)
            .followRedirects(HttpClient.Redirect.NEVER);
    if (apis.stream().noneMatch(api -> "https".equals(api.getScheme()))) {
      client.sslContext(Unencrypted.context());
    } else {
      tls.ifPresent(client::sslContext);
    }
    http = client.build();
    return http;
  }

  /** The gateways that are asked, in the order in which they are tried. */
  List<URI> apis() {
    return apis;
  }

  /** A client of one of the gateways. */
  ApiClient only(URI api) {
    return at(api, timeout);
  }

  /**
   * Whether the token may be sent to a gateway that others have named: not in the clear, but where
   * all that was named by the user is on this host as well.
   */
  boolean mayTrust(URI api) {
    return "https".equals(api.getScheme())
        || apis.contains(api)
        || (api.getHost() != null
            && PlainHttp.loopback(api)
            && apis.stream().allMatch(PlainHttp::loopback));
  }

  /** A client of one gateway that says to nobody who asks. */
  ApiClient anonymous(URI api, Duration longest) {
    return new ApiClient(List.of(api), longest, Optional.empty(), tls, insecure);
  }

  /** A client of one gateway that is like this one otherwise. */
  ApiClient at(URI api, Duration longest) {
    return new ApiClient(List.of(api), longest, token, tls, insecure);
  }

  /** Reads a resource; {@code path} is what follows {@code /api/v1}. */
  JsonNode get(String path) {
    return send("GET", path, null);
  }

  JsonNode post(String path, Object body) {
    return send("POST", path, body);
  }

  JsonNode put(String path, Object body) {
    return send("PUT", path, body);
  }

  void delete(String path) {
    send("DELETE", path, null);
  }

  /** A value as one element of a path or of a query. */
  static String encode(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** An answer as a record of the API. */
  <T> T as(JsonNode answer, Class<T> type) {
    try {
      return Json.MAPPER.treeToValue(answer, type);
    } catch (JsonProcessingException e) {
      throw ApiException.refused(
          "The answer is not what this version expects: " + e.getOriginalMessage());
    }
  }

  /** An answer as a list of records of the API. */
  <T> List<T> asList(JsonNode answer, Class<T> type) {
    List<T> list = new ArrayList<>(answer.size());
    for (JsonNode element : answer) {
      list.add(as(element, type));
    }
    return list;
  }

  String pretty(JsonNode answer) {
    return answer.toPrettyString();
  }

  private JsonNode send(String method, String path, Object body) {
    List<String> silent = new ArrayList<>();
    for (URI api : apis) {
      if (!insecure && (token.isPresent() || body != null)) {
        switch (PlainHttp.way(api)) {
          case IN_THE_CLEAR -> throw ApiException.refused(PlainHttp.refusal(api));
          case NOWHERE -> {
            silent.add(api + ": unknown host");
            continue;
          }
          case PROTECTED -> {}
        }
      }
      HttpRequest request = request(api, method, path, body);
      try {
        return answer(api, http().send(request, BodyHandlers.ofByteArray()));
      } catch (HttpTimeoutException | ConnectException e) {
        silent.add(api + ": " + reason(e));
        if (!(e instanceof ConnectException || e instanceof HttpConnectTimeoutException)) {
          requireRead(method, silent);
        }
      } catch (IOException e) {
        silent.add(api + ": " + reason(e));
        if (!(e.getCause() instanceof UnresolvedAddressException)) {
          requireRead(method, silent);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw ApiException.unreachable("Interrupted while waiting for " + api);
      }
    }
    throw ApiException.unreachable("No gateway answers: " + String.join("; ", silent));
  }

  /**
   * A change that may have reached one gateway is not asked of the next: it might be made twice.
   */
  private static void requireRead(String method, List<String> silent) {
    if (!method.equals("GET")) {
      throw ApiException.unreachable(
          "No answer from " + silent.get(silent.size() - 1),
          "The change may have been made: look before you repeat it");
    }
  }

  private HttpRequest request(URI api, String method, String path, Object body) {
    String base = api.toString();
    URI uri =
        URI.create(
            (base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + BASE + path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).timeout(timeout).header("Accept", "application/json");
    token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
    if (body == null) {
      return request.method(method, BodyPublishers.noBody()).build();
    }
    try {
      return request
          .header("Content-Type", "application/json")
          .method(method, BodyPublishers.ofByteArray(Json.REQUESTS.writeValueAsBytes(body)))
          .build();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private JsonNode answer(URI api, HttpResponse<byte[]> response) {
    int status = response.statusCode();
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (status == 204) {
      return Json.MAPPER.nullNode();
    }
    try {
      if (status >= 200 && status < 300 && type.startsWith("application/json")) {
        return Json.MAPPER.readTree(response.body());
      } else if (type.startsWith(Problem.MEDIA_TYPE)) {
        throw ApiException.refused(
            status, text(Json.MAPPER.readValue(response.body(), Problem.class)));
      }
    } catch (IOException e) {
      throw ApiException.refused(api + " answered what is not JSON (status " + status + ")");
    }
    throw ApiException.refused(
        api + " did not answer as a gateway does: status " + status + ", " + type);
  }

  private static String text(Problem problem) {
    String detail = problem.detail() == null ? problem.title() : problem.detail();
    return detail
        + (problem.field() == null ? "" : " [field " + problem.field() + "]")
        + " (status "
        + problem.status()
        + ")";
  }

  private static String reason(IOException e) {
    if (e instanceof HttpConnectTimeoutException) {
      return "no connection within " + CONNECT_TIMEOUT.toSeconds() + " s";
    } else if (e instanceof HttpTimeoutException) {
      return "no answer in time";
    } else if (e.getCause() instanceof UnresolvedAddressException) {
      return "unknown host";
    } else if (e instanceof ConnectException) {
      return "connection refused";
    } else if (e instanceof SSLException) {
      return "TLS: " + e.getMessage();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
