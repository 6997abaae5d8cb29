package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.management.api.ApiJson;
import io.moongate.multinode.harness.ApiClient;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.wire.TargetPdu.AsyncMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The HTTP API of a real cluster: what one gateway is asked, another decides or carries out. */
@ClusterAlone
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ApiIT {
  private static final ObjectMapper JSON = ApiJson.mapper();
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int ROUNDS = 5;
  private static final String HOST = "iqn.2026-11.org.example:host";
  private static final String CHAP = "{\"user\":\"host\",\"secret\":\"of-enough-bytes\"}";

  /** A change, and what it is answered with. */
  private record Change(String method, String path, String body, int status) {
    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  /** None needs the dead one. */
  @Test
  void everyChangeIsMadeWhileAGatewayIsDown(TestCluster cluster) throws ApiException {
    TestGateway dead = cluster.gateways().get(2);
    TestGateway asked = cluster.gateways().get(0);
    TestGateway other = cluster.gateways().get(1);
    TestLun kept = cluster.createLun("api-down", 0, 16L << 20, 512, "rbd");
    TestLun lost = cluster.createLun("api-down", 1, 16L << 20);
    cluster.move(kept, asked);
    cluster.move(lost, dead);
    String target = "/targets/" + kept.target();
    String made = "iqn.2026-11.io.moongate:api-made";
    dead.kill();
    List<Change> changes = new ArrayList<>();
    for (TestLun lun : List.of(kept, lost)) {
      String unit = "/luns/" + lun.id();
      changes.add(new Change("POST", unit + "/move", gateway(other), 200));
      changes.add(new Change("POST", unit + "/resize", "{\"size\":33554432}", 200));
      changes.add(new Change("PUT", unit + "/read-only", "{\"readOnly\":true}", 200));
      changes.add(new Change("PUT", unit + "/read-only", "{\"readOnly\":false}", 200));
      changes.add(
          new Change("PUT", unit + "/preferred", "{\"gateways\":[\"" + dead.name() + "\"]}", 200));
      changes.add(new Change("PUT", unit + "/preferred", "{\"gateways\":[]}", 200));
    }
    String snapshots = "/luns/" + kept.id() + "/snapshots";
    changes.add(new Change("POST", snapshots, "{\"name\":\"a\"}", 201));
    changes.add(new Change("POST", snapshots + "/a/rollback", "{\"confirm\":true}", 200));
    changes.add(new Change("DELETE", snapshots + "/a", null, 204));
    changes.add(new Change("POST", "/targets", "{\"name\":\"" + made + "\"}", 201));
    changes.add(
        new Change(
            "POST", "/luns", "{\"target\":\"" + made + "\",\"lun\":0,\"size\":1048576}", 201));
    changes.add(
        new Change("PUT", "/targets/" + made + "/luns/7", "{\"id\":\"" + kept.id() + "\"}", 201));
    changes.add(new Change("DELETE", "/targets/" + made + "/luns/7", null, 204));
    changes.add(new Change("PUT", target + "/explicit-alua", "{\"explicitAlua\":true}", 200));
    changes.add(new Change("PUT", target + "/explicit-alua", "{\"explicitAlua\":false}", 200));
    changes.add(new Change("PUT", target + "/initiators/" + HOST, "{}", 201));
    changes.add(new Change("PUT", target + "/chap", CHAP, 200));
    changes.add(new Change("DELETE", target + "/chap", null, 204));
    changes.add(new Change("PUT", target + "/mutual-chap", CHAP, 200));
    changes.add(new Change("DELETE", target + "/mutual-chap", null, 204));
    changes.add(new Change("PUT", target + "/access", "{\"access\":\"listed\"}", 200));
    changes.add(new Change("PUT", target + "/access", "{\"access\":\"open\"}", 200));
    changes.add(new Change("DELETE", target + "/initiators/" + HOST, null, 204));
    changes.add(new Change("POST", "/gateways/" + dead.name() + "/drain", "{}", 200));
    changes.add(new Change("POST", "/gateways/" + dead.name() + "/undrain", "{}", 200));
    changes.add(new Change("DELETE", "/luns/" + kept.id(), null, 204));
    changes.add(new Change("DELETE", "/luns/" + lost.id(), null, 204));
    changes.add(new Change("DELETE", "/targets/" + kept.target(), null, 204));
    for (Change change : changes) {
      long begun = System.nanoTime();
      Await.value(change.toString(), BOUND, () -> made(asked.api(), change));
      System.out.printf("%s: %d ms%n", change, (System.nanoTime() - begun) / 1_000_000);
    }
    // What is to be there already is there, whoever is asked.
    HttpResponse<String> again =
        other.api().answer("POST", "/targets", "{\"name\":\"" + made + "\"}");
    assertEquals(200, again.statusCode(), again.body());
    assertEquals(
        409,
        asked.api().answer("POST", unitOf(asked, made) + "/move", gateway(dead)).statusCode(),
        "a unit can't be moved to a gateway that is down");
    cluster.delete(made);
  }

  private static String gateway(TestGateway gateway) {
    return "{\"gateway\":\"" + gateway.name() + "\"}";
  }

  private static String unitOf(TestGateway asked, String target) throws ApiException {
    try {
      JsonNode units =
          JSON.readTree(asked.api().answer("GET", "/luns?target=" + target, null).body());
      return "/luns/" + units.get(0).get("id").textValue();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** 503 and, while the failure is not on record, 409 say that it is to be asked again. */
  private static Change made(ApiClient api, Change change) throws Await.Unready {
    HttpResponse<String> response =
        TestCluster.ask(() -> api.answer(change.method(), change.path(), change.body()));
    if (response.statusCode() == 503 || response.statusCode() == 409) {
      throw new Await.Unready(response.body());
    }
    // One whose answer was lost has been made.
    boolean repeated = change.status() == 201 && response.statusCode() == 200;
    assertTrue(
        response.statusCode() == change.status() || repeated,
        () -> change + " answered " + response.statusCode() + ": " + response.body());
    return change;
  }

  @Test
  void ofTwoOperatorsWhoKnowTheSameOneIsRefused(TestCluster cluster) throws Exception {
    TestLun lun = cluster.createLun("api-two", 0, 16L << 20);
    List<ApiClient> operators =
        List.of(cluster.gateways().get(0).api(), cluster.gateways().get(1).api());
    for (int round = 0; round < ROUNDS; round++) {
      for (String path : List.of("/targets/" + lun.target(), "/luns/" + lun.id())) {
        String tag = tag(operators.get(0).answer("GET", path, null));
        List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
        for (int number = 0; number < operators.size(); number++) {
          ApiClient operator = operators.get(number);
          asked.add(CompletableFuture.supplyAsync(() -> conditional(operator, path, true, tag)));
        }
        List<HttpResponse<String>> answers =
            asked.stream()
                .map(CompletableFuture::join)
                .sorted(Comparator.comparing(HttpResponse::statusCode))
                .toList();
        assertEquals(200, answers.get(0).statusCode(), () -> answers.get(0).body());
        // One that comes while the other is being recorded is to be asked again, and refused then.
        int other = answers.get(1).statusCode();
        assertTrue(other == 412 || other == 503, () -> answers.get(1).body());
        HttpResponse<String> repeated = conditional(operators.get(0), path, true, tag);
        assertEquals(412, repeated.statusCode(), repeated.body());
        HttpResponse<String> next = conditional(operators.get(1), path, false, tag(answers.get(0)));
        assertEquals(200, next.statusCode(), next.body());
      }
    }
    HttpResponse<String> refused =
        operators
            .get(0)
            .answer("DELETE", "/luns/" + lun.id(), null, "If-Match", "\"1.0123456789abcdef\"");
    assertEquals(412, refused.statusCode(), refused.body());
    assertEquals(
        List.of(lun.target()),
        cluster.describe(lun).mappings().stream().map(each -> each.target()).toList(),
        "it is where it was");
    cluster.delete(lun.target());
  }

  /** A deletion and a change that know the same version: one that is refused takes nothing away. */
  @Test
  void aDeletionThatIsRefusedLeavesTheLunsWhereTheyAre(TestCluster cluster) throws Exception {
    ApiClient operator = cluster.gateways().get(0).api();
    ApiClient other = cluster.gateways().get(1).api();
    for (int round = 0; round < ROUNDS; round++) {
      TestLun lun = cluster.createLun("api-delete-" + round, 0, 16L << 20);
      String path = "/luns/" + lun.id();
      String tag = tag(operator.answer("GET", path, null));
      CompletableFuture<HttpResponse<String>> changed =
          CompletableFuture.supplyAsync(() -> conditional(other, path, true, tag));
      HttpResponse<String> deleted = operator.answer("DELETE", path, null, "If-Match", tag);
      int status = deleted.statusCode();
      int change = changed.join().statusCode();
      assertTrue(status == 204 || status == 412 || status == 503, deleted::body);
      assertFalse(status == 204 && change == 200, "both have had their way");
      if (status == 412) {
        assertEquals(
            List.of(lun.target()),
            cluster.describe(lun).mappings().stream().map(each -> each.target()).toList(),
            "it is where it was");
      }
      cluster.delete(lun.target());
    }
  }

  private static String tag(HttpResponse<?> answer) {
    return answer.headers().firstValue("ETag").orElseThrow();
  }

  /** A change after which nothing moves by itself, which would be another version again. */
  private static HttpResponse<String> conditional(
      ApiClient api, String path, boolean closed, String tag) {
    try {
      return path.startsWith("/targets/")
          ? api.answer(
              "PUT",
              path + "/access",
              "{\"access\":\"" + (closed ? "listed" : "open") + "\"}",
              "If-Match",
              tag)
          : api.answer(
              "PUT", path + "/read-only", "{\"readOnly\":" + closed + "}", "If-Match", tag);
    } catch (ApiException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aSessionIsClosedThroughAnyGateway(TestCluster cluster) throws Exception {
    TestLun lun = cluster.createLun("api-close", 0, 16L << 20);
    ApiClient other = cluster.gateways().get(1).api();
    for (boolean polite : new boolean[] {true, false}) {
      try (Nexus nexus = Nexus.open(cluster.gateways().get(0), lun);
          Nexus bystander = Nexus.open(cluster.gateways().get(0), lun)) {
        String id = sessionId(other, nexus);
        CompletableFuture<HttpResponse<String>> closed =
            CompletableFuture.supplyAsync(() -> answer(other, "DELETE", "/sessions/" + id));
        AsyncMessage message = nexus.session().awaitPdu(AsyncMessage.class);
        assertEquals(1, message.asyncEvent(), "it is asked to log out");
        if (polite) {
          nexus.session().logout();
        } else {
          nexus.session().awaitEnd();
        }
        assertEquals(204, closed.join().statusCode(), () -> closed.join().body());
        assertEquals(404, answer(other, "DELETE", "/sessions/" + id).statusCode());
        assertTrue(sessionId(other, bystander).startsWith(cluster.gateways().get(0).name()));
      }
    }
    cluster.delete(lun.target());
  }

  private static HttpResponse<String> answer(ApiClient api, String method, String path) {
    try {
      return api.answer(method, path, null);
    } catch (ApiException e) {
      throw new AssertionError(e);
    }
  }

  private static String sessionId(ApiClient api, Nexus nexus) throws IOException {
    String path = "/sessions?gateway=" + nexus.gateway().name();
    for (JsonNode session : JSON.readTree(answer(api, "GET", path).body()).get("sessions")) {
      if (session.get("tsih").intValue() == nexus.session().tsih()) {
        return session.get("id").textValue();
      }
    }
    throw new AssertionError("no session of TSIH " + nexus.session().tsih());
  }

  @Test
  void everyGatewayTellsWhatChanges(TestCluster cluster) throws Exception {
    List<BufferedReader> streams = new ArrayList<>();
    try {
      for (TestGateway gateway : cluster.gateways()) {
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(gateway.api().changes(), StandardCharsets.UTF_8));
        streams.add(lines);
        assertEquals("event: hello", lines.readLine());
      }
      TestLun lun = cluster.createLun("api-changes", 0, 16L << 20);
      // What was told of its first owner may have come before it was mapped.
      TestGateway next = cluster.servingWithout(cluster.owner(lun)).get(0);
      cluster.move(lun, next);
      for (int number = 0; number < streams.size(); number++) {
        String told = awaitOwner(streams.get(number), lun, next.name());
        System.out.println(cluster.gateways().get(number) + " tells " + told.length() + " bytes");
      }
      cluster.delete(lun.target());
      for (BufferedReader lines : streams) {
        awaitLine(lines, "data: {\"kind\":\"lun\",\"id\":\"" + lun.id() + "\"}");
      }
    } finally {
      for (BufferedReader lines : streams) {
        lines.close();
      }
    }
  }

  /** Reads on until the unit is said to be served by a gateway. */
  private static String awaitOwner(BufferedReader lines, TestLun lun, String owner)
      throws IOException {
    while (true) {
      String line = awaitLine(lines, "data: {\"lun\":");
      JsonNode data = JSON.readTree(line.substring("data: ".length()));
      JsonNode unit = data.get("lun");
      if (unit.get("id").textValue().equals(lun.id())
          && unit.get("phase").textValue().equals("serving")
          && owner.equals(unit.get("owner").textValue())) {
        assertTrue(data.get("paths").size() >= 3, line);
        return line;
      }
    }
  }

  private static String awaitLine(BufferedReader lines, String beginning) throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith(beginning)) {
        return line;
      }
    }
    throw new AssertionError("the stream has ended before " + beginning);
  }

  /** What a supervisor asks, beside the API, and what the API says of the cluster. */
  @Test
  void membersAndReadinessCanBeAsked(TestCluster cluster) throws Exception {
    HttpClient http = HttpClient.newHttpClient();
    for (TestGateway gateway : cluster.gateways()) {
      for (String path : List.of("/alive", "/ready", "/cluster/members", "/bootstrap/seed-nodes")) {
        URI uri = URI.create("http://" + gateway.host() + ":8558" + path);
        HttpResponse<String> answer =
            http.send(
                HttpRequest.newBuilder(uri).timeout(BOUND).build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), uri + ": " + answer.body());
        if (path.equals("/cluster/members")) {
          assertEquals(3, JSON.readTree(answer.body()).get("members").size(), answer.body());
        }
      }
      JsonNode standing = JSON.readTree(answer(gateway.api(), "GET", "/cluster").body());
      assertEquals(gateway.name(), standing.get("gateway").textValue());
      assertEquals(3, standing.get("members").size(), standing.toString());
      assertTrue(standing.get("leader").isTextual(), standing.toString());
      assertTrue(standing.at("/lease/valid").booleanValue(), standing.toString());
      JsonNode portals = JSON.readTree(answer(gateway.api(), "GET", "/portals").body());
      assertEquals(3, portals.size(), portals.toString());
      for (JsonNode portal : portals) {
        assertEquals("well", portal.get("state").textValue(), portal.toString());
      }
    }
  }
}
