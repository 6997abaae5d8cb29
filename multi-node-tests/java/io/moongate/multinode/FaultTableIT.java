package io.moongate.multinode;

import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.moongate.multinode.FaultRun.Expect;
import io.moongate.multinode.fault.Fault;
import io.moongate.multinode.fault.Fault.ClockJump;
import io.moongate.multinode.fault.Fault.Cut;
import io.moongate.multinode.fault.Fault.CutOff;
import io.moongate.multinode.fault.Fault.Direction;
import io.moongate.multinode.fault.Fault.FailingStore;
import io.moongate.multinode.fault.Fault.FrozenDisk;
import io.moongate.multinode.fault.Fault.FullDisk;
import io.moongate.multinode.fault.Fault.Kill;
import io.moongate.multinode.fault.Fault.KillOwners;
import io.moongate.multinode.fault.Fault.Lossy;
import io.moongate.multinode.fault.Fault.Move;
import io.moongate.multinode.fault.Fault.Pauses;
import io.moongate.multinode.fault.Fault.ShutPortal;
import io.moongate.multinode.fault.Fault.Slow;
import io.moongate.multinode.fault.Fault.SlowStore;
import io.moongate.multinode.fault.Fault.Stop;
import io.moongate.multinode.fault.Fault.Then;
import io.moongate.multinode.fault.Fault.Upto;
import io.moongate.multinode.fault.Role;
import io.moongate.multinode.harness.net.NetworkedCluster;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * With leases and detection as the product has them by default, the table: fault, runs, operations
 * checked, violations, longest stall, errors that reached a client. It is kept in {@code
 * target/multi-node/fault-table.md}, a row a test.
 *
 * <p>{@code -Dmoongate.runs=N} sets how often each fault happens (3), {@code -Dmoongate.faults=RE}
 * which of them do, by a regular expression that their names must match, {@code
 * -Dmoongate.store=rbd} that the units are in Ceph.
 */
@Tag("long")
class FaultTableIT {
  private static final int RUNS = Integer.getInteger("moongate.runs", 3);
  private static final String NAMES = System.getProperty("moongate.faults", ".*");
  private static final boolean ON_CEPH = Stalls.STORE.equals("rbd");
  private static final long DISK = 1L << 30;

  /** Of a hundred packets: a bad cable, or a switch that is worn out. */
  private static final int LOSS = 5;

  private static final Duration MOMENT = Duration.ofMillis(150);
  private static final Duration FAILOVER = Duration.ofMillis(1500);

  private static NetworkedCluster networked;

