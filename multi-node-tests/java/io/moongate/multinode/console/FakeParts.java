package io.moongate.multinode.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** What resources of a {@link FakeCluster} have below them, and what is in its stores. */
final class FakeParts {
  /** The initiator that is on every target's list. */
  static final String INITIATOR = "iqn.1993-08.org.debian:01:listed";

  private FakeParts() {}

  private static String json(String text) {
    return text.replace('\'', '"');
  }

  static String initiators() {
    return json(
        "[{'initiator':'"
            + INITIATOR
            + "','chap':{'user':'host1','secret':'set'},'luns':[{'lun':0,'targetLun':0},{'lun':1,'targetLun':2}],'remark':'rack 7'}]");
  }

  static String snapshots() {
    return json(
        "[{'name':'before-upgrade','size':10737418240,'createdAt':'2026-11-20T10:00:00Z','clones':0,'locked':false},"
            + "{'name':'golden','size':10737418240,'createdAt':'2026-11-21T10:00:00Z','clones':2,'locked':false}]");
  }

  /** Volumes of a store in pages: one is a unit's, one has an obstacle, the others can be taken. */
  static String volumes(FakeCluster cluster, Map<String, String> query) {
    ArrayNode found = FakeCluster.JSON.createArrayNode();
    if (query.get("store").equals("rbd")) {
      String unit = cluster.units.keySet().iterator().next();
      for (int n = 0; n < 130; n++) {
        String name = "image-%03d".formatted(n);
        boolean after = name.compareTo(query.getOrDefault("after", "")) > 0;
        if (after && found.size() < Integer.parseInt(query.getOrDefault("limit", "100"))) {
          ObjectNode volume = found.addObject().put("name", name).put("size", 5L << 30);
          volume.putNull("blockSize").put("unit", n == 0 ? unit : null).put("adoptable", n > 1);
          volume.put("obstacle", n == 0 ? "it is the volume of a logical unit" : null);
          if (n == 1) {
            volume.put("obstacle", "it has snapshots");
          }
        }
      }
    }
    return found.toString();
  }

  /** A change that was asked for. */
  record Sent(String method, String path, String ifMatch, JsonNode body) {}

  /** The answer to one that was made: what was asked for. */
  static String made(Sent sent) {
    return sent.body().isObject()
        ? ((ObjectNode) sent.body()).deepCopy().put("name", "made").toString()
        : "{}";
  }

  static JsonNode read(byte[] body) {
    try {
      return FakeCluster.JSON.readTree(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sessions of a target. */
  static List<ObjectNode> sessions(FakeCluster cluster, String target) {
    return cluster.sessions.stream()
        .filter(each -> target == null || target.equals(each.get("target").textValue()))
        .toList();
  }
}
