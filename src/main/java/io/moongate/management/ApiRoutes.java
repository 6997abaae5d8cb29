package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.Health;
import io.moongate.management.api.MoveLun;
import io.moongate.management.api.ResizeLun;
import io.moongate.management.api.ServerVersion;
import io.moongate.management.api.SetReadOnly;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.javadsl.model.headers.Location;
import org.apache.pekko.http.javadsl.server.Route;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The routes below {@code /api/v1}. A slash at the end of a path means nothing. */
final class ApiRoutes extends ProblemDirectives {
  private static final Logger log = LoggerFactory.getLogger(ApiRoutes.class);
  private static final String BASE = "/api/v1";

  private final ActorSystem<?> system;
  private final ManagementSettings settings;
  private final Metadata metadata;
  private final AccessRoutes access;
  private final MovementRoutes movement;
  private final SnapshotRoutes snapshots;
  private final StoreRoutes stores;

  ApiRoutes(ActorSystem<?> system, ManagementSettings settings, Metadata metadata) {
    super(system);
    this.system = system;
    this.settings = settings;
    this.metadata = metadata;
    this.access = new AccessRoutes(this, metadata);
    this.movement = new MovementRoutes(this, metadata);
    this.snapshots = new SnapshotRoutes(this, metadata);
    this.stores = new StoreRoutes(metadata);
  }

  /** Everything that the server answers. */
  Route all() {
    return withRequestTimeout(
        settings.requestTimeout(),
        request -> Problems.response(Problems.unconfirmed(request), Problems.instanceOf(request)),
        () -> extractRequest(request -> problemsOf(request, () -> api(request))));
  }

