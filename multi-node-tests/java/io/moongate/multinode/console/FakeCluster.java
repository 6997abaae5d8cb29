package io.moongate.multinode.console;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A cluster of any size as the API shows it, with a history: what a console can be shown that a
 * real one on this host would take too long for.
 */
final class FakeCluster {
  static final ObjectMapper JSON = new ObjectMapper();

  /** Paths of a cluster whose history is kept. */
  private static final int KEPT = 1000;

  private static final String TARGET = "iqn.2026-11.io.moongate:fake-";

  /** What has happened, and how everything was after it. */
  record Event(ObjectNode json, Instant at) {}

  final Map<String, ObjectNode> gateways = new LinkedHashMap<>();
  final Map<String, ObjectNode> targets = new LinkedHashMap<>();
  final Map<String, ObjectNode> units = new LinkedHashMap<>();
  final List<ObjectNode> sessions = new ArrayList<>();
  final List<Event> events = new ArrayList<>();
  private final NavigableMap<Instant, JsonNode> history = new TreeMap<>();
  private Instant clock;

  /**
   * @param lunsOfTarget LUNs of each target
   * @param began when the history begins
   */
  FakeCluster(int gatewayCount, int targetCount, int lunsOfTarget, int hosts, Instant began) {
    clock = began;
    for (int n = 1; n <= gatewayCount; n++) {
      gateways.put("gw" + n, gateway("gw" + n, n));
    }
    for (int t = 1; t <= targetCount; t++) {
      String name = TARGET + t;
      ArrayNode luns = JSON.createArrayNode();
      for (int lun = 0; lun < lunsOfTarget; lun++) {
        String owner = "gw" + (1 + (lun + t) % gatewayCount);
        ObjectNode unit = unit(name, lun, owner);
        units.put(unit.get("id").textValue(), unit);
        luns.addObject().put("lun", lun).put("id", unit.get("id").textValue());
      }
      targets.put(name, target(name, luns));
    }
    for (int host = 1; host <= hosts; host++) {
      for (int n = 1; n <= Math.min(gatewayCount, 3); n++) {
        sessions.add(session(host, n));
      }
    }
    count();
    keep();
  }

  private ObjectNode gateway(String name, int n) {
    ObjectNode gateway = JSON.createObjectNode().put("name", name).put("state", "up");
    gateway.putArray("portals").add("10.0.0." + n + ":3260");
    gateway
        .put("portGroup", n)
        .put("version", "0.1.0")
        .put("pid", 1000 + n)
        .put("incarnation", UUID.nameUUIDFromBytes(name.getBytes()).toString())
        .put("since", clock.toString())
        .put("cause", "registered")
        .put("luns", 0)
        .put("load", 12.5)
        .put("api", "http://10.0.0." + n + ":8080")
        .put("service", "in-service")
        .putNull("serviceCause")
        .putArray("observations");
    return gateway;
  }

  private ObjectNode target(String name, ArrayNode luns) {
    ObjectNode target = JSON.createObjectNode().put("name", name);
    gateways.keySet().forEach(target.putArray("gateways")::add);
    target.put("everyGateway", true).set("luns", luns);
    return target
        .put("since", clock.toString())
        .put("access", "open")
        .put("initiators", 0)
        .putNull("chap")
        .putNull("mutualChap")
        .put("explicitAlua", false);
  }

  private ObjectNode unit(String target, int lun, String owner) {
    String id = UUID.nameUUIDFromBytes((target + lun).getBytes()).toString();
    ObjectNode unit =
        JSON.createObjectNode()
            .put("id", id)
            .put("target", target)
            .put("lun", lun)
            .put("naa", "5" + id.replace("-", "").substring(0, 15))
            .put("serial", id.substring(0, 8))
            .put("size", 10L << 30)
            .put("blockSize", 512)
            .put("store", "rbd")
            .put("volume", id)
            .put("imported", false)
            .put("owner", owner)
            .put("epoch", 1)
            .put("phase", "serving")
            .put("since", clock.toString())
            .put("cause", "placed: least loaded");
    unit.putArray("preferred");
    unit.putArray("evidence");
    unit.putArray("refusedBy");
    unit.putArray("mappings").addObject().put("target", target).put("lun", lun);
    return unit.putNull("growingTo")
        .put("removable", false)
        .put("ejected", false)
        .put("removalPrevented", 0)
        .put("readOnly", false)
        .put("provisioning", "thin")
        .put("physicalBlockSize", 4096)
        .putNull("clonedFrom")
        .putNull("rollingBackTo")
        .put("load", 3.5);
  }

  private ObjectNode session(int host, int gateway) {
    return JSON.createObjectNode()
        .put("id", "s" + host + "-" + gateway)
        .put("gateway", "gw" + gateway)
        .put("initiator", "iqn.1993-08.org.debian:01:host" + host)
        .put("isid", "00023d000001")
        .put("tsih", host)
        .put("target", TARGET + "1")
        .put("portal", "10.0.0." + gateway + ":3260")
        .put("peer", "10.1.0." + host + ":40000")
        .put("since", clock.toString())
        .put("commandsInFlight", 0);
  }

