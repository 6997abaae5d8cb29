package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.failure.Observation.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PortalWatchTest {
  /** Of a network that is for documentation (RFC 5737): no host has it. */
  private static final String NOWHERE = "192.0.2.77";

  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
  private volatile List<GatewayEntry> observed = List.of();
  private final AtomicInteger looks = new AtomicInteger();
  private PortalWatch watch;

  @AfterEach
  void stop() {
    if (watch != null) {
      watch.close();
    }
  }

  private void begin(GatewayEntry... gateways) {
    observed = List.of(gateways);
    watch =
        new PortalWatch(
            new PortalWatch.Settings(
                true, Duration.ofMillis(20), Duration.ofMillis(500), 3, Duration.ofMillis(100)),
            "gw1",
            () -> {
              looks.incrementAndGet();
              return observed;
            },
            (gateway, incarnation, kind, portal, detail) ->
                said.add("%s %s %s %s".formatted(gateway, incarnation, kind, portal)));
  }

  private String next() throws InterruptedException {
    return said.poll(20, TimeUnit.SECONDS);
  }

  private static GatewayEntry gateway(String name, String address, int port) {
    GatewayEntry up = Entries.up(name, 1);
    return new GatewayEntry(
        name,
        1,
        up.state(),
        up.incarnation(),
        1,
        List.of(new PortalAddress(address, port)),
        up.relay(),
        "",
        "",
        1,
        Entries.NOW,
        "");
  }

  @Test
  void whatTakesNoConnectionAnyMoreIsUnreachableUntilItDoes()
      throws IOException, InterruptedException {
    InetAddress host = InetAddress.getByName("127.0.0.1");
    int port;
    try (ServerSocket open = new ServerSocket(0, 50, host)) {
      port = open.getLocalPort();
      begin(gateway("gw1", "127.0.0.1", 1), gateway("gw2", "127.0.0.1", port));
      open.accept().close();
      open.accept().close();
    }
    String portal = "gw2 gw2-p1 %s 127.0.0.1:" + port;
    assertEquals(portal.formatted(Kind.PORTAL_UNREACHABLE), next());
    try (ServerSocket open = new ServerSocket(port, 50, host)) {
      assertTrue(open.isBound());
      assertEquals(portal.formatted(Kind.PORTAL_WELL), next());
    }
    assertEquals(portal.formatted(Kind.PORTAL_UNREACHABLE), next());
    observed = List.of();
    assertEquals(portal.formatted(Kind.PORTAL_WELL), next(), "not looked at any more");
    assertNull(said.poll());
  }

  /** A gateway registers before it opens its portals. */
  @Test
  void whatWasNeverReachedIsNotLost() throws IOException, InterruptedException {
    InetAddress host = InetAddress.getByName("127.0.0.1");
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, host)) {
      port = free.getLocalPort();
    }
    begin(gateway("gw2", "127.0.0.1", port));
    int before = looks.get();
    while (looks.get() < before + 20) {
      Thread.sleep(10);
    }
    assertNull(said.poll());
  }

  @Test
  void anAddressThatThisHostHasNotIsLost() throws InterruptedException {
    begin(gateway("gw1", NOWHERE, 3260));
    assertEquals("gw1 gw1-p1 %s %s:3260".formatted(Kind.PORTAL_LOST, NOWHERE), next());
  }

  @Test
  void whatCanBeBoundIsAnAddressOfThisHost() {
    assertNull(PortalWatch.ownFault("127.0.0.1"));
    assertNull(PortalWatch.ownFault("127.7.7.7"));
    assertNotNull(PortalWatch.ownFault(NOWHERE));
  }
}
