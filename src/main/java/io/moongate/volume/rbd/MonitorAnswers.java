package io.moongate.volume.rbd;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.moongate.volume.StoreStatus.State;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** What the monitors say of the cluster, as JSON; every client with {@code profile rbd} may ask. */
final class MonitorAnswers {
  static final String HEALTH =
      "{\"prefix\": \"health\", \"detail\": \"detail\", \"format\": \"json\"}";
  static final String CONFIGURATION = "{\"prefix\": \"config dump\", \"format\": \"json\"}";

  static final String SPACE = "{\"prefix\": \"df\", \"detail\": \"detail\", \"format\": \"json\"}";

  private static final String DEFAULT_EXPIRE = "mon_osd_blocklist_default_expire";
  private static final String DISCARD = "osd_discard_disconnected_ops";

  private static final JsonMapper JSON = new JsonMapper();

  private MonitorAnswers() {}

  static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new VolumeException(
          Reason.IO, "the monitors' answer can't be read: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Whether servers that are silent may be kept from being marked down, all of them or one; true
   * when the answer does not say.
   */
  static boolean keepsSilentServersUp(JsonNode health) {
    JsonNode checks = health.path("checks");
    if (!checks.isObject()) {
      return true;
    }
    boolean all = text(checks.path("OSDMAP_FLAGS").path("summary")).contains("nodown");
    boolean one = false;
    // Its summary names all flags that there are.
    for (JsonNode detail : checks.path("OSD_FLAGS").path("detail")) {
      one |= text(detail).contains("nodown");
    }
    return all || one;
  }

  private static String text(JsonNode of) {
    return of.path("message").asText().toLowerCase(Locale.ROOT);
  }

  /**
   * Whether servers keep what they were asked for by clients whose connection is gone; true when
   * the answer does not say.
   */
  static boolean keepsOrphanedOperations(JsonNode configuration) {
    if (!configuration.isArray()) {
      return true;
    }
    boolean kept = false;
    for (JsonNode option : configuration) {
      kept |=
          option.path("name").asText().equals(DISCARD)
              && !option.path("value").asText().equals("true");
    }
    return kept;
  }

  /**
   * The shortest time for which any monitor puts a client on the blocklist by default, as far as
   * that is in their configuration; nothing when it is not.
   */
  static Optional<Duration> blocklistDefault(JsonNode configuration) {
    Optional<Duration> shortest = Optional.empty();
    boolean ofOne = false;
    for (JsonNode option : configuration) {
      String section = option.path("section").asText();
      boolean monitors = section.equals("mon") || section.startsWith("mon.");
      if (option.path("name").asText().equals(DEFAULT_EXPIRE)
          && (monitors || section.equals("global") && !ofOne)) {
        Duration found = Duration.ofSeconds((long) option.path("value").asDouble());
        boolean shorter = shortest.map(known -> found.compareTo(known) < 0).orElse(true);
        // What is set for monitors counts there, and not what is set for all.
        if (shorter || monitors && !ofOne) {
          shortest = Optional.of(found);
        }
        ofOne |= monitors;
      }
    }
    return shortest;
  }

  /**
   * Bytes that a pool can still take, of what hosts write: with its copies, and as its quota lets
   * it. Nothing when no manager tells the monitors of it: they have the figures of the last one
   * then, or zeros.
   */
  static OptionalLong available(JsonNode space, JsonNode health, String pool) {
    if (health.path("checks").has("MGR_DOWN")) {
      return OptionalLong.empty();
    }
    for (JsonNode each : space.path("pools")) {
      JsonNode stats = each.path("stats");
      if (each.path("name").asText().equals(pool) && stats.path("max_avail").isNumber()) {
        long quota = stats.path("quota_bytes").asLong();
        long available = stats.path("max_avail").asLong();
        long allowed = quota == 0 ? Long.MAX_VALUE : quota - stats.path("stored").asLong();
        return OptionalLong.of(Math.max(0, Math.min(available, allowed)));
      }
    }
    return OptionalLong.empty();
  }

  /** Whether the monitors call a pool full, or nearly; servers are full for all that have them. */
  static State state(JsonNode health, String pool) {
    JsonNode checks = health.path("checks");
    if (checks.has("OSD_FULL") || names(checks.path("POOL_FULL"), pool)) {
      return State.FULL;
    }
    boolean near =
        checks.has("OSD_NEARFULL")
            || checks.has("OSD_BACKFILLFULL")
            || names(checks.path("POOL_NEAR_FULL"), pool)
            || names(checks.path("POOL_NEARFULL"), pool)
            || names(checks.path("POOL_BACKFILLFULL"), pool);
    return near ? State.NEAR_FULL : State.WELL;
  }

  private static boolean names(JsonNode check, String pool) {
    boolean named = false;
    for (JsonNode detail : check.path("detail")) {
      named |= detail.path("message").asText().contains("'" + pool + "'");
    }
    return named;
  }
}
