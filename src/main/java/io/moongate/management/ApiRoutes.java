package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.audit.AuditLog;
import io.moongate.cluster.Metadata;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Origin;
import io.moongate.cluster.view.View;
import io.moongate.management.api.Gateway;
import io.moongate.management.api.Path;
import io.moongate.management.api.ServerVersion;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.javadsl.model.headers.Location;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.StreamTcpException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The console, and the routes below {@code /api/v1}. A slash at the end of a path means nothing.
 */
final class ApiRoutes extends ProblemDirectives {
  private static final Logger log = LoggerFactory.getLogger(ApiRoutes.class);
  private static final String BASE = "/api/v1";

  private final ActorSystem<?> system;
  private final ManagementSettings settings;
  private final Metadata metadata;
  private final Gate gate;
  private final TargetRoutes targets;
  private final LunRoutes luns;
  private final MovementRoutes movement;
  private final SnapshotRoutes snapshots;
  private final StoreRoutes stores;
  private final SessionRoutes sessions;
  private final ClusterRoutes cluster;
  private final ChangeStreams changes;
  private final ReloadRoutes reload;
  private final Optional<AuditRoutes> audit;
  private final ConsoleRoutes console = new ConsoleRoutes();

  private final Monitoring monitoring;
  private final MonitoringRoutes monitors;

  ApiRoutes(
      ActorSystem<?> system,
      ManagementSettings settings,
      Metadata metadata,
      Optional<AuditLog> audit,
      Gate gate,
      Monitoring monitoring,
      RequestTimes times,
      Reloading reloading) {
    super(system);
    this.audit = audit.map(log -> new AuditRoutes(metadata, log));
    this.system = system;
    this.settings = settings;
    this.metadata = metadata;
    this.gate = gate;
    this.monitoring = monitoring;
    this.monitors = new MonitoringRoutes(monitoring, times);
    this.targets = new TargetRoutes(this, metadata);
    this.luns = new LunRoutes(this, metadata, settings.stores());
    this.movement = new MovementRoutes(this, metadata);
    this.snapshots = new SnapshotRoutes(this, metadata);
    this.stores = new StoreRoutes(metadata);
    this.sessions = new SessionRoutes(this, metadata);
    this.cluster = new ClusterRoutes(this, metadata);
    this.reload = new ReloadRoutes(this, reloading, system);
    this.changes = new ChangeStreams(system, settings.idleTimeout(), metadata, gate);
  }

  /** Everything that the server answers. */
  Route all() {
    return withRequestTimeout(
        settings.requestTimeout(),
        request ->
            SecureHeaders.on(
                Problems.response(Problems.unconfirmed(request), Problems.instanceOf(request)),
                gate.tls()),
        () ->
            mapResponse(
                response -> SecureHeaders.on(response, gate.tls()),
                () ->
                    extractRequest(
                        request ->
                            monitors.timed(
                                request, () -> problemsOf(request, () -> guarded(request))))));
  }

  /** Who may not is not heard. */
  private Route guarded(HttpRequest request) {
    Negotiation.requireOwnHost(request, settings);
    if (monitors.isOpen(request)) {
      return monitors.all(request);
    }
    Gate.Decision decision = gate.decide(request);
    return decision instanceof Gate.Refused refused
        ? refuse(request, refused.response(), refused.delay())
        : admitted(((Gate.Admitted) decision).request());
  }

  private Route admitted(HttpRequest request) {
    return concat(monitors.all(request), console.all(request), api(request));
  }

