package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.FaultRun.Expect;
import io.moongate.multinode.fault.Fault;
import io.moongate.multinode.fault.Fault.CutOff;
import io.moongate.multinode.fault.Fault.Direction;
import io.moongate.multinode.fault.Fault.Kill;
import io.moongate.multinode.fault.Fault.Move;
import io.moongate.multinode.fault.Fault.Stop;
import io.moongate.multinode.fault.Fault.Then;
import io.moongate.multinode.fault.Fault.Upto;
import io.moongate.multinode.fault.Role;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Await.Unready;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.Network;
import io.moongate.multinode.harness.net.NetworkedCluster;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The faults that say most, on gateways with a network between them. */
class FaultsIT {
  private static final String GIVES_UP = "iqn.2026-11.io.moongate:gives-up";

  /**
   * Shorter than a host's, so that the link is whole before the kernel sends again after 6.2 s, and
   * before the gateway asks by itself whether the host lives.
   */
  private static final Duration PATIENCE = Duration.ofMillis(4500);

  private static final int BLOCK = 512;

  private static NetworkedCluster networked;

  @BeforeAll
  static void start() {
    networked = NetworkedCluster.start("faults", 3, "", Optional.empty());
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  @Test
  void nothingReachesTheOwner() {
    run("one-way", new CutOff(Role.OWNER, Direction.THERE));
  }

  @Test
  void theOwnerIsStoppedBeyondItsLease() {
    run("stopped", new Stop(Role.OWNER));
  }

  @Test
  void theOwnerIsKilledInTheMiddleOfAMove() {
    run(
        "killed-in-move",
        Then.of(new Move(Role.OTHER), new Upto(Duration.ofMillis(100)), new Kill(Role.OWNER)));
  }

  /**
   * The host's kernel sends on what it has queued for a connection that the host has given up, once
   * the link is whole again: after the host has written anew through another gateway.
   */
  @Test
  void whatAHostHasGivenUpDoesNotLandLate() throws IOException, Unready {
    networked.heal();
    TestCluster cluster = networked.cluster();
    TestLun lun = cluster.createLun("given-up", 0, 16L << 20);
    TestGateway owner = cluster.owner(lun);
    byte[] cdb = Cdb.write16(0, 1);
    byte[] newer = filled(2);
    try (Nexus old = Nexus.open(owner, lun, GIVES_UP, Nexus.randomIsid())) {
      old.execute(cdb, filled(0), 0);
      networked.network().cut(Network.HOSTS, owner.name());
      networked.network().cut(owner.name(), Network.HOSTS);
      old.session().start(lun.field(), cdb, filled(1), 0);
    }
    Await.pause(PATIENCE);
    try (Nexus another = Nexus.open(cluster.servingWithout(owner).get(0), lun)) {
      another.execute(cdb, newer, 0);
      assertTrue(sessions(another.gateway()).contains(GIVES_UP), "its end is not known yet");
      networked.network().mend();
      // The end of the connection comes after all that was sent over it.
      Await.value(
          "the connection that was given up to end",
          Duration.ofSeconds(60),
          () -> {
            String open = sessions(owner);
            if (open.contains(GIVES_UP)) {
              throw new Unready(open);
            }
            return open;
          });
      assertArrayEquals(newer, another.execute(Cdb.read16(0, 1), new byte[0], BLOCK));
    }
  }

  private static String sessions(TestGateway asked) throws Unready {
    return TestCluster.ask(() -> asked.api().text("/api/v1/sessions"));
  }

  private static byte[] filled(int value) {
    byte[] block = new byte[BLOCK];
    Arrays.fill(block, (byte) value);
    return block;
  }

  private static void run(String name, Fault fault) {
    new FaultRun(networked, name, fault, Expect.SERVICE, 1).run();
  }
}
