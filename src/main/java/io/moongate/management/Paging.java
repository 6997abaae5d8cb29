package io.moongate.management;

import io.moongate.management.api.Page;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The part of a list that a request asks for. A cursor names the element after which it goes on, by
 * what the list is sorted by: so an element that is there all the while is in one part and in one
 * only, whatever comes and goes beside it.
 */
final class Paging {
  /** Names of the parameters. */
  static final List<String> PARAMETERS = List.of("limit", "cursor");

  private static final int MOST = 1000;
  private static final int MAX_CURSOR = 4096;

  private final OptionalInt limit;
  private final Optional<String> after;

  private Paging(OptionalInt limit, Optional<String> after) {
    this.limit = limit;
    this.after = after;
  }

  /** Reads the parameters. */
  static Paging of(Map<String, String> query) {
    return new Paging(
        limit(query.get("limit")), Optional.ofNullable(query.get("cursor")).map(Paging::position));
  }

  /** Whether a part is asked for, and not everything. */
  boolean asked() {
    return limit.isPresent() || after.isPresent();
  }

  /**
   * The part.
   *
   * @param elements all, sorted by their positions
   * @param position what the list is sorted by, the first above all, each compared as text
   */
  <T> Page<T> of(Stream<T> elements, Function<T, List<String>> position) {
    Iterator<T> rest =
        elements
            .dropWhile(
                each -> after.isPresent() && key(position.apply(each)).compareTo(after.get()) <= 0)
            .iterator();
    int most = limit.orElse(MOST);
    List<T> items = new ArrayList<>();
    while (items.size() < most && rest.hasNext()) {
      items.add(rest.next());
    }
    return new Page<>(
        items, rest.hasNext() ? cursor(key(position.apply(items.get(items.size() - 1)))) : null);
  }

  /** A whole number as what is compared as text. */
  static String padded(int number) {
    return "%010d".formatted(number);
  }

  private static String key(List<String> position) {
    return String.join("\0", position);
  }

  private static String cursor(String key) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(key.getBytes(StandardCharsets.UTF_8));
  }

  private static String position(String cursor) {
    if (cursor.isEmpty() || cursor.length() > MAX_CURSOR) {
      throw wrongCursor();
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(Base64.getUrlDecoder().decode(cursor)))
          .toString();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw wrongCursor();
    }
  }

  private static ProblemException wrongCursor() {
    return ProblemException.invalid(
        "cursor", "cursor must be what an earlier answer has as next, as it is");
  }

  private static OptionalInt limit(String text) {
    if (text == null) {
      return OptionalInt.empty();
    }
    if (text.matches("\\d{1,4}")) {
      int number = Integer.parseInt(text);
      if (number >= 1 && number <= MOST) {
        return OptionalInt.of(number);
      }
    }
    throw ProblemException.invalid("limit", "limit must be a whole number from 1 to " + MOST);
  }
}