  private Route api(HttpRequest request) {
    return pathPrefix(
        segment("api").slash("v1"),
        () ->
            concat(
                resource("gateways", gateways(request), name -> gateway(request, name)),
                targets.all(request),
                luns.all(request),
                movement.all(request),
                snapshots.all(request),
                stores.all(request),
                audit.map(routes -> routes.all(request)).orElseGet(() -> reject()),
                resource("paths", paths(request)),
                sessions.all(request),
                cluster.all(request),
                reload.all(request),
                resource("changes", get(() -> complete(changes.open(request)))),
                resource(
                    "openapi.json",
                    read(request, (view, query) -> JsonEntity.of(OpenApi.SERVED.document()))),
                resource("version", version(request)),
                resource(
                    "whoami", read(request, (view, query) -> JsonEntity.of(Gate.whoami(request)))),
                resource("health", health(request))));
  }

  private Route resource(String name, Route collection) {
    return pathPrefix(segment(name), () -> pathEndOrSingleSlash(() -> collection));
  }

  private Route resource(String name, Route collection, Function<String, Route> member) {
    return pathPrefix(
        segment(name),
        () ->
            concat(
                pathEndOrSingleSlash(() -> collection),
                pathPrefix(segment(), id -> pathEndOrSingleSlash(() -> member.apply(id)))));
  }

  private Route gateways(HttpRequest request) {
    return list(
        request,
        (view, query) ->
            Resources.gateways(metadata)
                .filter(Filters.oneOf(query, "state", Filters.GATEWAY_STATES, Gateway::state))
                .filter(Filters.oneOf(query, "service", Filters.SERVICES, Gateway::service)),
        gateway -> List.of(gateway.name()),
        "state",
        "service");
  }

  private Route gateway(HttpRequest request, String name) {
    return concat(
        readOne(
            request,
            view ->
                view.gateway(name)
                    .map(
                        entry ->
                            Answers.one(
                                request,
                                entry.version(),
                                Resources.gateway(metadata, name).orElseThrow()))
                    .orElseThrow(() -> notFound("name", "gateway " + name))),
        delete(() -> completeWithFuture(movement.remove(request, name))));
  }

  private Route paths(HttpRequest request) {
    return list(
        request,
        (view, query) ->
            Resources.paths(
                    view,
                    Optional.ofNullable(query.get("target")),
                    lunOf(query),
                    Optional.ofNullable(query.get("gateway")))
                .filter(Filters.equal(query, "id", Path::id))
                .filter(Filters.oneOf(query, "state", Filters.ACCESS_STATES, Path::state)),
        path ->
            List.of(
                path.target(),
                Paging.padded(path.lun()),
                path.gateway(),
                Objects.requireNonNullElse(path.portal(), "")),
        "target",
        "lun",
        "gateway",
        "id",
        "state");
  }

  private Route version(HttpRequest request) {
    return read(
        request,
        (view, query) ->
            JsonEntity.of(
                new ServerVersion(
                    ManagementServer.version(), metadata.gateway(), Runtime.version().toString())));
  }

  private Route health(HttpRequest request) {
    return read(
        request,
        (view, query) -> JsonEntity.of(MonitoringRoutes.withoutDetails(monitoring.health())));
  }

  Route read(
      HttpRequest request,
      BiFunction<View, Map<String, String>, ResponseEntity> answer,
      String... parameters) {
    return get(
        () -> {
          Negotiation.requireJsonAccepted(request);
          Map<String, String> query = Requests.parameters(request, parameters);
          return complete(Answers.read(request, answer.apply(metadata.view(), query)));
        });
  }

  /** Reads one entity. */
  Route readOne(HttpRequest request, Function<View, HttpResponse> answer) {
    return get(
        () -> {
          Negotiation.requireJsonAccepted(request);
          Requests.parameters(request);
          return complete(answer.apply(metadata.view()));
        });
  }

  /**
   * Reads a list, or the part of it that is asked for.
   *
   * @param elements those that the query's parameters leave, sorted by their positions
   * @param position what the list is sorted by
   */
  <T> Route list(
      HttpRequest request,
      BiFunction<View, Map<String, String>, Stream<T>> elements,
      Function<T, List<String>> position,
      String... filters) {
    String[] parameters =
        Stream.concat(Stream.of(filters), Paging.PARAMETERS.stream()).toArray(String[]::new);
    return read(
        request,
        (view, query) -> Answers.list(Paging.of(query), elements.apply(view, query), position),
        parameters);
  }

