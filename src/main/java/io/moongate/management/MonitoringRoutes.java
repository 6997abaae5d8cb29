package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.management.api.Health;
import io.moongate.management.api.HealthCheck;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.util.ByteString;

/** What is there for machines that watch over a gateway: {@code /metrics} and {@code /health}. */
final class MonitoringRoutes extends AllDirectives {
  private final Monitoring monitoring;
  private final RequestTimes times;

  MonitoringRoutes(Monitoring monitoring, RequestTimes times) {
    this.monitoring = monitoring;
    this.times = times;
  }

  /** Times what the inner route answers. */
  Route timed(HttpRequest request, Supplier<Route> inner) {
    long begun = System.nanoTime();
    return mapResponse(
        response -> {
          times.answered(
              request.method().value(),
              Permissions.at(request.getUri().pathSegments())
                  .map(Permissions.Resource::pattern)
                  .orElse(RequestTimes.OTHER),
              response.status().intValue(),
              System.nanoTime() - begun);
          return response;
        },
        inner);
  }

  /** Whether whoever reaches the API may have that. */
  boolean isOpen(HttpRequest request) {
    return monitoring.metricsOpen() && request.getUri().path().equals("/metrics");
  }

  /** All of it. */
  Route all(HttpRequest request) {
    return concat(metrics(request), health());
  }

  /** What strangers may know: neither addresses nor names. */
  static Health withoutDetails(Health health) {
    return new Health(
        health.status(),
        health.gateway(),
        health.ready(),
        health.notReady(),
        health.checks().stream()
            .map(check -> new HealthCheck(check.name(), check.state(), ""))
            .toList());
  }

  /** Metrics, for Prometheus. */
  private Route metrics(HttpRequest request) {
    return path(
        "metrics",
        () ->
            get(
                () -> {
                  Monitoring.Page page = monitoring.metrics(accept(request));
                  return complete(
                      HttpResponse.create()
                          .withEntity(
                              HttpEntities.create(
                                  ContentTypes.parse(page.contentType()),
                                  ByteString.fromArrayUnsafe(page.body()))));
                }));
  }

  /** All values of the header, with their parameters. */
  private static String accept(HttpRequest request) {
    String accept = "";
    for (HttpHeader header : request.getHeaders()) {
      if (header.is("accept")) {
        accept += (accept.isEmpty() ? "" : ", ") + header.value();
      }
    }
    return accept;
  }

  /** Health: for load balancers and supervisors by the status alone, and in full. */
  private Route health() {
    return pathPrefix(
        segment("health"),
        () ->
            concat(
                pathEndOrSingleSlash(
                    () -> get(() -> complete(answer(StatusCodes.OK, monitoring.health())))),
                path(
                    "live",
                    () ->
                        get(
                            () ->
                                complete(
                                    monitoring.live()
                                        ? answer(StatusCodes.OK, Map.of("live", true))
                                        : answer(
                                            StatusCodes.SERVICE_UNAVAILABLE,
                                            Map.of("live", false, "reason", notLive()))))),
                path("ready", () -> get(() -> complete(ready())))));
  }

  private String notLive() {
    return monitoring.health().checks().stream()
        .filter(check -> check.state().equals("down"))
        .map(HealthCheck::name)
        .collect(Collectors.joining(", "));
  }

  private HttpResponse ready() {
    Health health = monitoring.health();
    return health.ready()
        ? answer(StatusCodes.OK, Map.of("ready", true, "status", health.status()))
        : answer(
            StatusCodes.SERVICE_UNAVAILABLE,
            Map.of("ready", false, "status", health.status(), "reasons", health.notReady()));
  }

  private static HttpResponse answer(StatusCode status, Object body) {
    return HttpResponse.create().withStatus(status).withEntity(JsonEntity.of(body));
  }
}
