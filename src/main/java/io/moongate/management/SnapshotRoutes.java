package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.snapshot.Snapshots;
import io.moongate.management.api.MakeSnapshot;
import io.moongate.management.api.RollBackLun;
import io.moongate.management.api.Snapshot;
import io.moongate.scsi.shared.Rollback;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/** The routes about the snapshots of a logical unit. */
final class SnapshotRoutes extends AllDirectives {
  private final ApiRoutes api;
  private final Metadata metadata;

  SnapshotRoutes(ApiRoutes api, Metadata metadata) {
    this.api = api;
    this.metadata = metadata;
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return pathPrefix(
        segment("luns").slash(segment()).slash("snapshots"),
        id ->
            concat(
                pathEndOrSingleSlash(() -> snapshots(request, id)),
                path(segment().slash("rollback"), name -> rollback(request, id, name)),
                pathPrefix(
                    segment(), name -> pathEndOrSingleSlash(() -> snapshot(request, id, name)))));
  }

  private Route snapshots(HttpRequest request, String id) {
    return concat(
        get(() -> completeWithFuture(list(request, id))),
        post(() -> api.withBody(request, (same, body) -> make(request, id, body))));
  }

  private CompletionStage<HttpResponse> list(HttpRequest request, String id) {
    return asked(request, id)
        .thenApply(
            all ->
                Answers.read(
                    request,
                    JsonEntity.list(
                        all.stream()
                            .map(SnapshotRoutes::shown)
                            .sorted(Comparator.comparing(Snapshot::createdAt)))));
  }

  private CompletionStage<List<io.moongate.cluster.snapshot.Snapshot>> asked(
      HttpRequest request, String id) {
    Negotiation.requireJsonAccepted(request);
    Requests.parameters(request);
    requireUnit(id);
    return metadata.snapshots().of(id);
  }

  private CompletionStage<HttpResponse> make(HttpRequest request, String id, byte[] body) {
    requireUnit(id);
    MakeSnapshot wanted = Requests.makeSnapshot(body);
    return api.change(
            request,
            "make snapshot %s of LUN %s".formatted(wanted.name(), id),
            as -> as.snapshots().make(id, wanted.name(), cause("snapshot asked for", request)))
        .thenApply(
            (Snapshots.Made made) ->
                ApiRoutes.created(
                    made.there(),
                    "/luns/%s/snapshots/%s".formatted(id, wanted.name()),
                    shown(made.snapshot())));
  }

  private Route snapshot(HttpRequest request, String id, String name) {
    return concat(
        get(
            () ->
                completeWithFuture(
                    asked(request, id)
                        .thenApply(
                            all -> Answers.read(request, JsonEntity.of(shown(find(all, name))))))),
        delete(() -> completeWithFuture(remove(request, id, name))));
  }

  private static io.moongate.cluster.snapshot.Snapshot find(
      List<io.moongate.cluster.snapshot.Snapshot> all, String name) {
    return all.stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow(() -> ApiRoutes.notFound("name", "snapshot " + name));
  }

  private Route rollback(HttpRequest request, String id, String name) {
    return post(
        () ->
            api.withBody(
                request,
                (same, body) -> {
                  requireUnit(id);
                  RollBackLun wanted = Requests.rollBackLun(body);
                  return api.change(
                          request,
                          "roll LUN %s back to snapshot %s".formatted(id, name),
                          as ->
                              as.snapshots()
                                  .rollBack(id, name, wanted.id(), cause("rolled back", request)))
                      .thenApply(
                          entry ->
                              Answers.changed(entry, Resources.unit(metadata, entry))
                                  .withStatus(
                                      Rollback.goesOn(entry.shared().rollback())
                                          ? StatusCodes.ACCEPTED
                                          : StatusCodes.OK));
                }));
  }

  private CompletionStage<HttpResponse> remove(HttpRequest request, String id, String name) {
    Requests.parameters(request);
    requireUnit(id);
    return api.change(
            request,
            "delete snapshot %s of LUN %s".formatted(name, id),
            as -> as.snapshots().delete(id, name, cause("snapshot deleted", request)))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  private static Snapshot shown(io.moongate.cluster.snapshot.Snapshot of) {
    return new Snapshot(of.name(), of.size(), of.at(), of.clones(), of.locked());
  }

  private String cause(String what, HttpRequest request) {
    return api.origin(request).asked(what);
  }

  private void requireUnit(String id) {
    if (metadata.view().unit(id).isEmpty()) {
      throw ApiRoutes.notFound("id", "logical unit " + id);
    }
  }
}