  Route withBody(
      HttpRequest request, BiFunction<HttpRequest, byte[], CompletionStage<HttpResponse>> action) {
    Negotiation.requireJsonAccepted(request);
    Requests.parameters(request);
    Negotiation.requireJsonBody(request);
    return completeWithFuture(
        request
            .entity()
            .withSizeLimit(settings.maxRequestSize())
            .toStrict(settings.bodyTimeout().toMillis(), system)
            .exceptionally(
                thrown -> {
                  throw late(thrown);
                })
            .thenCompose(strict -> action.apply(request, strict.getData().toArray())));
  }

  /** What breaks off while the body is read, or times out then, is the client's; after it not. */
  private RuntimeException late(Throwable thrown) {
    Throwable cause = Problems.causeOf(thrown);
    if (cause instanceof StreamTcpException) {
      return new ProblemException(
          ProblemType.MALFORMED_REQUEST, "The connection ended before the body did");
    }
    return cause instanceof TimeoutException
        ? new ProblemException(
            ProblemType.REQUEST_TIMEOUT,
            "The body did not arrive within " + settings.bodyTimeout().toMillis() + " ms")
        : new CompletionException(cause);
  }

  /**
   * Asks for a change, and logs who asked and what came of it.
   *
   * @param asked with the metadata cluster as it takes changes of this origin
   */
  <T> CompletionStage<T> change(
      HttpRequest request, String what, Function<Metadata, CompletionStage<T>> asked) {
    Origin origin = origin(request);
    String client = origin.who();
    log.info("management: {} asked by {}", what, client);
    CompletionStage<T> answer;
    try {
      Metadata as = metadata.as(origin);
      answer =
          Tags.expected(request)
              .map(expected -> as.expecting(expected).thenCompose(asked))
              .orElseGet(() -> asked.apply(as));
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    return answer.whenComplete(
        (done, thrown) -> {
          if (thrown == null) {
            log.info("management: {} asked by {}: done", what, client);
          } else {
            log.warn("management: {} asked by {}: {}", what, client, reason(thrown));
          }
        });
  }

  private static String reason(Throwable thrown) {
    Throwable cause = Problems.causeOf(thrown);
    return cause instanceof Refusal refusal
        ? "refused, " + refusal.kind() + ": " + refusal.getMessage()
        : cause.toString();
  }

  /** Who sends a request. */
  Origin origin(HttpRequest request) {
    return new Origin(Gate.user(request), Addresses.of(request), metadata.gateway());
  }

  static HttpResponse created(boolean there, String path, Object body) {
    return createdHere(there, path).withEntity(JsonEntity.of(body));
  }

  /** The same of an entity of a version. */
  static HttpResponse created(boolean there, String path, long version, Object body) {
    return Answers.tagged(createdHere(there, path), OptionalLong.of(version), JsonEntity.of(body));
  }

  private static HttpResponse createdHere(boolean there, String path) {
    StatusCode status = there ? StatusCodes.OK : StatusCodes.CREATED;
    return HttpResponse.create()
        .withStatus(status)
        .addHeader(Location.create(Uri.create(BASE + path)));
  }

  static OptionalInt lunOf(Map<String, String> query) {
    String lun = query.get("lun");
    return lun == null ? OptionalInt.empty() : OptionalInt.of(Requests.lun(lun));
  }

  static ProblemException notFound(String field, String what) {
    return new ProblemException(ProblemType.NOT_FOUND, field, "There is no " + what);
  }

  static void requireUnit(View view, String id) {
    if (view.unit(id).isEmpty()) {
      throw noLun(id);
    }
  }

  static ProblemException noLun(String id) {
    return notFound("id", "logical unit " + id);
  }
}
