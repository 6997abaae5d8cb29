package io.moongate.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Writes events, replayed one after another, entity by entity. */
final class JournalExport {
  /** How events are written. */
  enum Format {
    /** One JSON object on each line, as the API shows an event. */
    JSONL,
    /** RFC 4180, with a head; what has parts is JSON in its column. */
    CSV;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final List<String> COLUMNS =
      List.of(
          "entity",
          "name",
          "version",
          "at",
          "type",
          "user",
          "address",
          "gateway",
          "cause",
          "evidence",
          "event",
          "before",
          "after",
          "digest");

  private final Journal journal;
  private final JournalCodec codec;
  private final Format format;
  private final PrintWriter out;
  private long events;

  JournalExport(Journal journal, JournalCodec codec, Format format, PrintWriter out) {
    this.journal = journal;
    this.codec = codec;
    this.format = format;
    this.out = out;
  }

  /** Writes what stands before the first event. */
  void head() {
    if (format == Format.CSV) {
      out.print(String.join(",", COLUMNS) + "\r\n");
    }
  }

  /** Writes the events of an entity. */
  void entity(String persistenceId) {
    EntityKind.of(persistenceId)
        .ifPresent(
            kind ->
                new EntityHistory(journal, codec, persistenceId, kind)
                    .all(
                        step -> {
                          write(EventJson.of(AuditEvent.of(step)));
                          events++;
                          return true;
                        }));
  }

  private void write(ObjectNode event) {
    if (format == Format.JSONL) {
      out.print(event + "\n");
      return;
    }
    out.print(
        COLUMNS.stream()
                .map(
                    column ->
                        List.of("user", "address", "gateway").contains(column)
                            ? event.path("by").path(column)
                            : event.path(column))
                .map(JournalExport::cell)
                .collect(Collectors.joining(","))
            + "\r\n");
  }

  private static String cell(JsonNode value) {
    if (value.isNull() || value.isMissingNode()) {
      return "";
    }
    String text = value.isContainerNode() ? value.toString() : value.asText();
    return text.matches("[A-Za-z0-9:._-]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
  }

  /** Events written so far. */
  long events() {
    return events;
  }
}
