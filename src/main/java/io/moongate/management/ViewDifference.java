package io.moongate.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import io.moongate.cluster.ViewSource;
import io.moongate.management.api.ApiJson;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What is different between two views, field by field of the resources. */
final class ViewDifference {
  private static final ObjectMapper JSON = ApiJson.mapper();

  private ViewDifference() {}

  /**
   * One field.
   *
   * @param entity gateway, target, lun or path
   * @param id a gateway's name, an iSCSI name, a logical unit's id; of a path target, LUN, gateway
   *     and portal
   * @param field empty when there is such a thing in one of the two views only: then the other
   *     value is null
   */
  record Change(String entity, String id, String field, JsonNode before, JsonNode after) {}

  /** By entity and id, in the order of gateways, targets, LUNs, paths. */
  static List<Change> between(ViewSource before, ViewSource after) {
    List<Change> changes = new ArrayList<>();
    for (String entity : List.of("gateway", "target", "lun", "path")) {
      Map<String, JsonNode> then = resources(entity, before);
      Map<String, JsonNode> now = resources(entity, after);
      TreeSet<String> ids = new TreeSet<>(then.keySet());
      ids.addAll(now.keySet());
      for (String id : ids) {
        compare(entity, id, then.get(id), now.get(id), changes);
      }
    }
    return changes;
  }

  private static void compare(
      String entity, String id, JsonNode before, JsonNode after, List<Change> changes) {
    if (before == null || after == null) {
      changes.add(new Change(entity, id, "", orNull(before), orNull(after)));
      return;
    }
    for (Iterator<String> fields = before.fieldNames(); fields.hasNext(); ) {
      String field = fields.next();
      JsonNode now = orNull(after.get(field));
      if (!before.get(field).equals(now)) {
        changes.add(new Change(entity, id, field, before.get(field), now));
      }
    }
  }

  private static JsonNode orNull(JsonNode node) {
    return node == null ? NullNode.getInstance() : node;
  }

  private static Map<String, JsonNode> resources(String entity, ViewSource source) {
    Stream<?> all =
        switch (entity) {
          case "gateway" -> Resources.gateways(source);
          case "target" -> Resources.targets(source.view());
          case "lun" -> source.view().units().stream().map(unit -> Resources.unit(source, unit));
          default ->
              Resources.paths(
                  source.view(), Optional.empty(), OptionalInt.empty(), Optional.empty());
        };
    Map<String, JsonNode> byId = new TreeMap<>();
    all.forEach(
        each -> {
          JsonNode json = JSON.valueToTree(each);
          byId.put(id(entity, json), json);
        });
    return byId;
  }

  private static String id(String entity, JsonNode json) {
    return switch (entity) {
      case "lun" -> json.path("id").asText();
      case "path" ->
          "%s %s %s %s"
              .formatted(
                  json.path("target").asText(),
                  json.path("lun").asText(),
                  json.path("gateway").asText(),
                  json.path("portal").asText());
      default -> json.path("name").asText();
    };
  }
}
