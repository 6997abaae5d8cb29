package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.NodeReading;
import io.moongate.cluster.VolumeStores;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.failure.Observation;
import io.moongate.management.api.Health;
import io.moongate.management.api.HealthCheck;
import io.moongate.security.TlsReading;
import io.moongate.transport.LoopReading;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Health says what is, and readiness whether hosts should come. */
class GatewayHealthTest {
  private boolean started = true;
  private boolean stopping;
  private double lease = 3;
  private double kept = 0.1;
  private boolean view = true;
  private int nodes = 3;
  private int connected = 3;
  private GatewayEntry.Duty duty = GatewayEntry.Duty.IN_SERVICE;
  private List<Observation> observations = List.of();
  private int waiting;
  private Map<String, String> unreadable = Map.of();
  private Map<String, Boolean> reached = Map.of("file", true);
  private List<VolumeStores.Store> stores = List.of();
  private double turn;
  private List<TlsReading> tls = List.of();

  private Health health() {
    GatewayEntry up = Entries.gateway("gw1", 1, GatewayEntry.State.UP, "i1", 1);
    GatewayEntry self = up.next(new GatewayEntry.Service(duty, Instant.EPOCH, ""));
    return GatewayHealth.of(
        new GatewayHealth.Seen(
            "gw1",
            started,
            stopping,
            new NodeReading(
                lease,
                1,
                0,
                kept,
                view,
                "",
                List.of(),
                new NodeReading.Cassandra(nodes, connected),
                unreadable),
            Optional.of(self),
            2,
            observations,
            waiting,
            reached,
            stores,
            List.of(new LoopReading("loop", 1, turn, 0)),
            tls));
  }

  private static String state(Health health, String name) {
    return health.checks().stream()
        .filter(check -> check.name().equals(name))
        .map(HealthCheck::state)
        .findFirst()
        .orElseThrow();
  }

  private static Observation lost(String portal) {
    return new Observation(
        "gw1", "gw1", "i1", Observation.Kind.PORTAL_LOST, Instant.EPOCH, "no link", portal);
  }

  private void assertNotReady(String reason) {
    Health health = health();
    assertFalse(health.ready(), reason);
    assertEquals(List.of(reason), health.notReady());
  }

  @Test
  void allIsWell() {
    Health health = health();
    assertEquals("up", health.status());
    assertTrue(health.ready());
    assertEquals(List.of(), health.notReady());
  }

  @Test
  void notBeforeThePortalsAreOpenNorWhileItStops() {
    started = false;
    assertNotReady("it has not opened its portals yet");
    started = true;
    stopping = true;
    assertNotReady("it is stopping");
    assertEquals("down", health().status());
  }

  @Test
  void notWithoutALeaseOrAView() {
    lease = -0.5;
    assertNotReady("it has no lease");
    assertEquals("down", state(health(), "lease"));
    lease = 1;
    view = false;
    assertNotReady("its view of the cluster is not complete");
  }

  @Test
  void aDrainedGatewayServesAndIsNotReady() {
    duty = GatewayEntry.Duty.DRAINING;
    assertNotReady("it is draining");
    assertEquals("degraded", health().status());
  }

  @Test
  void aPortalThatIsLostIsATroubleAndAllOfThemAreAnEnd() {
    observations = List.of(lost("192.0.2.1:3260"));
    assertEquals("degraded", state(health(), "portals"));
    assertTrue(health().ready());
    observations = List.of(lost("192.0.2.1:3260"), lost("192.0.2.2:3260"));
    assertNotReady("it has lost its portals");
  }

  @Test
  void withoutCassandraItServesOn() {
    connected = 0;
    assertEquals("degraded", health().status());
    assertTrue(health().ready());
    connected = 2;
    assertEquals("degraded", state(health(), "cassandra"));
  }

  @Test
  void unitsThatWaitAndStoresInTroubleAreSaid() {
    waiting = 2;
    reached = Map.of("file", false, "rbd", true);
    stores =
        List.of(
            new VolumeStores.Store(
                "rbd", VolumeStores.State.NEAR_FULL, OptionalLong.of(1 << 20), List.of()));
    Health health = health();
    assertEquals("degraded", state(health, "units"));
    assertEquals("degraded", state(health, "store file"));
    assertEquals("degraded", state(health, "store rbd"));
    assertTrue(health.ready());
  }

  @Test
  void whatAnotherVersionHasWrittenIsNamed() {
    unreadable = Map.of("Target|iqn.a", "field tenant of Kept");
    Health health = health();
    assertEquals("degraded", state(health, "entities"));
    assertTrue(
        health.checks().stream()
            .anyMatch(check -> check.detail().contains("Target|iqn.a: field tenant of Kept")));
    assertTrue(health.ready());
  }

  @Test
  void stuckThreadsAreWhatARestartMends() {
    turn = 2;
    assertEquals("degraded", state(health(), "threads"));
    turn = 11;
    assertNotReady("its threads are stuck");
    NodeReading idle =
        new NodeReading(
            -100, 0, 1, 0.1, false, "", List.of(), new NodeReading.Cassandra(0, 0), Map.of());
    assertTrue(GatewayHealth.live(idle, List.of()), "no lease and no Cassandra are no reason");
    assertFalse(GatewayHealth.live(idle, List.of(new LoopReading("loop", 1, 11, 0))));
    turn = 0;
    kept = 11;
    assertNotReady("its threads are stuck");
  }

  @Test
  void filesOfTlsThatAreNotTakenAndCertificatesThatExpireAreSeenTo() {
    String name = "tls moongate.tls";
    tls =
        List.of(
            new TlsReading("moongate.tls", Optional.empty(), Optional.of(Duration.ofDays(30))),
            new TlsReading("moongate.cassandra.tls-files", Optional.empty(), Optional.empty()));
    assertEquals("up", health().status());
    assertEquals("up", state(health(), name));
    assertEquals("up", state(health(), "tls moongate.cassandra.tls-files"));
    tls =
        List.of(
            new TlsReading(
                "moongate.tls", Optional.of("no PEM"), Optional.of(Duration.ofDays(30))));
    assertEquals("degraded", state(health(), name));
    assertEquals("degraded", health().status());
    assertTrue(health().ready(), "it serves");
    assertEquals(
        "changed files are not taken: no PEM",
        health().checks().stream()
            .filter(check -> check.name().equals(name))
            .findFirst()
            .orElseThrow()
            .detail());
    for (Duration left : List.of(Duration.ofDays(6), Duration.ofSeconds(-1))) {
      tls = List.of(new TlsReading("moongate.tls", Optional.empty(), Optional.of(left)));
      assertEquals("degraded", state(health(), name));
    }
  }
}