  @BeforeAll
  static void start() {
    networked =
        ON_CEPH
            ? NetworkedCluster.startOnCeph("fault-table", 3, NetworkedCluster.PRODUCT_DEFAULTS)
            : NetworkedCluster.start(
                "fault-table", 3, NetworkedCluster.PRODUCT_DEFAULTS, Optional.of(DISK));
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  static Stream<Arguments> faults() {
    return Stream.of(
            processes(),
            partitions(),
            cassandra(),
            ON_CEPH ? ceph() : disks(),
            transitions(),
            severalAtOnce(),
            clocks())
        .flatMap(row -> row)
        .filter(row -> ((String) row.get()[0]).matches(NAMES));
  }

  private static Stream<Arguments> processes() {
    return Stream.of(
        service("kill-owner", new Kill(Role.OWNER)),
        service("kill-other", new Kill(Role.OTHER)),
        service("stop-owner", new Stop(Role.OWNER)),
        service("stop-other", new Stop(Role.OTHER)),
        service("pauses", new Pauses(Role.OWNER, 4, Duration.ofMillis(2500))));
  }

  private static Stream<Arguments> partitions() {
    return Stream.of(
        service("owner-cut-off", new CutOff(Role.OWNER, Direction.BOTH)),
        service("owner-deaf", new CutOff(Role.OWNER, Direction.THERE)),
        service("owner-mute", new CutOff(Role.OWNER, Direction.BACK)),
        service("other-cut-off", new CutOff(Role.OTHER, Direction.BOTH)),
        service(
            "owner-without-gateways",
            Then.of(
                new Cut(Role.OWNER, Direction.BOTH, Role.OTHER),
                new Cut(Role.OWNER, Direction.BOTH, Role.THIRD))),
        service("owner-other", new Cut(Role.OWNER, Direction.BOTH, Role.OTHER)),
        service("owner-to-other", new Cut(Role.OWNER, Direction.THERE, Role.OTHER)),
        service("other-to-owner", new Cut(Role.OTHER, Direction.THERE, Role.OWNER)),
        service("other-third", new Cut(Role.OTHER, Direction.BOTH, Role.THIRD)),
        service("hosts-owner", new Cut(Role.HOSTS, Direction.BOTH, Role.OWNER)),
        service("hosts-to-owner", new Cut(Role.HOSTS, Direction.THERE, Role.OWNER)),
        service("owner-to-hosts", new Cut(Role.HOSTS, Direction.BACK, Role.OWNER)),
        service("portal-shut", new ShutPortal(Role.OWNER)),
        service("hosts-other", new Cut(Role.HOSTS, Direction.BOTH, Role.OTHER)),
        service("slow-owner", new Slow(Role.OWNER, "20mbit", 400)),
        service("slow-other", new Slow(Role.OTHER, "20mbit", 400)),
        service("lossy-owner", new Lossy(Role.OWNER, LOSS)),
        service("lossy-other", new Lossy(Role.OTHER, LOSS)));
  }

  private static Stream<Arguments> cassandra() {
    return Stream.of(
        service("cassandra-killed", new Kill(Role.CASSANDRA)),
        service("cassandra-stopped", new Stop(Role.CASSANDRA)),
        service("owner-cassandra", new Cut(Role.OWNER, Direction.BOTH, Role.CASSANDRA)),
        service("owner-to-cassandra", new Cut(Role.OWNER, Direction.THERE, Role.CASSANDRA)),
        service("cassandra-to-owner", new Cut(Role.OWNER, Direction.BACK, Role.CASSANDRA)),
        service(
            "all-cassandra",
            Then.of(
                new Cut(Role.OWNER, Direction.BOTH, Role.CASSANDRA),
                new Cut(Role.OTHER, Direction.BOTH, Role.CASSANDRA),
                new Cut(Role.THIRD, Direction.BOTH, Role.CASSANDRA))),
        service("cassandra-slow", new Slow(Role.CASSANDRA, "1mbit", 400)),
        service("cassandra-lossy", new Lossy(Role.CASSANDRA, LOSS)),
        row(
            "cassandra-and-owner",
            Then.of(new Kill(Role.CASSANDRA), new Kill(Role.OWNER)),
            Expect.OUTAGE));
  }

  /** What happens to Ceph itself is in {@link RbdTroubleIT}. */
  private static Stream<Arguments> ceph() {
    return Stream.of(
        service("owner-store", new Cut(Role.OWNER, Direction.BOTH, Role.STORE)),
        service("owner-to-store", new Cut(Role.OWNER, Direction.THERE, Role.STORE)),
        service("store-to-owner", new Cut(Role.OWNER, Direction.BACK, Role.STORE)),
        service("other-store", new Cut(Role.OTHER, Direction.BOTH, Role.STORE)),
        service(
            "move-cut-new-from-store",
            Then.of(
                new Move(Role.OTHER),
                new Upto(MOMENT),
                new Cut(Role.OTHER, Direction.BOTH, Role.STORE))));
  }

  private static Stream<Arguments> disks() {
    return Stream.of(
        service("store-failing", new FailingStore(Role.OWNER)),
        service("store-slow", new SlowStore(Role.OWNER, Duration.ofMillis(2500))),
        row("full-disk", new FullDisk(), Expect.ERRORS),
        row("frozen-disk", new FrozenDisk(), Expect.PATIENCE));
  }

  private static Stream<Arguments> transitions() {
    return Stream.of(
        service(
            "move-kill-old", Then.of(new Move(Role.OTHER), new Upto(MOMENT), new Kill(Role.OWNER))),
        service(
            "move-kill-new", Then.of(new Move(Role.OTHER), new Upto(MOMENT), new Kill(Role.OTHER))),
        service(
            "move-stop-old", Then.of(new Move(Role.OTHER), new Upto(MOMENT), new Stop(Role.OWNER))),
        service(
            "move-cut-new",
            Then.of(
                new Move(Role.OTHER), new Upto(MOMENT), new CutOff(Role.OTHER, Direction.BOTH))));
  }

  private static Stream<Arguments> severalAtOnce() {
    return Stream.of(
        service(
            "kill-in-failover",
            Then.of(new Kill(Role.OWNER), new Upto(FAILOVER), new Kill(Role.OTHER))),
        row(
            "stop-and-cut",
            Then.of(new Stop(Role.OWNER), new CutOff(Role.OTHER, Direction.BOTH)),
            Expect.PATIENCE),
        service(
            "cut-and-kill",
            Then.of(
                new Cut(Role.OWNER, Direction.BOTH, Role.OTHER),
                new Upto(FAILOVER),
                new Kill(Role.THIRD))),
        row("three-owners", new KillOwners(3), Expect.OUTAGE));
  }

  private static Stream<Arguments> clocks() {
    return Stream.of(
        service("clock-ahead", new ClockJump(Role.OWNER, Duration.ofHours(1))),
        service("clock-back", new ClockJump(Role.OWNER, Duration.ofHours(-1))));
  }

  private static Arguments service(String name, Fault fault) {
    return row(name, fault, Expect.SERVICE);
  }

  private static Arguments row(String name, Fault fault, Expect expect) {
    return arguments(name, fault, expect);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("faults")
  void nothingIsLostAndNothingIsStale(String name, Fault fault, Expect expect) {
    boolean clock = fault instanceof ClockJump;
    if (clock) {
      ClockJump.prepare(networked.cluster());
    }
    try {
      new FaultRun(networked, name, fault, expect, RUNS).run();
    } finally {
      if (clock) {
        ClockJump.end(networked.cluster());
      }
    }
  }
}
