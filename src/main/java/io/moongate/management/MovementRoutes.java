package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.gateway.Maintenance;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.management.api.Operation;
import io.moongate.management.api.SetPreferred;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The routes about where units are owned: gateways that are drained, put into service again and
 * removed, the order of preference of a unit, and what is under way.
 */
final class MovementRoutes extends AllDirectives {
  private static final List<String> OPERATIONS = List.of("drain", "move", "open", "wait");

  private static final int LONGEST_CAUSE = 200;

  private final ApiRoutes api;
  private final Metadata metadata;

  MovementRoutes(ApiRoutes api, Metadata metadata) {
    this.api = api;
    this.metadata = metadata;
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return concat(
        pathPrefix(
            segment("gateways").slash(segment()).slash("drain"),
            name ->
                pathEndOrSingleSlash(() -> maintain(request, name, "drain", Maintenance::drain))),
        pathPrefix(
            segment("gateways").slash(segment()).slash("undrain"),
            name ->
                pathEndOrSingleSlash(
                    () -> maintain(request, name, "undrain", Maintenance::undrain))),
        pathPrefix(
            segment("luns").slash(segment()).slash("preferred"),
            id -> pathEndOrSingleSlash(() -> preferred(request, id))),
        pathPrefix(
            segment("operations"),
            () ->
                concat(
                    pathEndOrSingleSlash(
                        () ->
                            api.list(
                                request,
                                (view, query) ->
                                    Operations.of(view, metadata.waiting()).stream()
                                        .filter(
                                            Filters.oneOf(
                                                query, "kind", OPERATIONS, Operation::kind)),
                                operation -> List.of(operation.id()),
                                "kind")),
                    pathPrefix(
                        segment(), id -> pathEndOrSingleSlash(() -> operation(request, id))))));
  }

  /** What somebody gives for a reason, for the record and on one line. */
  private static String printable(String said) {
    String plain = said.replaceAll("\\p{Cntrl}", " ").strip();
    return plain.substring(0, Math.min(plain.length(), LONGEST_CAUSE));
  }

  /** What is asked of a gateway. */
  private interface Asked {
    CompletionStage<GatewayEntry> of(Maintenance maintenance, String gateway, String cause);
  }

  private Route maintain(HttpRequest request, String name, String what, Asked asked) {
    return post(
        () ->
            api.withBody(
                request,
                (same, body) -> {
                  requireGateway(name);
                  String cause =
                      RequestBody.read(body, "cause")
                          .optionalText("cause")
                          .map(said -> asked(what + "ed", request) + ": " + printable(said))
                          .orElseGet(() -> asked(what + "ed", request));
                  return api.change(
                          request,
                          what + " gateway " + name,
                          as -> asked.of(as.maintenance(), name, cause))
                      .thenApply(
                          entry ->
                              Answers.tagged(
                                  HttpResponse.create(),
                                  OptionalLong.of(entry.version()),
                                  JsonEntity.of(
                                      Resources.gateway(metadata, name)
                                          .orElseThrow(() -> noGateway(name)))));
                }));
  }

  /** Removes a gateway for good. */
  CompletionStage<HttpResponse> remove(HttpRequest request, String name) {
    Requests.parameters(request);
    requireGateway(name);
    return api.change(
            request,
            "remove gateway " + name,
            as -> as.maintenance().remove(name, asked("removed", request)))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  private Route preferred(HttpRequest request, String id) {
    return put(
        () ->
            api.withBody(
                request,
                (same, body) -> {
                  if (metadata.view().unit(id).isEmpty()) {
                    throw ApiRoutes.notFound("id", "logical unit " + id);
                  }
                  SetPreferred wanted = Requests.setPreferred(body, metadata.view());
                  return api.change(
                          request,
                          "prefer %s for LUN %s".formatted(wanted.gateways(), id),
                          as -> as.preferUnit(id, wanted.gateways(), asked("preferred", request)))
                      .thenApply(entry -> Answers.changed(entry, Resources.unit(metadata, entry)));
                }));
  }

  private Route operation(HttpRequest request, String id) {
    return concat(
        api.read(request, (view, query) -> JsonEntity.of(existing(id))),
        delete(() -> completeWithFuture(cancel(request, id))));
  }

  private CompletionStage<HttpResponse> cancel(HttpRequest request, String id) {
    Requests.parameters(request);
    Operation operation = existing(id);
    if (!operation.cancellable()) {
      throw new ProblemException(
          ProblemType.CONFLICT,
          "id",
          "An operation of the kind " + operation.kind() + " can't be taken back");
    }
    String cause = asked("cancelled", request);
    return api.<Object>change(
            request,
            "cancel operation " + id,
            as ->
                operation.kind().equals("drain")
                    ? as.maintenance()
                        .undrain(operation.gateway(), cause)
                        .thenApply(Function.identity())
                    : as.cancelMove(operation.unit(), cause).thenApply(Function.identity()))
        .thenApply(done -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }

  private Operation existing(String id) {
    return Operations.find(metadata.view(), metadata.waiting(), id)
        .orElseThrow(() -> ApiRoutes.notFound("id", "operation " + id));
  }

  private String asked(String what, HttpRequest request) {
    return api.origin(request).asked(what);
  }

  private void requireGateway(String name) {
    if (metadata.view().gateway(name).isEmpty()) {
      throw noGateway(name);
    }
  }

  private static ProblemException noGateway(String name) {
    return ApiRoutes.notFound("name", "gateway " + name);
  }
}
