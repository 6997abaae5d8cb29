package io.moongate.management;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.ApiJson;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;

/** Bodies of answers. */
final class JsonEntity {
  private static final ObjectMapper JSON = ApiJson.mapper();

  /** Bytes of a list that are made at a time. */
  private static final int PAGE_SIZE = 64 * 1024;

  private JsonEntity() {}

  static ResponseEntity of(Object value) {
    return HttpEntities.create(ContentTypes.APPLICATION_JSON, bytes(value));
  }

  /**
   * A JSON array. One that is longer than a page is sent in chunks, each made when the client has
   * taken the one before: a list of everything costs no more memory than a short one.
   */
  static ResponseEntity list(Stream<?> elements) {
    Pages pages = new Pages(elements.iterator());
    ByteString first = pages.next();
    if (!pages.hasNext()) {
      return HttpEntities.create(ContentTypes.APPLICATION_JSON, first);
    }
    return HttpEntities.createChunked(
        ContentTypes.APPLICATION_JSON,
        Source.single(first).concat(Source.fromIterator(() -> pages)));
  }

  /**
   * A JSON object of some values, and of arrays that are sent in chunks as {@link #list} sends one.
   *
   * @param values its first members
   * @param lists the members after them, in their order
   */
  static ResponseEntity members(Map<String, ?> values, Map<String, Stream<?>> lists) {
    String head = new String(bytes(values), StandardCharsets.UTF_8);
    Source<ByteString, NotUsed> body =
        Source.single(ByteString.fromString(head.substring(0, head.length() - 1)));
    for (Map.Entry<String, Stream<?>> list : lists.entrySet()) {
      String name = new String(bytes(list.getKey()), StandardCharsets.UTF_8);
      body =
          body.concat(Source.single(ByteString.fromString("," + name + ":")))
              .concat(Source.fromIterator(() -> new Pages(list.getValue().iterator())));
    }
    return HttpEntities.createChunked(
        ContentTypes.APPLICATION_JSON, body.concat(Source.single(ByteString.fromString("}"))));
  }

  private static byte[] bytes(Object value) {
    try {
      return JSON.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The array's bytes, a page at a time. */
  private static final class Pages implements Iterator<ByteString> {
    private final Iterator<?> elements;
    private boolean begun;
    private boolean done;

    Pages(Iterator<?> elements) {
      this.elements = elements;
    }

    @Override
    public boolean hasNext() {
      return !done;
    }

    @Override
    public ByteString next() {
      if (done) {
        throw new NoSuchElementException();
      }
      ByteStringBuilder page = ByteString.createBuilder();
      if (!begun) {
        page.putByte((byte) '[');
      }
      while (page.length() < PAGE_SIZE && elements.hasNext()) {
        if (begun) {
          page.putByte((byte) ',');
        }
        begun = true;
        page.putBytes(bytes(elements.next()));
      }
      if (!elements.hasNext()) {
        page.putByte((byte) ']');
        done = true;
      }
      return page.result();
    }
  }
}
