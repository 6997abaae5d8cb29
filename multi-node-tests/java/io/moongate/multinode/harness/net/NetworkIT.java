package io.moongate.multinode.harness.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.harness.Tool;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** That the network of the tests loses what it is told to lose, and nothing else, and goes away. */
class NetworkIT {
  private static final Duration BOUND = Duration.ofSeconds(10);
  private static final int SILENCE_MS = 1000;
  private static final int SAMPLES = 100;

  @Test
  void aCutIsSilentOneWayAndOfTwoNodesOnly() throws IOException {
    try (Network network = Network.create(Map.of("one", "10.77.0.11", "two", "10.77.0.12"));
        DatagramSocket socket = listening(SILENCE_MS)) {
      assertTrue(arrives(network, "one", socket), "before the cut");

      network.cut("one", Network.HOSTS);
      assertFalse(arrives(network, "one", socket), "through a cut");
      assertTrue(arrives(network, "two", socket), "from another node");

      network.mend();
      assertTrue(arrives(network, "one", socket), "after the cut");

      network.cut(Network.HOSTS, "one");
      assertTrue(arrives(network, "one", socket), "against the direction of the cut");
    }
    assertEquals(List.of(), left(ProcessHandle.current().pid()));
  }

  @Test
  void aCutOfAPortalLeavesOtherPorts() throws IOException {
    try (Network network = Network.create(Map.of("one", "10.77.0.11"));
        DatagramSocket socket = listening(SILENCE_MS)) {
      network.cutPortal("one", true, true);
      assertTrue(arrives(network, "one", socket), "what is no iSCSI");
    }
  }

  @Test
  void aSlowLinkTakesWhatFits() throws IOException {
    try (Network network = Network.create(Map.of("one", "10.77.0.11"));
        DatagramSocket socket = listening((int) BOUND.toMillis())) {
      network.slow("one", "1mbit", 400);
      assertTrue(arrives(network, "one", socket), "over a slow link");
      network.fast("one");
      assertTrue(arrives(network, "one", socket), "over a fast link");
    }
  }

  @Test
  void aLossyLinkLosesSomeAndNotAll() throws IOException {
    try (Network network = Network.create(Map.of("one", "10.77.0.11"));
        DatagramSocket socket = listening(SILENCE_MS)) {
      assertTrue(arrives(network, "one", socket), "and each knows the other's address");
      network.lose("one", 50);
      send(network, "one", socket, "of many", SAMPLES);
      int arrived = 0;
      while (receive(socket).isPresent()) {
        arrived++;
      }
      assertTrue(arrived > 0 && arrived < SAMPLES, arrived + " of " + SAMPLES);
      network.mend();
      assertTrue(arrives(network, "one", socket), "over a mended link");
    }
  }

  @Test
  void whatAKilledRunLeftIsRemovedAndNothingElse() throws Exception {
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    String leftover = "moongate-" + ended.pid() + "-gw1";
    String ofALiveOne = "moongate-1-gw1";
    Tool.IP.run(BOUND, "netns", "add", leftover).succeeded();
    Tool.IP.run(BOUND, "netns", "add", ofALiveOne).succeeded();
    try (Network network = Network.create(Map.of("one", "10.77.0.11"))) {
      assertEquals(List.of("one"), network.nodes());
      assertEquals(List.of(), left(ended.pid()));
      assertEquals(List.of(ofALiveOne), left(1));
    } finally {
      Tool.IP.run(BOUND, "netns", "del", ofALiveOne).succeeded();
    }
  }

  /** Where hosts are; what does not come within so many milliseconds is lost. */
  private static DatagramSocket listening(int millis) throws IOException {
    DatagramSocket socket =
        new DatagramSocket(new InetSocketAddress(InetAddress.getByName("10.77.0.1"), 0));
    socket.setSoTimeout(millis);
    return socket;
  }

  private static boolean arrives(Network network, String from, DatagramSocket socket)
      throws IOException {
    String word = from + System.nanoTime();
    send(network, from, socket, word, 1);
    Optional<String> received = receive(socket);
    received.ifPresent(said -> assertEquals(word, said));
    return received.isPresent();
  }

  private static void send(
      Network network, String from, DatagramSocket socket, String word, int times) {
    List<String> launcher = network.place(from).launcher();
    String send =
        "for i in $(seq %d); do printf %%s '%s' > /dev/udp/10.77.0.1/%d; done"
            .formatted(times, word, socket.getLocalPort());
    Tool.IP
        .run(BOUND, launcher.get(1), launcher.get(2), launcher.get(3), "bash", "-c", send)
        .succeeded();
  }

  private static Optional<String> receive(DatagramSocket socket) throws IOException {
    try {
      byte[] buffer = new byte[100];
      DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
      socket.receive(packet);
      return Optional.of(new String(buffer, 0, packet.getLength(), StandardCharsets.US_ASCII));
    } catch (SocketTimeoutException e) {
      return Optional.empty();
    }
  }

  private static List<String> left(long pid) {
    return Tool.IP
        .run(BOUND, "netns", "list")
        .succeeded()
        .text()
        .lines()
        .map(line -> line.split(" ", -1)[0])
        .filter(name -> name.startsWith("moongate-" + pid + "-"))
        .toList();
  }
}
