package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.management.Reloading.Refused;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/** The route by which a gateway reads its configuration file again. */
final class ReloadRoutes extends AllDirectives {
  private final ApiRoutes api;
  private final Reloading reloading;
  private final Executor blocking;

  ReloadRoutes(ApiRoutes api, Reloading reloading, ActorSystem<?> system) {
    this.api = api;
    this.reloading = reloading;
    this.blocking = system.dispatchers().lookup(DispatcherSelector.blocking());
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return pathPrefix(
        segment("reload"),
        () ->
            pathEndOrSingleSlash(
                () ->
                    post(
                        () ->
                            api.withBody(
                                request,
                                (same, body) -> {
                                  boolean dryRun =
                                      RequestBody.read(body, "dryRun")
                                          .optionalFlag("dryRun")
                                          .orElse(false);
                                  return reload(api.origin(request).who(), dryRun);
                                }))));
  }

  private CompletionStage<HttpResponse> reload(String by, boolean dryRun) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return HttpResponse.create().withEntity(JsonEntity.of(reloading.reload(by, dryRun)));
          } catch (Refused refused) {
            throw new ProblemException(ProblemType.CONFLICT, refused.getMessage());
          }
        },
        blocking);
  }
}
