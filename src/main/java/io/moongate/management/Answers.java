package io.moongate.management;

import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.management.api.Page;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.ETag;
import org.apache.pekko.http.javadsl.model.headers.EntityTag;

/** Answers with the tags by which clients recognise what they have read. */
final class Answers {
  private Answers() {}

  /** Of an entity that was changed: the next change can be asked for with its tag. */
  static HttpResponse changed(TargetEntry entry, Object body) {
    return tagged(HttpResponse.create(), OptionalLong.of(entry.version()), JsonEntity.of(body));
  }

  /** Of an entity that was changed: the next change can be asked for with its tag. */
  static HttpResponse changed(UnitEntry entry, Object body) {
    return tagged(HttpResponse.create(), OptionalLong.of(entry.version()), JsonEntity.of(body));
  }

  /** Of one entity that is read. */
  static HttpResponse one(HttpRequest request, long version, Object body) {
    return read(request, OptionalLong.of(version), JsonEntity.of(body));
  }

  /** Of anything else that is read. */
  static HttpResponse read(HttpRequest request, ResponseEntity body) {
    return read(request, OptionalLong.empty(), body);
  }

  /**
   * Of a list: all of it as an array, or the part that was asked for.
   *
   * @param position what the list is sorted by
   */
  static <T> ResponseEntity list(
      Paging paging, Stream<T> elements, Function<T, List<String>> position) {
    if (!paging.asked()) {
      return JsonEntity.list(elements);
    }
    Page<T> page = paging.of(elements, position);
    return JsonEntity.of(page);
  }

  /** What is sent in chunks has no tag: nobody has all of it at once. */
  private static HttpResponse read(HttpRequest request, OptionalLong version, ResponseEntity body) {
    if (!(body instanceof HttpEntity.Strict strict)) {
      return HttpResponse.create().withEntity(body);
    }
    String tag = Tags.of(version, strict.getData().toArray());
    Tags.requireWanted(request, tag);
    if (Tags.isHeld(request, tag)) {
      return HttpResponse.create().withStatus(StatusCodes.NOT_MODIFIED).addHeader(header(tag));
    }
    return HttpResponse.create().withEntity(body).addHeader(header(tag));
  }

  static HttpResponse tagged(HttpResponse response, OptionalLong version, ResponseEntity body) {
    return body instanceof HttpEntity.Strict strict
        ? response.withEntity(body).addHeader(header(Tags.of(version, strict.getData().toArray())))
        : response.withEntity(body);
  }

  private static ETag header(String tag) {
    return ETag.create(EntityTag.create(tag, false));
  }
}
