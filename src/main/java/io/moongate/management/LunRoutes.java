package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.management.api.CreateLun;
import io.moongate.management.api.MoveLun;
import io.moongate.management.api.ResizeLun;
import io.moongate.management.api.SetReadOnly;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/** The routes about logical units. */
final class LunRoutes extends AllDirectives {
  private final ApiRoutes api;
  private final Metadata metadata;
  private final List<String> stores;

  /**
   * @param stores kinds of volume store that a unit may be created in
   */
  LunRoutes(ApiRoutes api, Metadata metadata, List<String> stores) {
    this.api = api;
    this.metadata = metadata;
    this.stores = stores;
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return pathPrefix(
        segment("luns"),
        () ->
            concat(
                pathEndOrSingleSlash(() -> luns(request)),
                pathPrefix(
                    segment(),
                    id ->
                        concat(
                            pathEndOrSingleSlash(() -> lun(request, id)),
                            path(segment("move"), () -> moveLun(request, id)),
                            path(segment("resize"), () -> resizeLun(request, id)),
                            path(segment("read-only"), () -> readOnlyLun(request, id))))));
  }

  private Route luns(HttpRequest request) {
    return concat(
        api.list(
            request,
            (view, query) -> LunFilter.units(metadata, query),
            LunFilter::position,
            LunFilter.PARAMETERS),
        post(() -> api.withBody(request, this::createLun)));
  }

  private CompletionStage<HttpResponse> createLun(HttpRequest request, byte[] body) {
    View view = metadata.view();
    CreateLun wanted = Requests.createLun(body, view, stores);
    if (wanted.volume() != null) {
      // Whatever is in it becomes the hosts' to overwrite.
      Gate.requireAdmin(request, "To take a volume that is there already");
    }
    Resources.Mapping mapping = new Resources.Mapping(wanted.target(), wanted.lun());
    Optional<String> before =
        view.target(wanted.target()).map(entry -> entry.luns().get(wanted.lun()));
    return api.change(
            request,
            "create " + wanted,
            as ->
                as.createUnit(
                    wanted.target(),
                    wanted.lun(),
                    wanted.size() == null ? 0 : wanted.size(),
                    wanted.blockSize(),
                    wanted.store(),
                    wanted.preferred(),
                    Requests.attributes(wanted)))
        .thenApply(
            (UnitEntry entry) ->
                ApiRoutes.created(
                    before.equals(Optional.of(entry.id())),
                    "/luns/" + entry.id(),
                    entry.version(),
                    Resources.unit(metadata, entry, withOthers(entry.id(), mapping))));
  }

  /** The replica may not know the place yet at which the unit has just been mapped. */
  private List<Resources.Mapping> withOthers(String id, Resources.Mapping mapping) {
    List<Resources.Mapping> others = Resources.mappings(metadata.view(), id);
    return others.contains(mapping) ? others : List.of(mapping);
  }

  private Route lun(HttpRequest request, String id) {
    return concat(
        api.readOne(
            request,
            view ->
                view.unit(id)
                    .map(
                        entry ->
                            Answers.one(request, entry.version(), Resources.unit(metadata, entry)))
                    .orElseThrow(() -> ApiRoutes.noLun(id))),
        delete(() -> completeWithFuture(deleteLun(request, id))));
  }

  private CompletionStage<HttpResponse> deleteLun(HttpRequest request, String id) {
    boolean force = Requests.flag(Requests.parameters(request, "force"), "force");
    View view = metadata.view();
    ApiRoutes.requireUnit(view, id);
    return api.change(
            request,
            "delete LUN of id " + id + (force ? " by force" : ""),
            as -> as.deleteUnit(id, force))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  private Route moveLun(HttpRequest request, String id) {
    return post(
        () ->
            api.withBody(
                request,
                (sameRequest, body) -> {
                  View view = metadata.view();
                  ApiRoutes.requireUnit(view, id);
                  MoveLun wanted = Requests.moveLun(body, view);
                  String cause = api.origin(request).asked("moved");
                  return api.change(
                          request,
                          "move LUN " + id + " to " + wanted.gateway(),
                          as -> as.moveUnit(id, wanted.gateway(), cause))
                      .thenApply(entry -> Answers.changed(entry, Resources.unit(metadata, entry)));
                }));
  }

  private Route resizeLun(HttpRequest request, String id) {
    return post(
        () ->
            api.withBody(
                request,
                (sameRequest, body) -> {
                  ApiRoutes.requireUnit(metadata.view(), id);
                  ResizeLun wanted = Requests.resizeLun(body);
                  String cause = api.origin(request).asked("resized");
                  return api.change(
                          request,
                          "resize LUN " + id + " to " + wanted.size() + " bytes",
                          as -> as.resizeUnit(id, wanted.size(), cause))
                      .thenApply(entry -> Answers.changed(entry, Resources.unit(metadata, entry)));
                }));
  }

  private Route readOnlyLun(HttpRequest request, String id) {
    return put(
        () ->
            api.withBody(
                request,
                (sameRequest, body) -> {
                  ApiRoutes.requireUnit(metadata.view(), id);
                  SetReadOnly wanted = Requests.setReadOnly(body);
                  String what = wanted.readOnly() ? "read-only" : "writable";
                  String cause = api.origin(request).asked("made " + what);
                  return api.change(
                          request,
                          "make LUN %s %s".formatted(id, what),
                          as -> as.setReadOnly(id, wanted.readOnly(), cause))
                      .thenApply(entry -> Answers.changed(entry, Resources.unit(metadata, entry)));
                }));
  }
}
