package io.moongate.cluster.charter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.charter.CharterWorld.Process;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whole clusters of the protocol. */
class LeaseProtocolTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  private static CharterWorld formed(int gateways) {
    CharterWorld world = new CharterWorld(gateways);
    for (int seat = 1; seat <= gateways; seat++) {
      world.start(seat);
    }
    world.runFor(LONG);
    assertAllServe(world, gateways);
    return world;
  }

  private static void assertAllServe(CharterWorld world, int gateways) {
    assertEquals(gateways, world.alive().size(), world::describe);
    for (Process process : world.alive()) {
      assertTrue(process.serves(), world::describe);
      assertEquals(gateways, process.protocol.charter().guardians().size(), world::describe);
    }
  }

  @Test
  void gatewaysThatStartTogetherAllServe() {
    for (int gateways : new int[] {1, 2, 3, 5, 8}) {
      formed(gateways);
    }
  }

  @Test
  void ofTwoEitherSurvivesTheSilentLossOfTheOther() {
    for (int lost : new int[] {0, 1}) {
      CharterWorld world = formed(2);
      world.crash(world.processes.get(lost));
      world.runFor(LONG);
      assertAllServe(world, 1);
      assertEquals(1, world.leaseOuts);
    }
  }

  /** The fastest clocks wait for the slowest one's lease. */
  @Test
  void aLeaseOnTheSlowestClockIsNotTakenForOutWhileItIsHeld() {
    for (int seed = 1; seed <= 100; seed++) {
      CharterWorld world = new CharterWorld(seed);
      world.leaseLength = Duration.ofSeconds(10);
      world.clocksOff = seat -> seat == 1 ? -1 : 1;
      for (int seat = 1; seat <= 3; seat++) {
        world.start(seat);
      }
      world.runFor(LONG);
      assertAllServe(world, 3);
      world.cutBoth(1, 2);
      world.cutBoth(1, 3);
      world.withoutRow = 1;
      world.runFor(LONG);
      assertEquals(2, world.leaseOuts);
    }
  }

  @Test
  void anEvenSplitIsWonByOneSideAndTheOtherEndsItself() {
    CharterWorld world = formed(4);
    for (int one : List.of(1, 2)) {
      for (int other : List.of(3, 4)) {
        world.cutBoth(one, other);
      }
    }
    world.runFor(LONG);
    assertAllServe(world, 2);
    assertEquals(2, world.processes.stream().filter(process -> process.ended).count());
  }

  @Test
  void gatewaysLostOneAfterAnotherLeaveTheLastServing() {
    CharterWorld world = formed(3);
    world.crash(world.processes.get(0));
    world.runFor(LONG);
    assertAllServe(world, 2);
    world.crash(world.processes.get(1));
    world.runFor(LONG);
    assertAllServe(world, 1);
  }

  @Test
  void twoOfThreeThatCrashAtOnceLeaveTheThirdServingWhenThatIsProven() {
    CharterWorld world = formed(3);
    for (int lost : List.of(0, 1)) {
      world.crash(world.processes.get(lost));
      world.prove(world.processes.get(lost));
    }
    world.runFor(LONG);
    assertAllServe(world, 1);
  }

  @Test
  void twoOfThreeThatFallSilentAtOnceLeaveTheThirdWaiting() {
    CharterWorld world = formed(3);
    world.crash(world.processes.get(0));
    world.crash(world.processes.get(1));
    world.runFor(LONG);
    Process left = world.alive().get(0);
    assertFalse(left.serves());
    assertFalse(left.ended, "it waits");
    assertEquals(0, world.leaseOuts);
  }

  @Test
  void aMinorityGoesOnWhenTheCutHealsBeforeAnybodyDecided() {
    CharterWorld world = formed(3);
    world.cutBoth(1, 2);
    world.cutBoth(1, 3);
    world.cutBoth(2, 3);
    world.runFor(LONG);
    assertTrue(world.alive().stream().noneMatch(Process::serves));
    world.heal();
    world.runFor(LONG);
    assertAllServe(world, 3);
  }

  @Test
  void withoutTheRowAMajorityServesAndASplitOfTwoWaitsForIt() {
    CharterWorld three = formed(3);
    three.rowAway = true;
    three.crash(three.processes.get(2));
    three.runFor(LONG);
    assertEquals(2, three.alive().stream().filter(Process::serves).count());
    CharterWorld two = formed(2);
    two.rowAway = true;
    two.crash(two.processes.get(1));
    two.runFor(LONG);
    assertFalse(two.alive().get(0).serves());
    two.rowAway = false;
    two.runFor(LONG);
    assertAllServe(two, 1);
  }

  @Test
  void afterEverythingEndedTwoOfThreeAreEnough() {
    CharterWorld world = formed(3);
    for (Process process : List.copyOf(world.processes)) {
      world.crash(process);
    }
    world.runFor(Duration.ofSeconds(2));
    world.start(1);
    world.start(2);
    world.runFor(LONG);
    assertAllServe(world, 2);
    assertEquals(Set.of("gw1", "gw2"), names(world));
  }

  @Test
  void whoeverComesBackAfterAnOrderlyStopOfAllServes() {
    CharterWorld world = formed(3);
    List<Process> stopped = List.copyOf(world.processes);
    for (Process process : stopped) {
      world.stop(process);
      world.runFor(LONG);
    }
    assertEquals(List.of(), world.alive());
    // Elsewhere: none of them holds a seat that a guardian had.
    for (int seat : List.of(4, 5)) {
      world.start(seat);
    }
    world.runFor(LONG);
    assertEquals(Set.of(), names(world), "the last one may live, for all that they know");
    for (Process process : world.alive()) {
      for (Process before : stopped) {
        process.act(process.protocol.gone(before.incarnation, process.clock()));
      }
    }
    world.runFor(LONG);
    assertAllServe(world, 2);
  }

  /** All but one are stopped and started with shorter leases; the one stands still meanwhile. */
  @Test
  void aLeaseOfAnotherLengthIsWaitedForAsLongAsItLasts() {
    for (int slow = 0; slow < 3; slow++) {
      CharterWorld world = new CharterWorld(slow);
      world.leaseLength = Duration.ofSeconds(60);
      for (int seat = 1; seat <= 3; seat++) {
        world.start(seat);
      }
      world.runFor(LONG);
      assertAllServe(world, 3);
      Process still = world.processes.get(slow);
      world.pause(still, 40_000 * CharterWorld.MS);
      for (Process process : List.copyOf(world.processes)) {
        if (process != still) {
          world.crash(process);
        }
      }
      world.leaseLength = Duration.ofSeconds(3);
      for (Process process : List.copyOf(world.processes)) {
        if (process != still) {
          world.start(process.seat);
        }
      }
      world.runFor(LONG);
      assertEquals(3, world.alive().stream().filter(Process::serves).count(), world::describe);
      world.runFor(Duration.ofSeconds(90));
      assertEquals(2, world.alive().stream().filter(Process::serves).count(), world::describe);
      assertTrue(world.leaseOuts > 0);
    }
  }

  @Test
  void ofTwoTheOtherGoesOnWhenOneStopsInGoodOrder() {
    for (int first : new int[] {0, 1}) {
      CharterWorld world = formed(2);
      Process other = world.processes.get(1 - first);
      world.stop(world.processes.get(first));
      for (int i = 0; i < 200; i++) {
        world.runFor(Duration.ofMillis(100));
        assertTrue(other.serves(), world::describe);
      }
      assertAllServe(world, 1);
    }
  }

  @Test
  void newcomersNeverSupersedeGuardiansThatMayLive() {
    CharterWorld world = formed(3);
    for (int seat : List.of(1, 2, 3)) {
      for (int other : List.of(4, 5)) {
        world.cutBoth(seat, other);
      }
    }
    world.start(4);
    world.start(5);
    world.runFor(LONG);
    assertEquals(3, world.alive().stream().filter(Process::serves).count());
    assertEquals(Set.of("gw1", "gw2", "gw3"), names(world));
    world.heal();
    world.runFor(LONG);
    assertAllServe(world, 5);
  }

  private static Set<String> names(CharterWorld world) {
    Set<String> names = new java.util.TreeSet<>();
    for (Process process : world.alive()) {
      if (process.serves()) {
        process.protocol.charter().guardians().values().forEach(seat -> names.add(seat.name()));
      }
    }
    return names;
  }

  @Test
  void nothingBreaksThePromises() {
    long base = Long.getLong("moongate.seed", System.nanoTime());
    int runs = Integer.getInteger("moongate.charter.runs", 400);
    System.out.println("LeaseProtocolTest: seeds from " + base + ", " + runs + " runs");
    int leaseOuts = 0;
    int charters = 0;
    for (long seed = base; seed < base + runs; seed++) {
      CharterWorld world = chaos(seed);
      leaseOuts += world.leaseOuts;
      charters += world.charters.size();
    }
    System.out.printf("%d charters, %d leases said to be out%n", charters, leaseOuts);
    assertTrue(leaseOuts > runs, "the runs hardly did anything");
  }

  private static CharterWorld chaos(long seed) {
    CharterWorld world = new CharterWorld(seed);
    Random random = world.random;
    int gateways = 1 + random.nextInt(6);
    for (int seat = 1; seat <= gateways; seat++) {
      world.start(seat);
    }
    world.loss = random.nextInt(3) == 0 ? 0 : random.nextDouble() * 0.2;
    world.slowest = (1 + random.nextInt(400)) * CharterWorld.MS;
    int steps = 30 + random.nextInt(40);
    for (int step = 0; step < steps; step++) {
      world.runFor(Duration.ofMillis(random.nextInt(4_000)));
      disturb(world, random, gateways);
    }
    // Then everything is made whole; whoever ended is started again.
    world.heal();
    world.rowAway = false;
    world.loss = 0;
    world.slowest = 20 * CharterWorld.MS;
    world.runFor(Duration.ofSeconds(12));
    for (int round = 0; round < 3; round++) {
      restart(world, gateways);
      world.runFor(LONG);
    }
    for (Process process : world.alive()) {
      world.require(process.serves(), process.incarnation + " does not serve: " + world.describe());
    }
    world.require(world.alive().size() == gateways, "not all are there: " + world.describe());
    return world;
  }

  private static void restart(CharterWorld world, int gateways) {
    for (int seat = 1; seat <= gateways; seat++) {
      int free = seat;
      if (world.alive().stream().noneMatch(process -> process.seat == free)) {
        world.start(seat);
      }
    }
  }

  private static void disturb(CharterWorld world, Random random, int gateways) {
    List<Process> alive = new ArrayList<>(world.alive());
    switch (random.nextInt(11)) {
      case 0, 1 -> {
        // A cut through the whole, perhaps in one direction only.
        boolean oneWay = random.nextInt(4) == 0;
        int sides = random.nextInt(1 << gateways);
        for (int one = 0; one < gateways; one++) {
          for (int other = 0; other < gateways; other++) {
            if ((sides >> one & 1) == 1 && (sides >> other & 1) == 0) {
              world.cut(one + 1, other + 1, true);
              if (!oneWay) {
                world.cut(other + 1, one + 1, true);
              }
            }
          }
        }
      }
      case 2 -> world.cutBoth(1 + random.nextInt(gateways), 1 + random.nextInt(gateways));
      case 3, 4 -> world.heal();
      case 5 -> world.rowAway = random.nextBoolean();
      case 6 -> {
        if (!alive.isEmpty()) {
          world.pause(
              alive.get(random.nextInt(alive.size())), random.nextInt(12_000) * CharterWorld.MS);
        }
      }
      case 7, 8 -> {
        if (!alive.isEmpty()) {
          Process victim = alive.get(random.nextInt(alive.size()));
          world.crash(victim);
          if (random.nextBoolean()) {
            world.prove(victim);
          }
        }
      }
      case 9 -> {
        if (!alive.isEmpty()) {
          world.stop(alive.get(random.nextInt(alive.size())));
        }
      }
      default -> {
        int seat = 1 + random.nextInt(gateways);
        if (alive.stream().noneMatch(process -> process.seat == seat)) {
          world.start(seat);
        }
      }
    }
  }
}
