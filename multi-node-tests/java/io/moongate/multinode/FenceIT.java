package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.History.Attempt;
import io.moongate.multinode.checker.History.Outcome;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.PersistentReservations;
import io.moongate.multinode.harness.PersistentReservations.Action;
import io.moongate.multinode.harness.PersistentReservations.Type;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestHost;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.BlockPattern;
import io.moongate.multinode.workload.HostSettings;
import io.moongate.multinode.workload.MultipathClient;
import io.moongate.multinode.workload.StubbornHosts;
import io.moongate.multinode.workload.Workload;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A host that was shut out by PREEMPT AND ABORT has written its last block: neither what it had
 * under way nor what it sends later reaches the medium, through whatever gateway, and whoever of
 * them is killed.
 */
@ClusterAlone
class FenceIT {
  private static final Duration BOUND = Duration.ofSeconds(90);
  private static final long KEY_FENCER = 0xFE11_2222_3333_4444L;
  private static final long KEY_VICTIM = 0x5111_2222_3333_4444L;
  private static final Type TYPE = Type.WRITE_EXCLUSIVE_REGISTRANTS_ONLY;

  // ---- what is under way

  @Test
  void nothingThatWasUnderWayLandsAfterPreemptAndAbort(TestCluster cluster)
      throws IOException, InterruptedException {
    TestLun lun = cluster.createLun("fence-abort", 0, 64L << 20);
    List<TestGateway> gateways = cluster.gateways();
    int round = 0;
    for (TestGateway owner : gateways) {
      cluster.move(lun, owner);
      try (TestHost fencer = TestHost.open(gateways, lun, "fencer");
          TestHost victim = TestHost.open(gateways, lun, "victim")) {
        fencer.register(KEY_FENCER);
        victim.register(KEY_VICTIM);
        fencer.settle();
        victim.settle();
        // Through another gateway than the owner in two rounds of three.
        abort(cluster, lun, owner, fencer.nexuses().get(0), victim, round * Burst.EXTENTS);
        fencer.unregister();
      }
      round++;
    }
    // Nor has anything come later: no round has written where another has.
    requireFencers(cluster, lun, 0, round * Burst.EXTENTS);
  }

  private static void abort(
      TestCluster cluster,
      TestLun lun,
      TestGateway owner,
      Nexus fencer,
      TestHost victim,
      int firstExtent)
      throws IOException, InterruptedException {
    assertEquals(
        Nexus.GOOD_ENDING,
        PersistentReservations.out(victim.nexuses().get(1), Action.RESERVE, TYPE, KEY_VICTIM, 0));
    List<Burst> bursts = new ArrayList<>();
    for (Nexus nexus : victim.nexuses()) {
      bursts.add(new Burst(nexus, lun, bursts.size(), firstExtent));
    }
    bursts.forEach(Thread::start);
    Await.until(
        "writes to be under way",
        BOUND,
        () -> bursts.stream().allMatch(burst -> burst.sent() >= Burst.FIRST || !burst.isAlive()),
        bursts::toString);
    assertEquals(
        Nexus.GOOD_ENDING,
        PersistentReservations.out(fencer, Action.PREEMPT_AND_ABORT, TYPE, KEY_FENCER, KEY_VICTIM));
    long answered = System.nanoTime();
    // At once, so that whatever lands from now on is seen.
    for (int extent = 0; extent < Burst.EXTENTS; extent++) {
      write(fencer, firstExtent + extent, Burst.FENCER);
    }
    int late = 0;
    Map<String, Integer> endings = new TreeMap<>();
    for (Burst burst : bursts) {
      burst.join(BOUND.toMillis());
      assertEquals(Nexus.CONFLICT, burst.another(), () -> "the next write of " + burst);
      for (Burst.Sent sent : burst.endings()) {
        endings.merge(sent.ending(), 1, Integer::sum);
        if (sent.at() - answered > 0) {
          late++;
          assertNotEquals(Nexus.GOOD_ENDING, sent.ending(), "sent after the answer");
        }
      }
    }
    System.out.printf(
        "owned by %s: how %d writes ended, %d of them sent after the answer: %s%n",
        owner, bursts.size() * Burst.WRITES, late, endings);
    requireFencers(cluster, lun, firstExtent, Burst.EXTENTS);
    // What an owner has in its hands it has let go of when it gives the unit away.
    cluster.move(lun, cluster.servingWithout(owner).get(0));
    requireFencers(cluster, lun, firstExtent, Burst.EXTENTS);
  }

