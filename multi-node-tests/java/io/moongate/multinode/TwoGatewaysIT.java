package io.moongate.multinode;

import io.moongate.multinode.FaultRun.Expect;
import io.moongate.multinode.fault.Fault;
import io.moongate.multinode.fault.Fault.Cut;
import io.moongate.multinode.fault.Fault.CutOff;
import io.moongate.multinode.fault.Fault.Direction;
import io.moongate.multinode.fault.Fault.Kill;
import io.moongate.multinode.fault.Fault.Stop;
import io.moongate.multinode.fault.Role;
import io.moongate.multinode.harness.net.NetworkedCluster;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two gateways and a Cassandra elsewhere survive the loss of either, and stay one cluster when they
 * lose sight of one another. Each test has a cluster of its own.
 */
class TwoGatewaysIT {
  private NetworkedCluster networked;

  @AfterEach
  void end() {
    if (networked != null) {
      networked.close();
    }
  }

  @Test
  @Tag("long")
  void theOwnerIsKilled() {
    run("two-kill", new Kill(Role.OWNER));
  }

  @Test
  void theOwnerIsLostSilently() {
    run("two-owner-lost", new CutOff(Role.OWNER, Direction.BOTH));
  }

  @Test
  @Tag("long")
  void theOtherIsLostSilently() {
    run("two-other-lost", new CutOff(Role.OTHER, Direction.BOTH));
  }

  @Test
  @Tag("long")
  void theOwnerIsStopped() {
    run("two-stopped", new Stop(Role.OWNER));
  }

  @Test
  @Tag("long")
  void theyAreCutFromOneAnother() {
    run("two-cut", new Cut(Role.OWNER, Direction.BOTH, Role.OTHER));
  }

  private void run(String name, Fault fault) {
    networked = NetworkedCluster.start("two-gateways", 2, "", Optional.empty());
    new FaultRun(networked, name, fault, Expect.SERVICE, 2).run();
  }
}