  private Route api(HttpRequest request) {
    Negotiation.requireOwnHost(request, settings);
    return pathPrefix(
        segment("api").slash("v1"),
        () ->
            concat(
                resource("gateways", gateways(request), name -> gateway(request, name)),
                resource("targets", targets(request), name -> target(request, name)),
                path(
                    segment("targets").slash(segment()).slash("explicit-alua"),
                    name -> explicitAlua(request, name)),
                pathPrefix(segment("targets").slash(segment()), name -> access.of(request, name)),
                resource("luns", luns(request), id -> lun(request, id)),
                path(segment("luns").slash(segment()).slash("move"), id -> moveLun(request, id)),
                path(
                    segment("luns").slash(segment()).slash("resize"), id -> resizeLun(request, id)),
                path(
                    segment("luns").slash(segment()).slash("read-only"),
                    id -> readOnlyLun(request, id)),
                path(
                    segment("targets").slash(segment()).slash("luns").slash(segment()),
                    (name, lun) -> mapping(request, name, lun)),
                movement.all(request),
                snapshots.all(request),
                stores.all(request),
                resource("paths", paths(request)),
                resource("sessions", sessions(request)),
                resource("version", version(request)),
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
    return read(request, (view, query) -> JsonEntity.list(Resources.gateways(metadata)));
  }

  private Route gateway(HttpRequest request, String name) {
    return concat(
        read(
            request,
            (view, query) ->
                JsonEntity.of(
                    Resources.gateway(metadata, name)
                        .orElseThrow(() -> notFound("name", "gateway " + name)))),
        delete(() -> completeWithFuture(movement.remove(request, name))));
  }

  private Route targets(HttpRequest request) {
    return concat(
        read(request, (view, query) -> JsonEntity.list(Resources.targets(view))),
        post(() -> withBody(request, this::createTarget)));
  }

  private CompletionStage<HttpResponse> createTarget(HttpRequest request, byte[] body) {
    View view = metadata.view();
    CreateTarget wanted = Requests.createTarget(body, view);
    boolean there = view.target(wanted.name()).isPresent();
    return change(
            request,
            "create " + wanted,
            () ->
                metadata.createTarget(
                    wanted.name(), wanted.gateways(), Optional.ofNullable(wanted.explicitAlua())))
        .thenApply(
            (TargetEntry entry) ->
                created(there, "/targets/" + entry.name(), Resources.target(entry, view)));
  }

  private Route target(HttpRequest request, String name) {
    return concat(
        read(
            request,
            (view, query) ->
                JsonEntity.of(
                    view.target(name)
                        .map(entry -> Resources.target(entry, view))
                        .orElseThrow(() -> notFound("name", "target " + name)))),
        delete(() -> completeWithFuture(deleteTarget(request, name))));
  }

  private Route explicitAlua(HttpRequest request, String name) {
    return put(
        () ->
            withBody(
                request,
                (sameRequest, body) -> {
                  boolean wanted = Requests.setExplicitAlua(body).explicitAlua();
                  if (metadata.view().target(name).isEmpty()) {
                    throw notFound("name", "target " + name);
                  }
                  return change(
                          request,
                          "%s explicit ALUA of target %s"
                              .formatted(wanted ? "offer" : "withdraw", name),
                          () -> metadata.setExplicitAlua(name, wanted))
                      .thenApply(
                          entry ->
                              HttpResponse.create()
                                  .withEntity(
                                      JsonEntity.of(Resources.target(entry, metadata.view()))));
                }));
  }

  private CompletionStage<HttpResponse> deleteTarget(HttpRequest request, String name) {
    Requests.parameters(request);
    return change(request, "delete target " + name, () -> metadata.deleteTarget(name))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  private Route luns(HttpRequest request) {
    return concat(
        read(
            request,
            (view, query) ->
                JsonEntity.list(
                    Resources.units(
                        metadata,
                        Optional.ofNullable(query.get("target")),
                        lunOf(query),
                        Optional.ofNullable(query.get("owner")))),
            "target",
            "lun",
            "owner"),
        post(() -> withBody(request, this::createLun)));
  }

  private CompletionStage<HttpResponse> createLun(HttpRequest request, byte[] body) {
    View view = metadata.view();
    CreateLun wanted = Requests.createLun(body, view, settings.stores());
    Resources.Mapping mapping = new Resources.Mapping(wanted.target(), wanted.lun());
    Optional<String> before =
        view.target(wanted.target()).map(entry -> entry.luns().get(wanted.lun()));
    return change(
            request,
            "create " + wanted,
            () ->
                metadata.createUnit(
                    wanted.target(),
                    wanted.lun(),
                    wanted.size() == null ? 0 : wanted.size(),
                    wanted.blockSize(),
                    wanted.store(),
                    wanted.preferred(),
                    Requests.attributes(wanted)))
        .thenApply(
            (UnitEntry entry) ->
                created(
                    before.equals(Optional.of(entry.id())),
                    "/luns/" + entry.id(),
                    Resources.unit(metadata, entry, withOthers(entry.id(), mapping))));
  }

  /** The replica may not know the place yet at which the unit has just been mapped. */
  private List<Resources.Mapping> withOthers(String id, Resources.Mapping mapping) {
    List<Resources.Mapping> others = Resources.mappings(metadata.view(), id);
    return others.contains(mapping) ? others : List.of(mapping);
  }

  private Route lun(HttpRequest request, String id) {
    return concat(
        read(
            request,
            (view, query) ->
                JsonEntity.of(Resources.unit(metadata, id).orElseThrow(() -> noLun(id)))),
        delete(() -> completeWithFuture(deleteLun(request, id))));
  }

  private CompletionStage<HttpResponse> deleteLun(HttpRequest request, String id) {
    boolean force = Requests.flag(Requests.parameters(request, "force"), "force");
    View view = metadata.view();
    requireUnit(view, id);
    return change(
            request,
            "delete LUN of id " + id + (force ? " by force" : ""),
            () -> metadata.deleteUnit(id, force))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  private Route moveLun(HttpRequest request, String id) {
    return post(
        () ->
            withBody(
                request,
                (sameRequest, body) -> {
                  View view = metadata.view();
                  requireUnit(view, id);
                  MoveLun wanted = Requests.moveLun(body, view);
                  String cause =
                      "moved through the API of " + metadata.gateway() + " by " + client(request);
                  return change(
                          request,
                          "move LUN " + id + " to " + wanted.gateway(),
                          () -> metadata.moveUnit(id, wanted.gateway(), cause))
                      .thenApply(
                          entry ->
                              HttpResponse.create()
                                  .withEntity(JsonEntity.of(Resources.unit(metadata, entry))));
                }));
  }

  private Route resizeLun(HttpRequest request, String id) {
    return post(
        () ->
            withBody(
                request,
                (sameRequest, body) -> {
                  requireUnit(metadata.view(), id);
                  ResizeLun wanted = Requests.resizeLun(body);
                  String cause =
                      "resized through the API of " + metadata.gateway() + " by " + client(request);
                  return change(
                          request,
                          "resize LUN " + id + " to " + wanted.size() + " bytes",
                          () -> metadata.resizeUnit(id, wanted.size(), cause))
                      .thenApply(
                          entry ->
                              HttpResponse.create()
                                  .withEntity(JsonEntity.of(Resources.unit(metadata, entry))));
                }));
  }

  private Route readOnlyLun(HttpRequest request, String id) {
    return put(
        () ->
            withBody(
                request,
                (sameRequest, body) -> {
                  requireUnit(metadata.view(), id);
                  SetReadOnly wanted = Requests.setReadOnly(body);
                  String what = wanted.readOnly() ? "read-only" : "writable";
                  String cause =
                      "made %s through the API of %s by %s"
                          .formatted(what, metadata.gateway(), client(request));
                  return change(
                          request,
                          "make LUN %s %s".formatted(id, what),
                          () -> metadata.setReadOnly(id, wanted.readOnly(), cause))
                      .thenApply(
                          entry ->
                              HttpResponse.create()
                                  .withEntity(JsonEntity.of(Resources.unit(metadata, entry))));
                }));
  }

  private Route mapping(HttpRequest request, String target, String lun) {
    return concat(
        put(() -> withBody(request, (sameRequest, body) -> mapLun(request, target, lun, body))),
        delete(() -> completeWithFuture(unmapLun(request, target, lun))));
  }

  private CompletionStage<HttpResponse> mapLun(
      HttpRequest request, String name, String number, byte[] body) {
    View view = metadata.view();
    TargetEntry target = view.target(name).orElseThrow(() -> notFound("name", "target " + name));
    int lun = Requests.lun(number);
    String id = Requests.mapLun(body).id();
    requireUnit(view, id);
    boolean there = id.equals(target.luns().get(lun));
    return change(
            request,
            "map LUN %d of %s to %s".formatted(lun, name, id),
            () -> metadata.mapUnit(name, lun, id))
        .thenApply(
            (TargetEntry entry) ->
                HttpResponse.create()
                    .withStatus(there ? StatusCodes.OK : StatusCodes.CREATED)
                    .withEntity(JsonEntity.of(Resources.target(entry, view))));
  }

  private CompletionStage<HttpResponse> unmapLun(HttpRequest request, String name, String number) {
    Requests.parameters(request);
    int lun = Requests.lun(number);
    if (metadata.view().target(name).isEmpty()) {
      throw notFound("name", "target " + name);
    }
    return change(
            request, "unmap LUN %d of %s".formatted(lun, name), () -> metadata.unmapLun(name, lun))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  private Route paths(HttpRequest request) {
    return read(
        request,
        (view, query) ->
            JsonEntity.list(
                Resources.paths(
                    view,
                    Optional.ofNullable(query.get("target")),
                    lunOf(query),
                    Optional.ofNullable(query.get("gateway")))),
        "target",
        "lun",
        "gateway");
  }

  private Route sessions(HttpRequest request) {
    return get(
        () -> {
          Negotiation.requireJsonAccepted(request);
          Requests.parameters(request);
          return completeWithFuture(
              metadata
                  .sessions()
                  .thenApply(
                      sessions ->
                          HttpResponse.create()
                              .withEntity(JsonEntity.of(Resources.sessions(sessions)))));
        });
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
    return read(request, (view, query) -> JsonEntity.of(new Health("up", metadata.gateway())));
  }

  Route read(
      HttpRequest request,
      BiFunction<View, Map<String, String>, ResponseEntity> answer,
      String... parameters) {
    return get(
        () -> {
          Negotiation.requireJsonAccepted(request);
          Map<String, String> query = Requests.parameters(request, parameters);
          return complete(HttpResponse.create().withEntity(answer.apply(metadata.view(), query)));
        });
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

  /** A timeout while the body is read is the client's; what times out after it is not. */
  private RuntimeException late(Throwable thrown) {
    Throwable cause = Problems.causeOf(thrown);
    return cause instanceof TimeoutException
        ? new ProblemException(
            ProblemType.REQUEST_TIMEOUT,
            "The body did not arrive within " + settings.bodyTimeout().toMillis() + " ms")
        : new CompletionException(cause);
  }

  /** Asks for a change, and logs who asked and what came of it. */
  <T> CompletionStage<T> change(
      HttpRequest request, String what, Supplier<CompletionStage<T>> asked) {
    String client = client(request);
    log.info("management: {} asked by {}", what, client);
    CompletionStage<T> answer;
    try {
      answer = asked.get();
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

  static String client(HttpRequest request) {
    return request
        .getAttribute(AttributeKeys.remoteAddress)
        .flatMap(address -> address.getAddress())
        .map(address -> address.getHostAddress())
        .orElse("an unknown address");
  }

  static HttpResponse created(boolean there, String path, Object body) {
    StatusCode status = there ? StatusCodes.OK : StatusCodes.CREATED;
    return HttpResponse.create()
        .withStatus(status)
        .addHeader(Location.create(Uri.create(BASE + path)))
        .withEntity(JsonEntity.of(body));
  }

  private static OptionalInt lunOf(Map<String, String> query) {
    String lun = query.get("lun");
    return lun == null ? OptionalInt.empty() : OptionalInt.of(Requests.lun(lun));
  }

  static ProblemException notFound(String field, String what) {
    return new ProblemException(ProblemType.NOT_FOUND, field, "There is no " + what);
  }

  private static void requireUnit(View view, String id) {
    if (view.unit(id).isEmpty()) {
      throw noLun(id);
    }
  }

  private static ProblemException noLun(String id) {
    return notFound("id", "logical unit " + id);
  }
}