  private static void write(Nexus nexus, int extent, long value) throws IOException {
    byte[] data = BlockPattern.fill(Burst.block(extent), Burst.BLOCKS, value);
    nexus.execute(Cdb.write16(Burst.lba(extent), Burst.LENGTH), data, 0);
  }

  private static void requireFencers(TestCluster cluster, TestLun lun, int from, int extents)
      throws IOException {
    for (TestGateway gateway : cluster.gateways()) {
      try (Nexus nexus = Nexus.open(gateway, lun)) {
        for (int extent = from; extent < from + extents; extent++) {
          byte[] read =
              nexus.execute(
                  Cdb.read16(Burst.lba(extent), Burst.LENGTH),
                  new byte[0],
                  Burst.BLOCKS * BlockPattern.BLOCK);
          assertEquals(
              Collections.nCopies(
                  Burst.BLOCKS, new BlockPattern.Content(Burst.FENCER, Optional.empty())),
              BlockPattern.read(Burst.block(extent), read),
              "read through " + gateway);
        }
      }
    }
  }

  /** Writes that one nexus sends without waiting for an answer. */
  private static final class Burst extends Thread {
    static final int FIRST = 2;

    /** Within the command window, for nothing is received meanwhile. */
    static final int WRITES = 120;

    static final int BLOCKS = 16;
    static final int LENGTH = BLOCKS * BlockPattern.BLOCK / 512;

    /** Half of the writes go to the first extent, so that they wait for one another there. */
    static final int EXTENTS = 13;

    static final long FENCER = 1L << 61;

    private final Nexus nexus;
    private final TestLun lun;
    private final long firstValue;
    private final int firstExtent;
    private final List<Integer> tags = new ArrayList<>();
    private final List<Long> times = Collections.synchronizedList(new ArrayList<>());
    private volatile IOException failure;

    /** When a write was sent, and how it ended. */
    record Sent(long at, String ending) {}

    Burst(Nexus nexus, TestLun lun, int index, int firstExtent) {
      super("burst-" + nexus.gateway());
      this.nexus = nexus;
      this.lun = lun;
      this.firstValue = 1 + (long) index * WRITES;
      this.firstExtent = firstExtent;
      setDaemon(true);
    }

    static long block(int extent) {
      return (long) extent * BLOCKS;
    }

    static long lba(int extent) {
      return block(extent) * (BlockPattern.BLOCK / 512);
    }

    @Override
    public void run() {
      try {
        for (int i = 0; i < WRITES; i++) {
          int extent = firstExtent + (i % 2 == 0 ? 0 : i % EXTENTS);
          byte[] data = BlockPattern.fill(block(extent), BLOCKS, firstValue + i);
          times.add(System.nanoTime());
          tags.add(nexus.session().start(lun.field(), Cdb.write16(lba(extent), LENGTH), data, 0));
        }
      } catch (IOException e) {
        failure = e;
      }
    }

    int sent() {
      return times.size();
    }

    /**
     * One more write, once it has sent all; how it ended. It overlaps them all, so that it has its
     * turn after them: when it is answered so are they, if they are at all.
     */
    String another() throws IOException {
      if (isAlive() || failure != null) {
        throw new AssertionError(this + " could not send its writes", failure);
      }
      byte[] data =
          BlockPattern.fill(block(firstExtent), EXTENTS * BLOCKS, firstValue + WRITES - 1);
      return nexus.atLast(Cdb.write16(lba(firstExtent), EXTENTS * LENGTH), data, 0);
    }

    /** How they ended; a task that was aborted is not answered (SAM-5 section 5.10). */
    List<Sent> endings() {
      List<Sent> endings = new ArrayList<>();
      for (int i = 0; i < WRITES; i++) {
        endings.add(
            new Sent(
                times.get(i),
                nexus.session().ended(tags.get(i)).map(Nexus::ending).orElse("no answer")));
      }
      return endings;
    }

