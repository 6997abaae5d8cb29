package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.access.AccessLists;
import io.moongate.cluster.access.ChapCredentials;
import io.moongate.cluster.view.InitiatorEntry;
import io.moongate.cluster.view.TargetAccess;
import io.moongate.cluster.view.TargetEntry;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The routes below {@code /api/v1/targets/IQN} about who may log in, with what secret, and which
 * LUNs they see. Every part is a resource of its own that is put as a whole. No answer and no line
 * of the log has a secret.
 */
final class AccessRoutes extends AllDirectives {
  private final ApiRoutes api;
  private final Metadata metadata;

  AccessRoutes(ApiRoutes api, Metadata metadata) {
    this.api = api;
    this.metadata = metadata;
  }

  /** What stands below a target's own path. */
  Route of(HttpRequest request, String target) {
    return concat(
        pathPrefix(
            segment("initiators"),
            () ->
                concat(
                    pathEndOrSingleSlash(() -> initiators(request, target)),
                    pathPrefix(
                        segment(),
                        name -> pathEndOrSingleSlash(() -> initiator(request, target, name))))),
        pathPrefix(
            segment("chap"),
            () -> pathEndOrSingleSlash(() -> chap(request, target, "CHAP", AccessLists::chap))),
        pathPrefix(
            segment("mutual-chap"),
            () ->
                pathEndOrSingleSlash(
                    () -> chap(request, target, "mutual CHAP", AccessLists::mutualChap))),
        pathPrefix(segment("access"), () -> pathEndOrSingleSlash(() -> access(request, target))));
  }

  private Route initiators(HttpRequest request, String target) {
    return api.list(
        request,
        (view, query) -> Resources.initiators(existing(target)),
        initiator -> List.of(initiator.initiator()));
  }

  private Route initiator(HttpRequest request, String target, String name) {
    return concat(
        api.readOne(
            request,
            view -> {
              TargetEntry entry = existing(target);
              return Answers.one(
                  request, entry.version(), Resources.initiator(name, listed(entry, name)));
            }),
        put(() -> api.withBody(request, (same, body) -> allow(request, target, name, body))),
        delete(() -> completeWithFuture(remove(request, target, name))));
  }

  private CompletionStage<HttpResponse> allow(
      HttpRequest request, String target, String name, byte[] body) {
    Requests.requireIscsiName("initiator", name);
    AccessLists.Wanted wanted = AccessRequests.allow(body);
    boolean there = existing(target).access().of(name).isPresent();
    String what =
        "allow initiator %s at target %s, CHAP %s, LUNs %s"
            .formatted(
                name,
                target,
                wanted.chap().map(chap -> "as " + chap.user()).orElse("as the target asks"),
                wanted.luns().map(Object::toString).orElse("all"));
    return api.change(request, what, as -> as.accessLists().allow(target, name, wanted))
        .thenApply(
            entry ->
                ApiRoutes.created(
                    there,
                    "/targets/" + target + "/initiators/" + name,
                    entry.version(),
                    Resources.initiator(name, listed(entry, name))));
  }

  private CompletionStage<HttpResponse> remove(HttpRequest request, String target, String name) {
    Requests.parameters(request);
    // Nobody is told that a host was shut out when its name was misspelt.
    listed(existing(target), name);
    return api.change(
            request,
            "remove initiator " + name + " from target " + target,
            as -> as.accessLists().remove(target, name))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  /** Which credentials are set, or taken away. */
  private interface Asked {
    CompletionStage<TargetEntry> of(
        AccessLists lists, String target, Optional<ChapCredentials> chap);
  }

  private Route chap(HttpRequest request, String target, String what, Asked asked) {
    return concat(
        put(
            () ->
                api.withBody(
                    request,
                    (same, body) -> {
                      ChapCredentials chap = AccessRequests.chap(body);
                      existing(target);
                      return api.change(
                              request,
                              "set %s of target %s, as %s".formatted(what, target, chap.user()),
                              as -> asked.of(as.accessLists(), target, Optional.of(chap)))
                          .thenApply(this::shown);
                    })),
        delete(
            () -> {
              Requests.parameters(request);
              existing(target);
              return completeWithFuture(
                  api.change(
                          request,
                          "clear %s of target %s".formatted(what, target),
                          as -> asked.of(as.accessLists(), target, Optional.empty()))
                      .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT)));
            }));
  }

  private Route access(HttpRequest request, String target) {
    return put(
        () ->
            api.withBody(
                request,
                (same, body) -> {
                  TargetAccess.Mode mode = AccessRequests.mode(body);
                  existing(target);
                  return api.change(
                          request,
                          "make target %s %s"
                              .formatted(target, mode.name().toLowerCase(Locale.ROOT)),
                          as -> as.accessLists().mode(target, mode))
                      .thenApply(this::shown);
                }));
  }

  private HttpResponse shown(TargetEntry entry) {
    return Answers.changed(entry, Resources.target(entry, metadata.view()));
  }

  private TargetEntry existing(String target) {
    return metadata
        .view()
        .target(target)
        .orElseThrow(() -> ApiRoutes.notFound("name", "target " + target));
  }

  private static InitiatorEntry listed(TargetEntry target, String initiator) {
    return target
        .access()
        .of(initiator)
        .orElseThrow(
            () ->
                ApiRoutes.notFound(
                    "initiator", "initiator " + initiator + " on the list of " + target.name()));
  }
}
