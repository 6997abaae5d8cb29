package io.moongate.audit;

import io.moongate.cluster.entity.TermReplay;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.Optional;

/**
 * Where an event stands among all events: by when it was written, then by entity and version.
 *
 * @param written in milliseconds
 * @param term of its writer: it tells two events of one version apart of which one counts
 */
public record EventKey(Instant written, String persistenceId, long version, long term)
    implements Comparable<EventKey> {
  private static final Comparator<EventKey> ORDER =
      Comparator.comparing(EventKey::written)
          .thenComparing(EventKey::persistenceId)
          .thenComparingLong(EventKey::version)
          .thenComparingLong(EventKey::term);

  static EventKey of(JournalRow row, TermReplay.Position position) {
    return new EventKey(row.written(), row.persistenceId(), position.version(), position.term());
  }

  @Override
  public int compareTo(EventKey other) {
    return ORDER.compare(this, other);
  }

  /** As an opaque word that can stand in a URL. */
  public String cursor() {
    String text = written.toEpochMilli() + " " + version + " " + term + " " + persistenceId;
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Reads a {@link #cursor}; empty when it is none. */
  public static Optional<EventKey> parse(String cursor) {
    try {
      String[] parts =
          new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8).split(" ", 4);
      return parts.length < 4
          ? Optional.empty()
          : Optional.of(
              new EventKey(
                  Instant.ofEpochMilli(Long.parseLong(parts[0])),
                  parts[3],
                  Long.parseLong(parts[1]),
                  Long.parseLong(parts[2])));
    } catch (IllegalArgumentException notOne) {
      return Optional.empty();
    }
  }
}