    @Override
    public String toString() {
      return "%s: %d sent".formatted(getName(), sent());
    }
  }

  // ---- what comes later

  @Test
  void aFencedHostWritesNothingWhenTheOwnerIsKilled(TestCluster cluster) {
    fence(cluster, "fence", 2);
  }

  @Test
  @Tag("long")
  void aFencedHostWritesNothingWhenTheOwnerIsKilledTenTimes(TestCluster cluster) {
    fence(cluster, "fence-long", 10);
  }

  private static final int HOSTS = 3;
  private static final int BLOCKS = 32;

  private static void fence(TestCluster cluster, String name, int rounds) {
    TestLun lun = cluster.createLun(name, 0, 64L << 20);
    History history = new History();
    long seed = Workload.seed();
    List<TestGateway> gateways = cluster.gateways();
    try (StubbornHosts hosts = new StubbornHosts(gateways, lun, HOSTS, BLOCKS, history, seed);
        MultipathClient fencer =
            new MultipathClient(
                "fencer", gateways, lun, history, HostSettings.LINUX, new Random(seed))) {
      for (int round = 1; round <= rounds; round++) {
        fenceOnce(cluster, lun, hosts, fencer, history, round);
      }
      fencer.register(0);
    }
    Histories.requireLinearizable(name, history);
  }

  private static void fenceOnce(
      TestCluster cluster,
      TestLun lun,
      StubbornHosts hosts,
      MultipathClient fencer,
      History history,
      int round) {
    PathAgreement agreement = new PathAgreement(cluster, lun);
    fencer.register(0);
    fencer.register(KEY_FENCER);
    hosts.reserve(TYPE, KEY_VICTIM);
    long began = System.nanoTime();
    hosts.start();
    awaitThroughEach(cluster, hosts, history, "were acknowledged", began, Outcome.OK);

    TestGateway owner = cluster.gateway(agreement.await().owner());
    boolean before = round % 2 == 0;
    if (before) {
      // The fence has to be made while nobody owns the unit.
      owner.kill();
    }
    long asked = System.nanoTime();
    fencer.preemptAndAbort(TYPE, KEY_FENCER, KEY_VICTIM);
    long fenced = System.nanoTime();
    if (!before) {
      owner.kill();
    }
    List<Long> values = new ArrayList<>();
    for (int block = 0; block < BLOCKS; block++) {
      values.add(fencer.write(block, 1));
    }
    System.out.printf(
        "round %d: fenced within %d ms; %s, the owner, was killed %s%n",
        round, (fenced - asked) / 1_000_000, owner, before ? "before it" : "after the answer");
    assertNotEquals(owner.name(), agreement.await().owner());
    owner.start();
    cluster.awaitReady();
    awaitThroughEach(cluster, hosts, history, "were refused", System.nanoTime(), Outcome.REFUSED);
    hosts.stop();

    List<Attempt> late =
        attempts(history, fenced).filter(each -> each.outcome() == Outcome.OK).toList();
    assertEquals(List.of(), late, "writes that began after the fence and were acknowledged");
    for (TestGateway gateway : cluster.gateways()) {
      for (int block = 0; block < BLOCKS; block++) {
        assertEquals(
            List.of(values.get(block)), fencer.read(gateway, block, 1), "through " + gateway);
      }
    }
  }

  /** Waits until so many attempts of the hosts have ended like this through each gateway. */
  private static void awaitThroughEach(
      TestCluster cluster,
      StubbornHosts hosts,
      History history,
      String how,
      long since,
      Outcome outcome) {
    for (TestGateway gateway : cluster.gateways()) {
      Await.until(
          "20 writes that " + how + " through " + gateway,
          BOUND,
          () -> {
            hosts.requireNoFailure();
            return attempts(history, since)
                    .filter(each -> each.outcome() == outcome)
                    .filter(each -> each.path().equals(gateway.name()))
                    .limit(20)
                    .count()
                == 20;
          },
          () -> history.attempts().size() + " attempts in all");
    }
  }

  /** What the hosts that are shut out tried after a moment. */
  private static Stream<Attempt> attempts(History history, long since) {
    return history.attempts().stream()
        .filter(each -> StubbornHosts.made(each) && each.invoked() - since > 0);
  }
}
