package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.management.api.Evidence;
import io.moongate.multinode.checker.History;
import io.moongate.multinode.checker.History.Attempt;
import io.moongate.multinode.checker.History.Outcome;
import io.moongate.multinode.harness.Await;
import io.moongate.multinode.harness.Cdb;
import io.moongate.multinode.harness.ClusterAlone;
import io.moongate.multinode.harness.Nexus;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.PathAgreement.Agreed;
import io.moongate.multinode.harness.TargetPortGroups;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.workload.BlockPattern;
import io.moongate.multinode.workload.Burst;
import io.moongate.multinode.workload.HostSettings;
import io.moongate.multinode.workload.MultipathClient;
import io.moongate.multinode.workload.Workload;
import io.moongate.session.TestInitiator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The hardest problem: the owner stops with writes in its hands, and wakes after others have taken
 * over. None of them may take effect then, neither those that it had begun to look at nor those
 * that waited in its sockets.
 */
@ClusterAlone
class PauseIT {
  /** Longer than a host waits on a silent path, and than lease and detection take. */
  private static final Duration PAUSE = Duration.ofSeconds(15);

  private static final Duration END_BOUND = Duration.ofSeconds(30);
  private static final int CLIENTS = 8;
  private static final int BURST_BLOCKS = 64;

  /** Beyond the blocks of the workload. */
  private static final int FIRST_LATE_BLOCK = 1000;

  private static final int LATE_SESSIONS = 4;
  private static final int LATE_WRITES = 8;

  /** Values of their own, beyond those of any client. */
  private static final long LATE_VALUE = 1L << 60;

  @Test
  void aWokenOwnerWritesNothing(TestCluster cluster) throws IOException {
    pauses(cluster, "pause", 1);
  }

  @Test
  @Tag("long")
  void aWokenOwnerWritesNothingTenTimes(TestCluster cluster) throws IOException {
    pauses(cluster, "ten-pauses", 10);
  }

  /**
   * The owner stops in the middle of a burst, others take over, what the burst wrote is written
   * anew, and it wakes. What it had acknowledged is there until then; nothing of it lands
   * afterwards, and each of its writes has an end.
   */
  @ParameterizedTest
  @ValueSource(strings = {"file", "rbd"})
  void ofABurstThatStopsInItsMiddleNothingLandsLate(String store, TestCluster cluster)
      throws IOException, InterruptedException {
    cluster.heal();
    TestLun lun = cluster.createLun("burst-" + store, 0, 64L << 20, 512, store);
    History history = new History();
    TestGateway owner = cluster.owner(lun);
    long seed = Workload.seed();
    try (Burst burst = Burst.start(owner, lun, 0, BURST_BLOCKS);
        MultipathClient client =
            new MultipathClient(
                "newer",
                cluster.servingWithout(owner),
                lun,
                history,
                HostSettings.LINUX,
                new Random(seed))) {
      Await.until(
          "the burst to run",
          END_BOUND,
          () -> burst.acknowledged() > 4 * BURST_BLOCKS,
          () -> burst.acknowledged() + " acknowledged");
      owner.pause();
      burst.end();
      // What it had answered by now is read; after this no answer can come until it wakes.
      Thread.sleep(500);
      long stopped = System.nanoTime();
      long acknowledged = burst.acknowledged();
      long underWay = burst.underWay();
      new PathAgreement(cluster, lun).await();
      // Half is read as the burst left it, and all is written anew.
      for (int block = 0; block < BURST_BLOCKS; block++) {
        if (block % 2 == 0) {
          client.read(block, 1);
        }
        client.write(block, 1);
      }
      burst.record(history, System.nanoTime());
      owner.resume();
      Map<String, Integer> ends = burst.awaitEnds(stopped, END_BOUND);
      System.out.printf(
          "%d of the burst were acknowledged, %d were under way and ended: %s%n",
          acknowledged, underWay, ends);
      assertEquals(TestGateway.EXPELLED, owner.awaitExit(END_BOUND));
      for (TestGateway survivor : cluster.serving()) {
        for (int block = 0; block < BURST_BLOCKS; block++) {
          client.read(survivor, block, 1);
        }
      }
      assertTrue(underWay > 0, "the burst was not stopped in its middle");
      assertEquals(underWay, ends.values().stream().mapToInt(n -> n).sum());
    }
    // An acknowledgement may come late, of a write that was done before the owner stopped; that
    // none
    // was done afterwards is what the history tells.
    Histories.requireLinearizable("burst-" + store, history);
  }

  private static void pauses(TestCluster cluster, String name, int times) throws IOException {
    TestLun lun = cluster.createLun(name, 0, 64L << 20);
    History history = new History();
    List<Integer> ends = new ArrayList<>();
    long seed = Workload.seed();
    try (Workload workload = Workload.start(cluster, lun, CLIENTS, seed, history)) {
      for (int time = 1; time <= times; time++) {
        pause(cluster, lun, workload, history, new Random(seed + time), time, ends);
      }
      workload.stop();
      System.out.printf(
          "longest operation %d ms, %d operations%n",
          workload.longest().toMillis(), workload.operations());
    }
    Histories.requireLinearizable(name, history);
    // It knows that it was expelled, so that whoever supervises it starts it anew.
    assertEquals(Collections.nCopies(times, TestGateway.EXPELLED), ends, "exit statuses");
  }

  /** The record of the take-over names whoever missed the owner. */
  private static void requireNamed(TestCluster cluster, TestLun lun, TestGateway owner) {
    List<String> others = cluster.servingWithout(owner).stream().map(TestGateway::name).toList();
    Await.until(
        "%s to be named by %s".formatted(owner, others),
        END_BOUND, // The record may come after the new owner serves.
        () ->
            cluster.describe(lun).evidence().stream()
                .filter(evidence -> evidence.kind().equals("unreachable"))
                .filter(evidence -> evidence.subject().equals(owner.name()))
                .map(Evidence::observer)
                .collect(Collectors.toSet())
                .containsAll(others),
        () -> cluster.describe(lun).toString());
  }

