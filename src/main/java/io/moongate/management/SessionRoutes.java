package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.SessionId;
import io.moongate.management.api.Page;
import io.moongate.management.api.Sessions;
import io.moongate.management.api.Sessions.Session;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/** The routes about iSCSI sessions. */
final class SessionRoutes extends AllDirectives {
  private static final Comparator<Session> ORDER =
      Comparator.comparing(Session::gateway)
          .thenComparing(Session::initiator)
          .thenComparing(Session::isid)
          .thenComparing(Session::tsih);

  private final ApiRoutes api;
  private final Metadata metadata;

  SessionRoutes(ApiRoutes api, Metadata metadata) {
    this.api = api;
    this.metadata = metadata;
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return pathPrefix(
        segment("sessions"),
        () ->
            concat(
                pathEndOrSingleSlash(() -> sessions(request)),
                pathPrefix(segment(), id -> pathEndOrSingleSlash(() -> session(request, id)))));
  }

  private Route sessions(HttpRequest request) {
    return get(
        () -> {
          Negotiation.requireJsonAccepted(request);
          Map<String, String> query =
              Requests.parameters(request, "gateway", "target", "initiator", "limit", "cursor");
          Paging paging = Paging.of(query);
          return completeWithFuture(
              metadata
                  .sessions()
                  .thenApply(
                      all -> Answers.read(request, JsonEntity.of(shown(all, query, paging)))));
        });
  }

  private static Sessions shown(Metadata.Sessions all, Map<String, String> query, Paging paging) {
    List<Session> sessions =
        all.sessions().stream()
            .map(SessionRoutes::shown)
            .filter(Filters.equal(query, "gateway", Session::gateway))
            .filter(Filters.equal(query, "target", Session::target))
            .filter(Filters.equal(query, "initiator", Session::initiator))
            .sorted(ORDER)
            .toList();
    List<String> silent = all.silent().stream().sorted().toList();
    if (!paging.asked()) {
      return new Sessions(sessions, silent, null);
    }
    Page<Session> page =
        paging.of(
            sessions.stream(),
            session ->
                List.of(
                    session.gateway(),
                    session.initiator(),
                    session.isid(),
                    Paging.padded(session.tsih())));
    return new Sessions(page.items(), silent, page.next());
  }

  private static Session shown(Metadata.SessionEntry entry) {
    return new Session(
        entry.id().text(),
        entry.gateway(),
        entry.initiator(),
        entry.isid(),
        entry.tsih(),
        entry.target().orElse(null),
        entry.portal(),
        entry.peer(),
        entry.since(),
        entry.commandsInFlight());
  }

  private Route session(HttpRequest request, String id) {
    return delete(() -> completeWithFuture(close(request, id)));
  }

  private CompletionStage<HttpResponse> close(HttpRequest request, String text) {
    Requests.parameters(request);
    SessionId id =
        SessionId.parse(text).orElseThrow(() -> ApiRoutes.notFound("id", "session " + text));
    return api.change(request, "close session " + text, as -> as.closeSession(id))
        .thenApply(closed -> HttpResponse.create().withStatus(StatusCodes.NO_CONTENT));
  }
}
