package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.management.api.Gateway;
import io.moongate.management.api.LogicalUnit;
import io.moongate.multinode.FaultRun.Expect;
import io.moongate.multinode.fault.Fault;
import io.moongate.multinode.fault.Fault.FailingStore;
import io.moongate.multinode.fault.Fault.LostPortal;
import io.moongate.multinode.fault.Role;
import io.moongate.multinode.harness.ApiClient.ApiException;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.NetworkedCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The owner loses a part of what it serves with: what the part was for goes to another gateway,
 * whose word says why, no host sees an error, and the gateway goes on with the rest.
 */
class FaultsOfPartsIT {
  /** So that one test need not wait for long until the one before is forgotten. */
  private static final String SHORT_MEMORY =
      """
      moongate.portal-watch.stable-for = 3 s
      moongate.volume.watch.stands-for = 5 s
      """;

  private static NetworkedCluster networked;

  @BeforeAll
  static void start() {
    networked = NetworkedCluster.startWithPortals("faults-of-parts", 3, SHORT_MEMORY);
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  @Test
  void theAddressOfItsPortal() {
    List<TestLun> others = others("portal-bystanders");
    run("portal-lost", new LostPortal(Role.OWNER));
    Set<String> owners = new TreeSet<>();
    others.forEach(lun -> owners.add(networked.cluster().describe(lun).owner()));
    assertEquals(2, owners.size(), "whoever lost its portal gave all its units away");
  }

  @Test
  void itsStoreForOneUnit() {
    List<TestLun> others = others("store-bystanders");
    run("store-failing", new FailingStore(Role.OWNER));
    for (TestLun lun : others) {
      LogicalUnit unit = networked.cluster().describe(lun);
      assertFalse(
          unit.cause().startsWith("trouble of"), () -> "nothing else is moved for it: " + unit);
    }
  }

  /** A unit of each gateway. */
  private static List<TestLun> others(String name) {
    networked.heal();
    awaitNothingStands();
    String target = networked.cluster().createTarget(name);
    List<TestLun> luns = new ArrayList<>();
    for (TestGateway gateway : networked.cluster().gateways()) {
      TestLun lun = networked.cluster().requestLun(target, luns.size(), 1 << 20, 512, "file");
      new PathAgreement(networked.cluster(), lun).await();
      networked.cluster().move(lun, gateway);
      luns.add(lun);
    }
    return luns;
  }

  /** To a gateway of which hosts reach no portal, nothing can be moved that would stay there. */
  private static void awaitNothingStands() {
    for (TestGateway gateway : networked.cluster().gateways()) {
      Await.value(
          gateway + " to know of nothing against anybody",
          Duration.ofSeconds(60),
          () -> {
            try {
              for (Gateway entry : gateway.api().gateways()) {
                if (!entry.observations().isEmpty()) {
                  throw new Await.Unready(entry.toString());
                }
              }
              return Boolean.TRUE;
            } catch (ApiException e) {
              throw new Await.Unready(e.getMessage());
            }
          });
    }
  }

  private static void run(String name, Fault fault) {
    awaitNothingStands();
    new FaultRun(networked, name, fault, Expect.SERVICE, 1).run();
  }
}