  private static void pause(
      TestCluster cluster,
      TestLun lun,
      Workload workload,
      History history,
      Random random,
      int time,
      List<Integer> ends)
      throws IOException {
    PathAgreement agreement = new PathAgreement(cluster, lun);
    Map<String, Integer> groups = agreement.groups();
    workload.awaitProgress(300);
    Agreed before = agreement.await();
    TestGateway owner = cluster.gateway(before.owner());
    int firstBlock = FIRST_LATE_BLOCK + time * LATE_SESSIONS * LATE_WRITES;
    try (LateWrites late = LateWrites.logIn(owner, lun, firstBlock);
        MultipathClient client =
            new MultipathClient(
                "late-" + time,
                cluster.servingWithout(owner),
                lun,
                history,
                HostSettings.LINUX,
                random)) {
      owner.pause();
      long paused = System.nanoTime();
      // The gateway does not run: these wait in its sockets, as they do when it stops in the middle
      // of a burst.
      late.send();
      Agreed after = agreement.await();
      System.out.printf(
          "%s was stopped; %s took over within %d ms%n",
          owner, after.owner(), (System.nanoTime() - paused) / 1_000_000);
      assertNotEquals(owner.name(), after.owner());
      requireNamed(cluster, lun, owner);
      Await.until(
          "the pause to have lasted",
          PAUSE.plusSeconds(5),
          () -> System.nanoTime() - paused >= PAUSE.toNanos(),
          () -> "");
      workload.awaitProgress(300);
      // The host has given the silent path up, and writes again.
      for (int i = 0; i < LATE_SESSIONS * LATE_WRITES; i++) {
        client.write(firstBlock + i, 1);
      }
      late.record(history, System.nanoTime());

      owner.resume();
      late.requireNoneAcknowledged();
      ends.add(owner.awaitExit(END_BOUND));
      for (TestGateway survivor : cluster.serving()) {
        for (int i = 0; i < LATE_SESSIONS * LATE_WRITES; i++) {
          client.read(survivor, firstBlock + i, 1);
        }
      }
      workload.awaitProgress(300);
    }
    cluster.heal();
    Agreed back = agreement.await();
    assertEquals(TargetPortGroups.NON_OPTIMIZED, back.states().get(groups.get(owner.name())));
    workload.awaitWritesThrough(owner, System.nanoTime(), 5);
  }

  /** Writes that are sent to a gateway that is stopped. */
  private static final class LateWrites implements AutoCloseable {
    private static final String ACKNOWLEDGED = "acknowledged";

    private final List<TestInitiator> sessions = new ArrayList<>();
    private final List<Integer> tags = new ArrayList<>();
    private final TestGateway gateway;
    private final TestLun lun;
    private final int firstBlock;
    private long sent;

    private LateWrites(TestGateway gateway, TestLun lun, int firstBlock) {
      this.gateway = gateway;
      this.lun = lun;
      this.firstBlock = firstBlock;
    }

    static LateWrites logIn(TestGateway gateway, TestLun lun, int firstBlock) throws IOException {
      LateWrites late = new LateWrites(gateway, lun, firstBlock);
      for (int i = 0; i < LATE_SESSIONS; i++) {
        TestInitiator session = TestInitiator.connect(gateway.portal());
        late.sessions.add(session);
        session.login("iqn.2026-11.io.moongate:late-" + i, Nexus.randomIsid(), lun.target());
        // What a new session is told first must not be what refuses the write.
        for (int ask = 0; ask < 5; ask++) {
          session.command(lun.field(), new byte[6], new byte[0], 0);
        }
      }
      return late;
    }

    void send() throws IOException {
      sent = System.nanoTime();
      for (int i = 0; i < LATE_SESSIONS * LATE_WRITES; i++) {
        byte[] data = BlockPattern.fill(firstBlock + i, 1, value(i));
        long lba = (long) (firstBlock + i) * (BlockPattern.BLOCK / 512);
        tags.add(
            sessions
                .get(i / LATE_WRITES)
                .start(lun.field(), Cdb.write16(lba, BlockPattern.BLOCK / 512), data, 0));
      }
    }

    /** From now on none of them may take effect. */
    void record(History history, long now) {
      for (int i = 0; i < LATE_SESSIONS * LATE_WRITES; i++) {
        history.add(
            Attempt.write(
                "late", firstBlock + i, 1, value(i), sent, now, gateway.name(), Outcome.UNKNOWN));
      }
    }

    void requireNoneAcknowledged() {
      Map<String, Integer> ends = new TreeMap<>();
      for (int i = 0; i < LATE_SESSIONS * LATE_WRITES; i++) {
        ends.merge(end(i), 1, Integer::sum);
      }
      System.out.println("how the writes ended that waited in its sockets: " + ends);
      assertFalse(ends.containsKey(ACKNOWLEDGED), () -> "writes that came late: " + ends);
    }

    private String end(int i) {
      try {
        TestInitiator.Result result = sessions.get(i / LATE_WRITES).await(tags.get(i));
        return result.status() == 0
            ? ACKNOWLEDGED
            : "status %02x, sense %06x".formatted(result.status(), result.senseCode());
      } catch (IOException e) {
        // As it should be: the other writes of the session are gone with it.
        return "session dropped";
      }
    }

    private long value(int i) {
      return LATE_VALUE + firstBlock + i;
    }

    @Override
    public void close() throws IOException {
      for (TestInitiator session : sessions) {
        session.close();
      }
    }
  }
}
