package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.audit.AuditLog;
import io.moongate.audit.AuditUnavailable;
import io.moongate.audit.EventJson;
import io.moongate.audit.EventKey;
import io.moongate.audit.EventPage;
import io.moongate.audit.EventQuery;
import io.moongate.audit.JournalFault;
import io.moongate.cluster.Metadata;
import io.moongate.cluster.ViewSource;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.PathMatcher0;
import org.apache.pekko.http.javadsl.server.Route;

/** The routes about what was: events, and the view at an instant. */
final class AuditRoutes extends AllDirectives {
  /** Events in an answer, unless the client says how many. */
  private static final int LIMIT = 100;

  private static final int MOST = 1000;

  private final Metadata metadata;
  private final AuditLog audit;

  AuditRoutes(Metadata metadata, AuditLog audit) {
    this.metadata = metadata;
    this.audit = audit;
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return concat(
        resource(segment("view"), () -> read(request, this::view, "at")),
        resource(segment("view").slash("diff"), () -> read(request, this::diff, "from", "to")),
        resource(
            segment("events"),
            () ->
                read(
                    request,
                    this::events,
                    "lun",
                    "gateway",
                    "target",
                    "from",
                    "to",
                    "cause",
                    "actor",
                    "type",
                    "order",
                    "limit",
                    "cursor")));
  }

  private Route resource(PathMatcher0 path, Supplier<Route> resource) {
    return pathPrefix(path, () -> pathEndOrSingleSlash(resource));
  }

  private Route read(
      HttpRequest request,
      Function<Map<String, String>, CompletionStage<ResponseEntity>> answer,
      String... parameters) {
    return get(
        () -> {
          Negotiation.requireJsonAccepted(request);
          return completeWithFuture(
              answer
                  .apply(Requests.parameters(request, parameters))
                  .thenApply(entity -> HttpResponse.create().withEntity(entity))
                  .exceptionally(
                      failure -> {
                        throw problem(Problems.causeOf(failure));
                      }));
        });
  }

  private CompletionStage<ResponseEntity> view(Map<String, String> query) {
    Optional<Instant> at = instant(query, "at");
    return (at.isEmpty()
            ? CompletableFuture.completedStage((ViewSource) metadata)
            : source(at.get()))
        .thenApply(source -> entity(at.orElseGet(Instant::now), source));
  }

  private CompletionStage<ViewSource> source(Instant at) {
    return audit.viewAt(at).thenApply(ViewSource::of);
  }

  private static ResponseEntity entity(Instant at, ViewSource source) {
    return JsonEntity.members(Map.of("at", at), members(source));
  }

  /** The view's parts, each as its own resource lists it. */
  private static Map<String, Stream<?>> members(ViewSource source) {
    Map<String, Stream<?>> members = new LinkedHashMap<>();
    members.put("gateways", Resources.gateways(source));
    members.put("targets", Resources.targets(source.view()));
    members.put(
        "luns", Resources.units(source, Optional.empty(), OptionalInt.empty(), Optional.empty()));
    members.put(
        "paths",
        Resources.paths(source.view(), Optional.empty(), OptionalInt.empty(), Optional.empty()));
    return members;
  }

  private CompletionStage<ResponseEntity> diff(Map<String, String> query) {
    Instant from = required(query, "from");
    Instant to = required(query, "to");
    return source(from)
        .thenCompose(
            before ->
                source(to)
                    .thenApply(
                        after -> {
                          Map<String, Object> answer = new LinkedHashMap<>();
                          answer.put("from", from);
                          answer.put("to", to);
                          answer.put("changes", ViewDifference.between(before, after));
                          return JsonEntity.of(answer);
                        }));
  }

  private CompletionStage<ResponseEntity> events(Map<String, String> query) {
    return audit.events(eventQuery(query)).thenApply(AuditRoutes::page);
  }

  private static ResponseEntity page(EventPage page) {
    Map<String, Object> answer = new LinkedHashMap<>();
    List<Object> items = new ArrayList<>();
    page.events().forEach(event -> items.add(EventJson.of(event)));
    answer.put("items", items);
    answer.put("next", page.next().map(EventKey::cursor).orElse(null));
    return JsonEntity.of(answer);
  }

  private static EventQuery eventQuery(Map<String, String> query) {
    if (query.containsKey("lun") && query.containsKey("target")) {
      throw ProblemException.invalid(
          "target", "lun and target are of two entities: give one of them");
    }
    Optional<String> type = Optional.ofNullable(query.get("type"));
    if (type.isPresent() && !EventQuery.types().contains(type.get())) {
      throw ProblemException.invalid(
          "type", "There is no type " + type.get() + "; known are " + EventQuery.types());
    }
    String order = query.getOrDefault("order", "desc");
    if (!order.equals("asc") && !order.equals("desc")) {
      throw ProblemException.invalid("order", "order must be asc or desc, and is " + order);
    }
    return new EventQuery(
        Optional.ofNullable(query.get("lun")),
        Optional.ofNullable(query.get("target")),
        Optional.ofNullable(query.get("gateway")),
        instant(query, "from"),
        instant(query, "to"),
        Optional.ofNullable(query.get("cause")),
        Optional.ofNullable(query.get("actor")),
        type,
        limit(query.get("limit")),
        order.equals("asc"),
        Optional.ofNullable(query.get("cursor")).map(AuditRoutes::cursor));
  }

  private static EventKey cursor(String text) {
    return EventKey.parse(text)
        .orElseThrow(
            () ->
                ProblemException.invalid(
                    "cursor", "cursor must be the next, or the id of an event, of an answer"));
  }

  private static int limit(String text) {
    if (text == null) {
      return LIMIT;
    }
    if (text.matches("\\d{1,4}")) {
      int limit = Integer.parseInt(text);
      if (limit >= 1 && limit <= MOST) {
        return limit;
      }
    }
    throw ProblemException.invalid("limit", "limit must be a whole number from 1 to " + MOST);
  }

  private static Instant required(Map<String, String> query, String name) {
    return instant(query, name)
        .orElseThrow(() -> ProblemException.invalid(name, name + " must be given: an instant"));
  }

  private static Optional<Instant> instant(Map<String, String> query, String name) {
    String text = query.get(name);
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeParseException e) {
      throw ProblemException.invalid(
          name,
          name + " must be an instant in ISO 8601 such as 2026-11-22T03:12:00Z, and is " + text);
    }
  }

  private static RuntimeException problem(Throwable failure) {
    if (failure instanceof AuditUnavailable) {
      return new ProblemException(ProblemType.UNAVAILABLE, failure.getMessage());
    } else if (failure instanceof JournalFault) {
      return new ProblemException(
          ProblemType.INTERNAL,
          "The journal can't be replayed, `moongate audit verify` says more: "
              + failure.getMessage());
    }
    return new CompletionException(failure);
  }
}
