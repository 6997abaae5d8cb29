package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Await.Unready;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.Network;
import io.moongate.multinode.harness.net.NetworkedCluster;
import io.moongate.multinode.workload.Workload;
import io.moongate.multinode.workload.Workload.Errors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A gateway falls silent as a whole, as when its host has lost power: another one holds the address
 * of its portal, so that connections of hosts are reset, and gives it back.
 */
@Tag("long")
class PortalTakeoverIT {
  private static final Duration BOUND = Duration.ofSeconds(120);
  private static final ObjectMapper JSON = new ObjectMapper();

  private static NetworkedCluster networked;
  private static TestCluster cluster;
  private static Network network;

  @BeforeAll
  static void start() {
    networked =
        NetworkedCluster.startWithPortals(
            "portal-takeover", 3, "\nmoongate.portal-takeover.enabled = on\n");
    cluster = networked.cluster();
    network = networked.network();
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  private static String addressOf(TestGateway gateway) {
    return gateway.portal().getAddress().getHostAddress();
  }

  /** Who holds a gateway's portal, as another gateway says; empty when nobody does. */
  private static String holder(TestGateway asked, TestGateway of) throws Unready {
    String answer = TestCluster.ask(() -> asked.api().text("/api/v1/portals?gateway=" + of.name()));
    try {
      JsonNode portals = JSON.readTree(answer);
      JsonNode portal = (portals.isArray() ? portals : portals.path("items")).path(0);
      return portal.path("heldBy").asText("").replace("null", "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TestGateway awaitHolder(TestGateway asked, TestGateway of, List<String> expected) {
    return cluster.gateway(
        Await.value(
            "one of %s to hold the portal of %s".formatted(expected, of),
            BOUND,
            () -> {
              String holder = holder(asked, of);
              if (!expected.contains(holder) || !network.has(holder, addressOf(of))) {
                throw new Unready("held by \"" + holder + "\"");
              }
              return holder;
            }));
  }

  private static void awaitGivenBack(TestGateway to) {
    for (TestGateway gateway : cluster.gateways()) {
      Await.value(
          gateway + " to know that nobody holds the portal of " + to,
          BOUND,
          () -> {
            String holder = holder(gateway, to);
            if (!holder.isEmpty()) {
              throw new Unready("held by " + holder);
            }
            return Boolean.TRUE;
          });
      assertEquals(gateway == to, network.has(gateway.name(), addressOf(to)), gateway.toString());
    }
  }

  private static Socket connected(TestGateway gateway) throws IOException {
    Socket socket = new Socket();
    socket.connect(gateway.portal(), 10_000);
    socket.setSoTimeout(500);
    return socket;
  }

  /** Until the connection is reset by whoever has its other address then. */
  private static void awaitReset(Socket connection) {
    Await.value(
        "the connection to be reset",
        BOUND,
        () -> {
          try {
            // Something has to be under way, as with every initiator that sends NOP-Out.
            connection.getOutputStream().write(0);
            int read = connection.getInputStream().read();
            throw new AssertionError("a gateway that is gone has answered: " + read);
          } catch (SocketTimeoutException silent) {
            throw new Unready("silence");
          } catch (SocketException reset) {
            return reset.getMessage();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @Test
  void aHostsConnectionsAreResetAndTheAddressIsGivenBack() throws IOException {
    networked.heal();
    TestGateway lost = cluster.gateway("gw1");
    TestLun lun = cluster.createLun("takeover", 0, 16L << 20);
    cluster.move(lun, lost);
    History history = new History();
    try (Workload workload =
        Workload.start(
            cluster.gateways(), lun, 4, Workload.seed(), history, Workload.BLOCKS, Errors.COUNT)) {
      workload.awaitProgress(100);
      TestGateway holder;
      try (Socket connection = connected(lost)) {
        network.silence(lost.name());
        long began = System.nanoTime();
        holder = awaitHolder(cluster.gateway("gw3"), lost, List.of("gw2", "gw3"));
        System.out.printf("held by %s after %d ms%n", holder, millisSince(began));
        awaitReset(connection);
        System.out.printf("reset after %d ms%n", millisSince(began));
      }
      SocketException refused = assertThrows(SocketException.class, () -> connected(lost).close());
      assertTrue(refused.getMessage().contains("refused"), refused.toString());
      workload.awaitProgress(100);

      networked.heal();
      awaitGivenBack(lost);
      assertFalse(network.has(holder.name(), addressOf(lost)));
      cluster.move(lun, lost);
      workload.awaitProgress(200);
      workload.stop();
      assertEquals(List.of(), workload.errors());
    }
    Histories.requireLinearizable("portal-takeover", history);
  }

  private static long millisSince(long moment) {
    return (System.nanoTime() - moment) / 1_000_000;
  }

  /** Its host is there: to hold its address would be to have it twice. */
  @Test
  void aGatewayThatOnlyOthersCantReachKeepsItsAddress() {
    networked.heal();
    TestGateway cut = cluster.gateway("gw2");
    network.isolate(cut.name());
    Await.value(
        "another gateway to have found the address of " + cut + " answered",
        BOUND,
        () -> {
          for (String name : List.of("gw1", "gw3")) {
            if (log(name).contains("event=portal-not-held gateway=" + cut)) {
              return name;
            }
          }
          throw new Unready("nothing in the logs");
        });
    for (TestGateway gateway : cluster.gateways()) {
      assertEquals(gateway == cut, network.has(gateway.name(), addressOf(cut)), gateway.toString());
    }
    networked.heal();
    awaitGivenBack(cut);
    assertFalse(audit("portal-held").contains(addressOf(cut)), "it was never anybody else's");
  }

  private static String log(String gateway) {
    try {
      return Files.readString(cluster.logs().resolve(gateway + ".log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String audit(String type) {
    return cluster.done(
        "the events " + type,
        () -> cluster.gateway("gw1").api().text("/api/v1/events?type=" + type + "&limit=1000"));
  }

  /** The kernel of its host removes the address; then it is the third gateway's. */
  @Test
  void theHolderIsKilled() throws ApiException {
    networked.heal();
    TestGateway lost = cluster.gateway("gw3");
    network.silence(lost.name());
    TestGateway first = awaitHolder(cluster.gateway("gw1"), lost, List.of("gw1", "gw2"));
    first.kill();
    TestGateway second =
        cluster.serving().stream().filter(gateway -> gateway != lost).findFirst().orElseThrow();
    awaitHolder(second, lost, List.of(second.name()));
    assertFalse(network.has(first.name(), addressOf(lost)), "it is on one host at a time");
    networked.heal();
    awaitGivenBack(lost);
    String held = audit("portal-held");
    assertTrue(held.contains("\"" + first + "\"") && held.contains("\"" + second + "\""), held);
  }
}
