package io.moongate.management;

import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.moongate.cluster.Metadata;
import io.moongate.cluster.VolumeStores;
import io.moongate.management.api.Store;
import io.moongate.management.api.StoredVolume;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;

/** The routes about what lies below logical units: the volume stores. */
final class StoreRoutes extends AllDirectives {
  /** Volumes in an answer, unless the client says how many. */
  private static final int LIMIT = 100;

  private static final int MOST = 1000;

  private final Metadata metadata;
  private final VolumeStores stores;

  StoreRoutes(Metadata metadata) {
    this.metadata = metadata;
    this.stores = metadata.volumeStores();
  }

  /** What stands below {@code /api/v1}. */
  Route all(HttpRequest request) {
    return concat(
        pathPrefix(
            segment("stores"),
            () ->
                pathEndOrSingleSlash(
                    () ->
                        list(
                            request,
                            query ->
                                stores
                                    .stores()
                                    .thenApply(all -> all.stream().map(StoreRoutes::store))))),
        pathPrefix(
            segment("volumes"),
            () ->
                pathEndOrSingleSlash(
                    () -> list(request, this::volumes, "store", "after", "limit"))));
  }

  private CompletionStage<Stream<?>> volumes(Map<String, String> query) {
    String kind = query.get("store");
    if (kind == null) {
      throw ProblemException.invalid("store", "store must be given: the kind of the volume store");
    }
    return stores
        .volumes(kind, query.getOrDefault("after", ""), limit(query.get("limit")))
        .thenApply(all -> all.stream().map(this::volume));
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

  private StoredVolume volume(VolumeStores.StoredVolume volume) {
    String obstacle = volume.unitId().map(this::taken).or(volume::obstacle).orElse(null);
    return new StoredVolume(
        volume.name(),
        volume.size().isPresent() ? volume.size().getAsLong() : null,
        volume.blockSize().isPresent() ? volume.blockSize().getAsInt() : null,
        volume.unitId().orElse(null),
        obstacle == null,
        obstacle);
  }

  private String taken(String unitId) {
    return metadata.view().unit(unitId).isPresent()
        ? "it is the volume of a logical unit"
        : "its unit is not in this cluster, or not any more: it is taken if that was deleted here, or"
            + " if it is named as formerUnit";
  }

  private Route list(
      HttpRequest request,
      Function<Map<String, String>, CompletionStage<Stream<?>>> found,
      String... parameters) {
    return get(
        () -> {
          Negotiation.requireJsonAccepted(request);
          return completeWithFuture(
              found
                  .apply(Requests.parameters(request, parameters))
                  .thenApply(all -> HttpResponse.create().withEntity(JsonEntity.list(all))));
        });
  }

  private static Store store(VolumeStores.Store store) {
    return new Store(
        store.kind(),
        store.state().name().toLowerCase(Locale.ROOT).replace('_', '-'),
        store.available().isPresent() ? store.available().getAsLong() : null,
        List.copyOf(store.warnings()));
  }
}
