package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.PersistentReservations;
import io.moongate.multinode.harness.PersistentReservations.Action;
import io.moongate.multinode.harness.PersistentReservations.Told;
import io.moongate.multinode.harness.PersistentReservations.Type;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestHost;
import io.moongate.multinode.harness.TestLun;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * What is reserved through one gateway is reserved through all of them, with the next command, and
 * for as long as it is not released, whatever becomes of the gateways.
 */
@ClusterAlone
class ReservationIT {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final long SIZE = 16L << 20;
  private static final int BLOCK = 512;
  private static final long KEY_A = 0xA111_2222_3333_4444L;
  private static final long KEY_B = 0xB111_2222_3333_4444L;
  private static final long KEY_C = 0xC111_2222_3333_4444L;
  private static final String GOOD = Nexus.GOOD_ENDING;
  private static final String PREEMPTED = "06/2A03";
  private static final String RELEASED = "06/2A04";
  private static final String REGISTRATION_PREEMPTED = "06/2A05";

  // ---- who is kept away, and who is told

  @Test
  void aReservationKeepsAwayThroughEveryGatewayWithTheNextCommand(TestCluster cluster)
      throws IOException {
    TestLun lun = cluster.createLun("reservation-types", 0, SIZE);
    List<TestGateway> gateways = cluster.gateways();
    try (TestHost holder = TestHost.open(gateways, lun, "holder");
        TestHost registered = TestHost.open(gateways, lun, "registered");
        TestHost stranger = TestHost.open(gateways, lun, "stranger")) {
      // Reserved through the owner, and through another gateway.
      for (TestGateway owner : gateways.subList(0, 2)) {
        cluster.move(lun, owner);
        for (Type type : Type.values()) {
          conflicts(type, owner, gateways.get(0), holder, registered, stranger);
        }
      }
    }
  }

  private static void conflicts(
      Type type,
      TestGateway owner,
      TestGateway reservedThrough,
      TestHost holder,
      TestHost registered,
      TestHost stranger)
      throws IOException {
    Nexus reserving = holder.through(reservedThrough);
    PersistentReservations.register(reserving, KEY_A);
    registered.register(KEY_B);
    for (TestHost host : List.of(holder, registered, stranger)) {
      host.settle();
    }
    for (Nexus next : stranger.nexuses()) {
      String what = "%s, owned by %s, through %s".formatted(type, owner, next.gateway());
      assertEquals(
          GOOD, PersistentReservations.out(reserving, Action.RESERVE, type, KEY_A, 0), what);
      assertEquals(Nexus.CONFLICT, write(next), what + ": the very next command");
      assertEquals(ending(type.reads(false)), read(next), what);

      Nexus known = registered.through(next.gateway());
      assertEquals(ending(type.writes(true)), write(known), what + ", registered");
      assertEquals(ending(type.reads(true)), read(known), what + ", registered");

      // Of the holder too, only the nexus that it has reserved through.
      Nexus own = holder.through(next.gateway());
      boolean holds = own == reserving;
      assertEquals(ending(holds || type.writes(false)), write(own), what + ", the holder");
      assertEquals(ending(holds || type.reads(false)), read(own), what + ", the holder");
      assertEquals(GOOD, next.once(Cdb.testUnitReady()), what);

      assertEquals(
          GOOD, PersistentReservations.out(reserving, Action.RELEASE, type, KEY_A, 0), what);
      for (Nexus told : registered.nexuses()) {
        requireTold(type.concernsRegistrants() ? List.of(RELEASED) : List.of(), told, what);
      }
      requireNothingTold(stranger, what);
      requireNothingTold(holder, what);
      assertEquals(GOOD, write(next), what + ": the very next command after RELEASE");
    }
    PersistentReservations.out(reserving, Action.RESERVE, type, KEY_A, 0);
    String what = type + ", owned by " + owner + ", cleared";
    assertEquals(GOOD, PersistentReservations.out(reserving, Action.CLEAR, null, KEY_A, 0), what);
    for (Nexus next : stranger.nexuses()) {
      assertEquals(GOOD, write(next), what + ": the very next command");
      assertEquals(List.of(), PersistentReservations.keys(next), what);
    }
    for (Nexus told : registered.nexuses()) {
      requireTold(List.of(PREEMPTED), told, what);
    }
    requireNothingTold(stranger, what);
    requireNothingTold(holder, what);
  }

  private static String ending(boolean passes) {
    return passes ? GOOD : Nexus.CONFLICT;
  }

  private static String write(Nexus nexus) throws IOException {
    return nexus.once(Cdb.write16(0, 1), new byte[BLOCK], 0);
  }

