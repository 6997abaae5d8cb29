package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.View;
import io.moongate.management.api.CreateTarget;
import io.moongate.management.api.Target;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/** The routes about targets and what their LUNs are. */
final class TargetRoutes extends AllDirectives {
  private final ApiRoutes api;
  private final Metadata metadata;
  private final AccessRoutes access;

  TargetRoutes(ApiRoutes api, Metadata metadata) {
    this.api = api;
    this.metadata = metadata;
    this.access = new AccessRoutes(api, metadata);
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return pathPrefix(
        segment("targets"),
        () ->
            concat(
                pathEndOrSingleSlash(() -> targets(request)),
                pathPrefix(
                    segment(),
                    name ->
                        concat(
                            pathEndOrSingleSlash(() -> target(request, name)),
                            path(segment("explicit-alua"), () -> explicitAlua(request, name)),
                            path(
                                segment("luns").slash(segment()),
                                lun -> mapping(request, name, lun)),
                            access.of(request, name)))));
  }

  private Route targets(HttpRequest request) {
    return concat(
        api.list(
            request,
            (view, query) ->
                Resources.targets(view).filter(Filters.among(query, "gateway", Target::gateways)),
            target -> List.of(target.name()),
            "gateway"),
        post(() -> api.withBody(request, this::createTarget)));
  }

  private CompletionStage<HttpResponse> createTarget(HttpRequest request, byte[] body) {
    View view = metadata.view();
    CreateTarget wanted = Requests.createTarget(body, view);
    boolean there = view.target(wanted.name()).isPresent();
    return api.change(
            request,
            "create " + wanted,
            as ->
                as.createTarget(
                    wanted.name(), wanted.gateways(), Optional.ofNullable(wanted.explicitAlua())))
        .thenApply(
            (TargetEntry entry) ->
                ApiRoutes.created(
                    there,
                    "/targets/" + entry.name(),
                    entry.version(),
                    Resources.target(entry, view)));
  }

  private Route target(HttpRequest request, String name) {
    return concat(
        api.readOne(
            request,
            view ->
                view.target(name)
                    .map(
                        entry ->
                            Answers.one(request, entry.version(), Resources.target(entry, view)))
                    .orElseThrow(() -> ApiRoutes.notFound("name", "target " + name))),
        delete(() -> completeWithFuture(deleteTarget(request, name))));
  }

  private Route explicitAlua(HttpRequest request, String name) {
    return put(
        () ->
            api.withBody(
                request,
                (sameRequest, body) -> {
                  boolean wanted = Requests.setExplicitAlua(body).explicitAlua();
                  if (metadata.view().target(name).isEmpty()) {
                    throw ApiRoutes.notFound("name", "target " + name);
                  }
                  return api.change(
                          request,
                          "%s explicit ALUA of target %s"
                              .formatted(wanted ? "offer" : "withdraw", name),
                          as -> as.setExplicitAlua(name, wanted))
                      .thenApply(
                          entry ->
                              Answers.changed(entry, Resources.target(entry, metadata.view())));
                }));
  }

  private CompletionStage<HttpResponse> deleteTarget(HttpRequest request, String name) {
    Requests.parameters(request);
    return api.change(request, "delete target " + name, as -> as.deleteTarget(name))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  private Route mapping(HttpRequest request, String target, String lun) {
    return concat(
        put(() -> api.withBody(request, (sameRequest, body) -> mapLun(request, target, lun, body))),
        delete(() -> completeWithFuture(unmapLun(request, target, lun))));
  }

  private CompletionStage<HttpResponse> mapLun(
      HttpRequest request, String name, String number, byte[] body) {
    View view = metadata.view();
    TargetEntry target =
        view.target(name).orElseThrow(() -> ApiRoutes.notFound("name", "target " + name));
    int lun = Requests.lun(number);
    String id = Requests.mapLun(body).id();
    ApiRoutes.requireUnit(view, id);
    boolean there = id.equals(target.luns().get(lun));
    return api.change(
            request,
            "map LUN %d of %s to %s".formatted(lun, name, id),
            as -> as.mapUnit(name, lun, id))
        .thenApply(
            (TargetEntry entry) ->
                Answers.changed(entry, Resources.target(entry, view))
                    .withStatus(there ? StatusCodes.OK : StatusCodes.CREATED));
  }

  private CompletionStage<HttpResponse> unmapLun(HttpRequest request, String name, String number) {
    Requests.parameters(request);
    int lun = Requests.lun(number);
    if (metadata.view().target(name).isEmpty()) {
      throw ApiRoutes.notFound("name", "target " + name);
    }
    return api.change(
            request, "unmap LUN %d of %s".formatted(lun, name), as -> as.unmapLun(name, lun))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }
}
