package io.moongate.management;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Allow;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.Rejection;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.pattern.Patterns;

/** Pekko's directives, with every exception and rejection answered by a problem document. */
abstract class ProblemDirectives extends AllDirectives {
  private final ActorSystem<?> system;

  ProblemDirectives(ActorSystem<?> system) {
    this.system = system;
  }

  /** Answers with a problem document what the inner route throws or rejects. */
  Route problemsOf(HttpRequest request, Supplier<Route> inner) {
    return handleExceptions(
        exceptions(request), () -> handleRejections(rejections(request), inner));
  }

  private ExceptionHandler exceptions(HttpRequest request) {
    return ExceptionHandler.newBuilder()
        .matchAny(thrown -> refuse(request, Problems.response(thrown, request)))
        .build();
  }

  private RejectionHandler rejections(HttpRequest request) {
    String instance = Problems.instanceOf(request);
    return RejectionHandler.newBuilder()
        .handleAll(
            MethodRejection.class,
            rejections -> refuse(request, methodNotAllowed(rejections, instance)))
        .handleAll(
            Rejection.class,
            rejections -> {
              String names =
                  rejections.stream()
                      .map(rejection -> rejection.getClass().getSimpleName())
                      .collect(Collectors.joining(", "));
              return refuse(
                  request,
                  Problems.response(
                      new ProblemException(ProblemType.MALFORMED_REQUEST, "Rejected: " + names),
                      instance));
            })
        .handleNotFound(
            extractRequest(
                same ->
                    refuse(
                        request,
                        Problems.response(
                            new ProblemException(
                                ProblemType.NOT_FOUND, "There is no resource " + instance),
                            instance))))
        .build();
  }

  private static HttpResponse methodNotAllowed(List<MethodRejection> rejections, String instance) {
    Set<HttpMethod> allowed =
        rejections.stream()
            .map(MethodRejection::supported)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    if (allowed.contains(HttpMethods.GET)) {
      allowed.add(HttpMethods.HEAD);
    }
    String names = allowed.stream().map(HttpMethod::value).collect(Collectors.joining(", "));
    return Problems.response(
            new ProblemException(ProblemType.METHOD_NOT_ALLOWED, "Allowed here: " + names),
            instance)
        .addHeader(Allow.create(allowed.toArray(HttpMethod[]::new)));
  }

  /** Answers with a problem, and takes what is left of the body off the connection. */
  Route refuse(HttpRequest request, HttpResponse response) {
    return refuse(request, response, Duration.ZERO);
  }

  /** The same, with the answer kept back for a while. */
  Route refuse(HttpRequest request, HttpResponse response, Duration delay) {
    if (!request.entity().isStrict()) {
      request.discardEntityBytes(system);
    }
    if (delay.isZero()) {
      return complete(response);
    }
    return completeWithFuture(
        Patterns.after(
            delay, system.classicSystem(), () -> CompletableFuture.completedFuture(response)));
  }
}