  private static String read(Nexus nexus) throws IOException {
    return nexus.once(Cdb.read16(0, 1), new byte[0], BLOCK);
  }

  /** Takes what a nexus is told, each once. */
  private static void requireTold(List<String> expected, Nexus nexus, String what)
      throws IOException {
    assertEquals(expected, nexus.told(), what + ": told through " + nexus.gateway());
  }

  private static void requireNothingTold(TestHost host, String what) throws IOException {
    for (Nexus nexus : host.nexuses()) {
      requireTold(List.of(), nexus, what + ": " + host);
    }
  }

  @Test
  void whoeverIsPreemptedIsToldOnceThroughEachGateway(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("reservation-told", 0, SIZE);
    List<TestGateway> gateways = cluster.gateways();
    try (TestHost holder = TestHost.open(gateways, lun, "holder");
        TestHost victim = TestHost.open(gateways, lun, "victim");
        TestHost bystander = TestHost.open(gateways, lun, "bystander")) {
      for (TestGateway owner : gateways.subList(0, 2)) {
        cluster.move(lun, owner);
        String what = "owned by " + owner;
        holder.register(KEY_A);
        victim.register(KEY_B);
        bystander.register(KEY_C);
        for (TestHost host : List.of(holder, victim, bystander)) {
          host.settle();
        }
        Type type = Type.WRITE_EXCLUSIVE_REGISTRANTS_ONLY;
        Nexus first = holder.through(gateways.get(0));
        assertEquals(GOOD, PersistentReservations.out(first, Action.RESERVE, type, KEY_A, 0), what);

        // Registrations that hold nothing.
        assertEquals(
            GOOD, PersistentReservations.out(first, Action.PREEMPT, type, KEY_A, KEY_B), what);
        for (Nexus nexus : victim.nexuses()) {
          requireTold(List.of(REGISTRATION_PREEMPTED), nexus, what);
          assertEquals(Nexus.CONFLICT, write(nexus), what);
        }
        requireNothingTold(bystander, what);
        requireNothingTold(holder, what);

        // The holder, by another type: those who stay registered are told that.
        Nexus last = bystander.through(gateways.get(gateways.size() - 1));
        assertEquals(
            GOOD,
            PersistentReservations.out(
                last, Action.PREEMPT, Type.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY, KEY_C, KEY_A),
            what);
        for (Nexus nexus : holder.nexuses()) {
          requireTold(List.of(REGISTRATION_PREEMPTED), nexus, what);
          assertEquals(Nexus.CONFLICT, read(nexus), what);
        }
        for (Nexus nexus : bystander.nexuses()) {
          requireTold(nexus == last ? List.of() : List.of(RELEASED), nexus, what);
          assertEquals(GOOD, write(nexus), what);
        }
        requireNothingTold(victim, what);

        // It goes with the registration of its holder.
        assertEquals(GOOD, PersistentReservations.out(last, Action.REGISTER, null, KEY_C, 0), what);
        for (Nexus nexus : bystander.nexuses()) {
          requireTold(nexus == last ? List.of() : List.of(RELEASED), nexus, what);
        }
        for (Nexus nexus : victim.nexuses()) {
          assertEquals(GOOD, write(nexus), what);
        }
        bystander.unregister();
        assertEquals(List.of(), PersistentReservations.keys(first), what);
      }
    }
  }

  @Test
  void reserveAndReleaseHoldThroughEveryGateway(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("reservation-basic", 0, SIZE);
    List<TestGateway> gateways = cluster.gateways();
    try (TestHost other = TestHost.open(gateways, lun, "other")) {
      for (TestGateway through : gateways) {
        String what = "reserved through " + through;
        try (TestHost holder = TestHost.open(List.of(through), lun, "holder")) {
          Nexus nexus = holder.through(through);
          assertEquals(GOOD, nexus.once(Cdb.reserve6()), what);
          for (Nexus kept : other.nexuses()) {
            assertEquals(Nexus.CONFLICT, read(kept), what);
            assertEquals(Nexus.CONFLICT, kept.once(Cdb.reserve6()), what);
            assertEquals(GOOD, kept.once(Cdb.release6()), what);
          }
          assertEquals(GOOD, write(nexus), what);
          assertEquals(GOOD, nexus.once(Cdb.release6()), what);
          for (Nexus kept : other.nexuses()) {
            assertEquals(GOOD, write(kept), what);
          }
          assertEquals(GOOD, nexus.once(Cdb.reserve6()), what);
        }
        // Its session is gone, and with it what it had reserved.
        for (Nexus kept : other.nexuses()) {
          Await.value(
              "the end of what was " + what,
              BOUND,
              () -> {
                String ending = write(kept, "after the session of the holder");
                if (!ending.equals(GOOD)) {
                  throw new Await.Unready(ending);
                }
                return ending;
              });
        }
      }
    }
  }

