package io.moongate.cluster.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.View;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** When a gateway may be declared gone. */
class ClusterMaintenanceTest {
  private static final Duration LEASE = Duration.ofSeconds(4);

  private final View view = new View();
  private final Map<String, String> members = new HashMap<>();
  private final List<Gateway.Command> asked = new ArrayList<>();
  private Duration lease = LEASE;
  private boolean answers;
  private long nanos;

  private final ClusterMaintenance maintenance =
      new ClusterMaintenance(
          "gw1",
          view,
          (name, command) -> {
            asked.add(command.apply(null));
            return CompletableFuture.completedStage(view.gateway(name).orElse(null));
          },
          new ClusterMaintenance.Sight() {
            @Override
            public Optional<String> member(String incarnation) {
              return Optional.ofNullable(members.get(incarnation));
            }

            @Override
            public CompletionStage<Boolean> answers(PortalAddress address) {
              return CompletableFuture.completedStage(answers);
            }
          },
          () -> Optional.ofNullable(lease),
          () -> nanos);

  ClusterMaintenanceTest() {
    view.apply(Entries.up("gw1", 1));
    view.apply(Entries.up("gw2", 2));
  }

  private Kind refused(String gateway) {
    CompletionException failure =
        assertThrows(
            CompletionException.class,
            () -> maintenance.remove(gateway, "gone").toCompletableFuture().join());
    assertEquals(List.of(), asked);
    return assertInstanceOf(Refusal.class, failure.getCause()).kind();
  }

  @Test
  void whatIsSeenAliveIsNotRemoved() {
    nanos = LEASE.toNanos();
    assertEquals(Kind.NOT_FOUND, refused("gw9"));
    members.put("gw1-p1", "Up");
    assertEquals(Kind.CONFLICT, refused("gw1"), "itself");
    members.put("gw2-p1", "Up, unreachable");
    assertEquals(Kind.CONFLICT, refused("gw2"));
    members.clear();
    answers = true;
    assertEquals(Kind.CONFLICT, refused("gw2"));
  }

  @Test
  void whoHasJustStartedHasNotSeenEnough() {
    nanos = LEASE.toNanos() - 1;
    assertEquals(Kind.UNAVAILABLE, refused("gw2"));
  }

  /** The one in question may have been started when they were longer. */
  @Test
  void theLongestLeaseThatTheCharterKnowsOfCounts() {
    nanos = LEASE.toNanos();
    lease = LEASE.multipliedBy(2);
    assertEquals(Kind.UNAVAILABLE, refused("gw2"));
    lease = null;
    assertEquals(Kind.UNAVAILABLE, refused("gw2"), "no charter was read");
  }

  @Test
  void whatNobodySeesIsRemoved() {
    nanos = LEASE.toNanos();
    maintenance.remove("gw2", "gone").toCompletableFuture().join();
    assertEquals(List.of(new Gateway.Remove("gw2-p1", "gone", null)), asked);
  }

  @Test
  void anOlderProcessOfTheGatewayThatIsAskedIsRemovedToo() {
    nanos = LEASE.toNanos();
    members.put("gw1-p2", "Up");
    maintenance.remove("gw1", "its address is another").toCompletableFuture().join();
    assertEquals(List.of(new Gateway.Remove("gw1-p1", "its address is another", null)), asked);
  }

  @Test
  void whetherSomethingListensIsTriedByAConnection() throws Exception {
    PortalAddress address;
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      address = new PortalAddress("127.0.0.1", server.getLocalPort());
      assertTrue(ClusterMaintenance.accepts(address).toCompletableFuture().join());
    }
    assertFalse(ClusterMaintenance.accepts(address).toCompletableFuture().join());
  }
}