  /** The paths of a unit, as they follow from it and from the gateways. */
  ArrayNode paths(ObjectNode unit) {
    ArrayNode paths = JSON.createArrayNode();
    for (ObjectNode gateway : gateways.values()) {
      boolean up = gateway.get("state").textValue().equals("up");
      boolean owner =
          gateway.get("name").equals(unit.get("owner"))
              && unit.get("phase").textValue().equals("serving");
      paths
          .addObject()
          .put("lun", unit.get("lun").intValue())
          .put("target", unit.get("target").textValue())
          .put("id", unit.get("id").textValue())
          .put("gateway", gateway.get("name").textValue())
          .put("portal", gateway.get("portals").get(0).textValue())
          .put("tpg", gateway.get("portGroup").intValue())
          .put("state", !up ? "unavailable" : owner ? "active-optimized" : "active-non-optimized")
          .put("owner", unit.get("owner").textValue())
          .put("epoch", unit.get("epoch").longValue())
          .put("since", later(unit, gateway))
          .put("cause", unit.get("cause").textValue());
    }
    return paths;
  }

  private static String later(ObjectNode unit, ObjectNode gateway) {
    String ofUnit = unit.get("since").textValue();
    String ofGateway = gateway.get("since").textValue();
    return Instant.parse(ofGateway).isAfter(Instant.parse(ofUnit)) ? ofGateway : ofUnit;
  }

  JsonNode allPaths() {
    return paths(Map.of());
  }

  /** The paths of which each of these members has the value. */
  ArrayNode paths(Map<String, String> wanted) {
    ArrayNode found = JSON.createArrayNode();
    for (ObjectNode unit : units.values()) {
      for (JsonNode path : paths(unit)) {
        if (wanted.entrySet().stream()
            .allMatch(each -> path.path(each.getKey()).asText().equals(each.getValue()))) {
          found.add(path);
        }
      }
    }
    return found;
  }

  /** The whole view as it was at an instant. */
  JsonNode at(Instant at) {
    Map.Entry<Instant, JsonNode> then = history.floorEntry(at);
    JsonNode found = then == null ? history.firstEntry().getValue() : then.getValue();
    return ((ObjectNode) found.deepCopy()).put("at", at.toString());
  }

  /**
   * A gateway fails: the observations, then each of its units taken over by the next.
   *
   * @return what a stream of changes tells, as pairs of type and data
   */
  List<Map.Entry<String, JsonNode>> fail(String name, Instant at) {
    clock = at;
    List<Map.Entry<String, JsonNode>> told = new ArrayList<>();
    ObjectNode gateway = gateways.get(name);
    ObjectNode before = gateway.deepCopy();
    ObjectNode seen = JSON.createObjectNode();
    seen.put("observer", name.equals("gw1") ? "gw2" : "gw1")
        .put("subject", name)
        .put("incarnation", gateway.get("incarnation").textValue())
        .putNull("part")
        .put("kind", "process-gone")
        .put("at", clock.toString())
        .put("detail", "connection refused on its port");
    gateway.put("state", "failed").put("cause", "process gone").put("since", clock.toString());
    ((ArrayNode) gateway.get("observations")).add(seen);
    sessions.removeIf(session -> session.get("gateway").textValue().equals(name));
    List<String> up =
        gateways.keySet().stream()
            .filter(each -> gateways.get(each).get("state").textValue().equals("up"))
            .toList();
    record("gateway", name, "GatewayFailed", before, gateway);
    told.add(Map.entry("gateway", gateway.deepCopy()));
    int next = 0;
    for (ObjectNode unit : units.values()) {
      if (unit.get("owner").textValue().equals(name)) {
        clock = clock.plusMillis(40);
        ObjectNode was = unit.deepCopy();
        unit.put("owner", up.get(next++ % up.size()))
            .put("epoch", unit.get("epoch").longValue() + 1)
            .put("since", clock.toString())
            .put("cause", "taken over: " + name + " has failed");
        ((ArrayNode) unit.get("evidence")).removeAll().add(seen);
        record("lun", unit.get("id").textValue(), "OwnershipTaken", was, unit);
        told.add(Map.entry("lun", lun(unit)));
      }
    }
    count();
    keep();
    return told;
  }

  private ObjectNode lun(ObjectNode unit) {
    ObjectNode both = JSON.createObjectNode();
    both.set("lun", unit.deepCopy());
    both.set("paths", paths(unit));
    return both;
  }

  private void count() {
    for (ObjectNode gateway : gateways.values()) {
      gateway.put(
          "luns",
          units.values().stream()
              .filter(unit -> unit.get("owner").equals(gateway.get("name")))
              .count());
    }
  }

  private void record(String entity, String name, String type, JsonNode before, ObjectNode after) {
    ObjectNode event = JSON.createObjectNode();
    event
        .put("id", entity + "-" + events.size())
        .put("entity", entity)
        .put("name", name)
        .put("version", events.size())
        .put("at", clock.toString())
        .put("type", type);
    event.putObject("by").putNull("user").putNull("address").put("gateway", "gw1");
    event.put("cause", after.get("cause").textValue());
    event.set("evidence", after.path("evidence"));
    event.set("before", before);
    event.set("after", after.deepCopy());
    events.add(new Event(event, clock));
    keep();
  }

  private void keep() {
    if (gateways.size() * units.size() > KEPT) {
      return;
    }
    ObjectNode all = JSON.createObjectNode();
    all.set("gateways", array(gateways.values()));
    all.set("targets", array(targets.values()));
    all.set("luns", array(units.values()));
    all.set("paths", allPaths());
    history.put(clock, all.deepCopy());
  }

  static ArrayNode array(Iterable<ObjectNode> nodes) {
    ArrayNode array = JSON.createArrayNode();
    nodes.forEach(array::add);
    return array;
  }
}
