package io.moongate.multinode;

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
import io.moongate.multinode.harness.net.NetworkedCluster;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The three faults that say most, on gateways with a network between them. */
class FaultsIT {
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

  private static void run(String name, Fault fault) {
    new FaultRun(networked, name, fault, Expect.SERVICE, 1).run();
  }
}
