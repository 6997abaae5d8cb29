package io.moongate.audit;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.moongate.cluster.Origin;
import io.moongate.cluster.view.ChapEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.failure.Observation;
import io.moongate.scsi.Naa;
import java.util.Locale;

/**
 * Events as JSON: what the journal keeps under its own names, without the secrets of CHAP, not even
 * encrypted. Whole numbers of 64 bits that are names (NAA) are text.
 */
public final class EventJson {
  /** The sealed secret is not shown. */
  @JsonIgnoreProperties("sealed")
  private interface WithoutSecret {}

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModules(new JavaTimeModule(), new Jdk8Module())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .visibility(PropertyAccessor.GETTER, JsonAutoDetect.Visibility.NONE)
          .visibility(PropertyAccessor.IS_GETTER, JsonAutoDetect.Visibility.NONE)
          .visibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
          .addMixIn(ChapEntry.class, WithoutSecret.class)
          .build();

  private EventJson() {}

  /** An event as the API shows it. */
  public static ObjectNode of(AuditEvent event) {
    String id = event.key().persistenceId();
    ObjectNode json = JSON.createObjectNode();
    json.put("id", event.key().cursor());
    json.put("entity", EntityKind.of(id).map(EntityKind::word).orElse(""));
    json.put("name", EntityKind.name(id));
    json.put("version", event.key().version());
    json.put("at", event.at().toString());
    json.put("type", event.type());
    json.set("by", event.by().<JsonNode>map(EventJson::by).orElseGet(JSON::nullNode));
    json.put("cause", event.cause().orElse(null));
    ArrayNode evidence = json.putArray("evidence");
    event.evidence().forEach(seen -> evidence.add(evidence(seen)));
    json.set("event", tree(event.event()));
    json.set("before", event.before().map(EventJson::entry).orElseGet(JSON::nullNode));
    json.set("after", entry(event.after()));
    json.put("digest", event.digest().isEmpty() ? null : event.digest());
    return json;
  }

  private static ObjectNode by(Origin by) {
    ObjectNode json = JSON.createObjectNode();
    json.put("user", by.user().isEmpty() ? null : by.user());
    json.put("address", by.address().isEmpty() ? null : by.address());
    json.put("gateway", by.gateway());
    return json;
  }

  private static ObjectNode evidence(Observation seen) {
    ObjectNode json = JSON.createObjectNode();
    json.put("observer", seen.observer());
    json.put("subject", seen.subject());
    json.put("incarnation", seen.incarnation());
    json.put("part", seen.part().isEmpty() ? null : seen.part());
    json.put("kind", seen.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    json.put("at", seen.at().toString());
    json.put("detail", seen.detail());
    return json;
  }

  private static JsonNode entry(ViewEntry entry) {
    JsonNode json = tree(entry);
    if (entry instanceof UnitEntry unit && json instanceof ObjectNode object) {
      object.put("naa", unit.designator().text());
    }
    return json;
  }

  private static JsonNode tree(Object value) {
    JsonNode json = JSON.valueToTree(value);
    if (json instanceof ObjectNode object && object.path("naa").isIntegralNumber()) {
      object.put("naa", Naa.of(object.path("naa").longValue()).text());
    }
    return json;
  }
}
