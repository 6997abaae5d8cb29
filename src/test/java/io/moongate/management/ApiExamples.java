package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.audit.RecordedPast;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.management.api.ApiJson;
import io.moongate.management.api.LogicalUnit;
import java.util.Map;

/** One good request for every operation of the API, and what has to be there for it. */
final class ApiExamples {
  static final String TARGET = "iqn.2026-11.io.moongate:example";
  static final String HOST = "iqn.2026-11.example:host";
  private static final String SECRET = "a-secret-of-length";

  /** Bodies by operation; those that are not here have none. */
  private static final Map<String, String> BODIES =
      Map.ofEntries(
          Map.entry("drainGateway", "{\"cause\":\"cables\"}"),
          Map.entry("undrainGateway", "{}"),
          Map.entry(
              "createTarget",
              "{\"name\":\"" + TARGET + "2\",\"gateways\":[\"gw1\"],\"explicitAlua\":true}"),
          Map.entry("setExplicitAlua", "{\"explicitAlua\":true}"),
          Map.entry("mapLun", "{\"id\":\"ID\"}"),
          Map.entry("setAccess", "{\"access\":\"listed\"}"),
          Map.entry("setChap", "{\"user\":\"host\",\"secret\":\"" + SECRET + "\"}"),
          Map.entry("setMutualChap", "{\"user\":\"target\",\"secret\":\"" + SECRET + "\"}"),
          Map.entry(
              "allowInitiator",
              "{\"chap\":{\"user\":\"h\",\"secret\":\""
                  + SECRET
                  + "\"},\"luns\":[{\"lun\":1,\"targetLun\":0}],\"remark\":\"a host\"}"),
          Map.entry(
              "createLun",
              "{\"target\":\""
                  + TARGET
                  + "\",\"lun\":3,\"size\":1048576,\"blockSize\":4096,\"provisioning\":\"full\"}"),
          Map.entry("moveLun", "{\"gateway\":\"gw2\"}"),
          Map.entry("resizeLun", "{\"size\":2097152}"),
          Map.entry("setReadOnly", "{\"readOnly\":true}"),
          Map.entry("setPreferred", "{\"gateways\":[\"gw2\",\"gw1\"]}"),
          Map.entry("makeSnapshot", "{\"name\":\"before\"}"),
          Map.entry("rollBackLun", "{\"confirm\":true,\"id\":\"r1\"}"));

  private final TestServer server;
  private String unit = "";

  ApiExamples(TestServer server) {
    this.server = server;
  }

  /** Makes what the operation needs. */
  void prepare(String operation, ChapSecrets secrets) throws Exception {
    FakeMetadata metadata = server.metadata();
    metadata.reset();
    metadata.secrets(secrets);
    assertEquals(201, server.post("/targets", "{\"name\":\"" + TARGET + "\"}").statusCode());
    unit =
        ApiJson.mapper()
            .readValue(
                server
                    .post("/luns", "{\"target\":\"" + TARGET + "\",\"lun\":0,\"size\":1048576}")
                    .body(),
                LogicalUnit.class)
            .id();
    assertEquals(201, server.put("/targets/" + TARGET + "/initiators/" + HOST, "{}").statusCode());
    metadata.snapshots.put(unit, new Snapshot("s1", 1 << 20, FakeMetadata.SINCE, 0, false));
    metadata.snapshots.answerRollbacks((id, name) -> metadata.view().unit(id).orElseThrow());
    if (operation.endsWith("Operation") || operation.endsWith("Operations")) {
      metadata.releasing(unit, "gw2");
    }
    if (operation.equals("deleteTarget")) {
      assertEquals(204, server.method("DELETE", "/luns/" + unit).statusCode());
    }
  }

  /** The path with what is there. */
  String path(String template) throws Exception {
    boolean gateway = template.startsWith("/gateways");
    // Only one that has failed can be removed, and only one that is there can be drained.
    String session =
        ApiJson.mapper()
            .readTree(server.get("/sessions?gateway=gw2").body())
            .at("/sessions/0/id")
            .textValue();
    return template
        .replace("{name}", gateway ? "gw3" : TARGET)
        .replace("{lun}", "0")
        .replace("{initiator}", HOST)
        .replace("{snapshot}", "s1")
        .replace(
            "{id}",
            template.startsWith("/sessions")
                ? session
                : template.startsWith("/operations") ? "unit-" + unit : unit);
  }

  String query(String operation) {
    return switch (operation) {
      case "listVolumes" -> "?store=rbd";
      case "diffView" -> "?from=" + RecordedPast.BEGIN + "&to=" + RecordedPast.BEGIN.plusSeconds(2);
      default -> "";
    };
  }

  String body(String operation) {
    return BODIES.getOrDefault(operation, "{}").replace("ID", unit);
  }
}
