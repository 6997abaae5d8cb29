package io.moongate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What was: show, replay, diff; and what reads Cassandra itself. */
@Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "What happened, who asked for it and why; the view as it was at any instant.",
    footer = {
      "",
      "verify, heads and export read Cassandra and not a gateway, by a gateway's configuration:",
      "see `moongate audit verify --help`."
    },
    subcommands = {AuditCommand.Show.class, AuditCommand.Replay.class, AuditCommand.Diff.class})
final class AuditCommand {
  private static final int PAGE = 1000;

  /** {@code audit show}. */
  @Command(name = "show", description = "List events, the newest first.")
  static final class Show extends ClientCommand {
    @Option(names = "--lun", paramLabel = "ID", description = "Only those of this LUN.")
    private String lun;

    @Option(names = "--target", paramLabel = "IQN", description = "Only those of this target.")
    private String target;

    @Option(
        names = "--gateway",
        paramLabel = "NAME",
        description = "Only those of this gateway, and those of LUNs that name it.")
    private String gateway;

    @Option(names = "--from", paramLabel = "TIME", description = "Only those since then.")
    private String from;

    @Option(names = "--to", paramLabel = "TIME", description = "Only those before.")
    private String to;

    @Option(
        names = "--cause",
        paramLabel = "TEXT",
        description = "Only those with this in their cause.")
    private String cause;

    @Option(
        names = "--actor",
        paramLabel = "WHO",
        description = "Only those of this user, address, or gateway that decided by itself.")
    private String actor;

    @Option(names = "--type", paramLabel = "TYPE", description = "Only those of this type.")
    private String type;

    @Option(names = "--oldest-first", description = "In the order in which they happened.")
    private boolean oldestFirst;

    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "100",
        description = "How many at most (default: ${DEFAULT-VALUE}).")
    private int limit;

    @Override
    int run(ApiClient api) {
      if (limit < 1) {
        throw ApiException.refused("--limit must be at least 1");
      }
      ArrayNode events = JsonNodeFactory.instance.arrayNode();
      String cursor = null;
      try (Progress progress = progress("events", null)) {
        do {
          JsonNode page =
              api.get(
                  "/events"
                      + query(
                          "lun",
                          lun,
                          "target",
                          target,
                          "gateway",
                          gateway,
                          "from",
                          from,
                          "to",
                          to,
                          "cause",
                          cause,
                          "actor",
                          actor,
                          "type",
                          type,
                          "order",
                          oldestFirst ? "asc" : "desc",
                          "limit",
                          Math.min(PAGE, limit - events.size()),
                          "cursor",
                          cursor));
          page.path("items").forEach(events::add);
          cursor = page.path("next").textValue();
          if (limit > PAGE) {
            progress.at(events.size(), limit);
          }
        } while (cursor != null && events.size() < limit);
      }
      if (!printedAsJson(api, events)) {
        Table table = new Table("AT", "ENTITY", "NAME", "VERSION", "TYPE", "BY", "CAUSE");
        for (JsonNode event : events) {
          table.row(
              event.path("at").asText(),
              event.path("entity").asText(),
              event.path("name").asText(),
              event.path("version").asLong(),
              event.path("type").asText(),
              by(event.path("by")),
              orDash(event.path("cause").textValue()));
        }
        table.print(out());
      }
      if (cursor != null && !quiet()) {
        err()
            .println(
                "moongate: there are %s events: --limit says how many are listed"
                    .formatted(oldestFirst ? "newer" : "older"));
      }
      return 0;
    }

    private static String by(JsonNode by) {
      String user = by.path("user").textValue();
      String address = by.path("address").textValue();
      if (user == null && address == null) {
        return orDash(by.path("gateway").textValue());
      }
      return user == null ? address : address == null ? user : user + "@" + address;
    }
  }

  /** {@code audit replay}. */
  @Command(
      name = "replay",
      description = "Show the paths as they were at an instant; with --json the whole view.")
  static final class Replay extends ClientCommand {
    @Option(
        names = "--at",
        required = true,
        paramLabel = "TIME",
        description = "The instant in ISO 8601, such as 2026-11-22T03:12:00Z.")
    private String at;

    @Override
    int run(ApiClient api) {
      JsonNode view = api.get("/view" + query("at", at));
      if (!printedAsJson(api, view)) {
        Table table =
            new Table(
                "TARGET", "LUN", "GATEWAY", "PORTAL", "STATE", "OWNER", "EPOCH", "SINCE", "CAUSE");
        for (JsonNode path : view.path("paths")) {
          table.row(
              path.path("target").asText(),
              path.path("lun").asInt(),
              path.path("gateway").asText(),
              orDash(path.path("portal").textValue()),
              path.path("state").asText(),
              orDash(path.path("owner").textValue()),
              path.path("epoch").asLong(),
              path.path("since").asText(),
              path.path("cause").asText());
        }
        table.print(out());
      }
      return 0;
    }
  }

  /** {@code audit diff}. */
  @Command(name = "diff", description = "Show what is different between two instants.")
  static final class Diff extends ClientCommand {
    @Option(names = "--from", required = true, paramLabel = "TIME", description = "The first one.")
    private String from;

    @Option(names = "--to", required = true, paramLabel = "TIME", description = "The second one.")
    private String to;

    @Override
    int run(ApiClient api) {
      JsonNode answer = api.get("/view/diff" + query("from", from, "to", to));
      if (!printedAsJson(api, answer)) {
        Table table = new Table("ENTITY", "ID", "FIELD", "BEFORE", "AFTER");
        for (JsonNode change : answer.path("changes")) {
          table.row(
              change.path("entity").asText(),
              change.path("id").asText(),
              orDash(change.path("field").asText()),
              text(change.path("before"), change),
              text(change.path("after"), change));
        }
        table.print(out());
      }
      return 0;
    }

    private static String text(JsonNode value, JsonNode change) {
      boolean whole = change.path("field").asText().isEmpty();
      if (value.isNull()) {
        return "-";
      } else if (whole) {
        return "there";
      }
      return value.isTextual() ? value.textValue() : value.toString();
    }
  }
}