  private static String write(Nexus nexus, String when) {
    try {
      return write(nexus);
    } catch (IOException e) {
      throw new AssertionError(when + " through " + nexus.gateway(), e);
    }
  }

  // ---- for how long

  @Test
  void registrationsAndAReservationOutliveEveryGateway(TestCluster cluster) throws IOException {
    TestLun lun = cluster.createLun("reservation-outlives", 0, SIZE);
    List<TestGateway> gateways = cluster.gateways();
    PathAgreement agreement = new PathAgreement(cluster, lun);
    Type type = Type.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY;
    TestGateway partly = gateways.get(1);
    try (TestHost holder = TestHost.open(gateways, lun, "holder");
        TestHost member = TestHost.open(List.of(partly), lun, "member")) {
      holder.register(KEY_A);
      member.register(KEY_B);
      assertEquals(
          GOOD,
          PersistentReservations.out(
              holder.through(gateways.get(2)), Action.RESERVE, type, KEY_A, 0));
    }
    Told before = told(cluster, lun);
    System.out.println(before);
    requireHeld(cluster, lun, partly);

    for (TestGateway to : gateways) {
      cluster.move(lun, to);
      assertEquals(before, told(cluster, lun), () -> "moved to " + to);
      requireHeld(cluster, lun, partly);
    }

    TestGateway owner = cluster.gateway(agreement.await().owner());
    owner.kill();
    assertNotEquals(owner.name(), agreement.await().owner());
    assertEquals(before, told(cluster, lun), () -> owner + " was killed");
    requireHeld(cluster, lun, partly);
    owner.start();
    cluster.awaitReady();
    agreement.await();
    assertEquals(before, told(cluster, lun), () -> owner + " is back");
    requireHeld(cluster, lun, partly);

    cluster.killAll();
    cluster.heal();
    agreement.await();
    assertEquals(
        before.withoutGeneration(),
        told(cluster, lun).withoutGeneration(),
        "everything was killed");
    requireHeld(cluster, lun, partly);

    // And it can still be given up by who holds it.
    try (TestHost holder = TestHost.open(gateways, lun, "holder");
        TestHost member = TestHost.open(List.of(partly), lun, "member");
        TestHost stranger = TestHost.open(gateways, lun, "stranger")) {
      holder.unregister();
      member.unregister();
      for (Nexus nexus : stranger.nexuses()) {
        assertEquals(List.of(), PersistentReservations.keys(nexus));
        assertEquals(GOOD, write(nexus));
      }
    }
  }

  /** What every gateway that serves tells, which must be the same. */
  private static Told told(TestCluster cluster, TestLun lun) throws IOException {
    Set<Told> all = new HashSet<>();
    for (TestGateway gateway : cluster.serving()) {
      try (Nexus nexus = Nexus.open(gateway, lun)) {
        all.add(Told.through(nexus));
      }
    }
    assertEquals(1, all.size(), () -> "the gateways differ: " + all);
    return all.iterator().next();
  }

  private static void requireAccess(boolean passes, Nexus nexus) throws IOException {
    Supplier<String> through = () -> "through " + nexus.gateway();
    assertEquals(ending(passes), nexus.atLast(Cdb.write16(0, 1), new byte[BLOCK], 0), through);
    assertEquals(ending(passes), nexus.atLast(Cdb.read16(0, 1), new byte[0], BLOCK), through);
  }

  /** As it was made: the registrations hold for these initiator ports, and keep all others away. */
  private static void requireHeld(TestCluster cluster, TestLun lun, TestGateway partly)
      throws IOException {
    try (TestHost holder = TestHost.open(cluster.serving(), lun, "holder");
        TestHost member = TestHost.open(cluster.serving(), lun, "member");
        TestHost stranger = TestHost.open(cluster.serving(), lun, "stranger")) {
      for (TestGateway gateway : cluster.serving()) {
        requireAccess(true, holder.through(gateway));
        requireAccess(false, stranger.through(gateway));
        requireAccess(gateway == partly, member.through(gateway));
      }
      List<Long> keys = new ArrayList<>(Collections.nCopies(cluster.gateways().size(), KEY_A));
      keys.add(KEY_B);
      List<Long> found = PersistentReservations.keys(stranger.nexuses().get(0));
      assertTrue(found.size() == keys.size() && found.containsAll(keys), () -> "keys " + found);
    }
  }
}
