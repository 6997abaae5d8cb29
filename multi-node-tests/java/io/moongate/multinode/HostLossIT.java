package io.moongate.multinode;

import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.net.NetworkedCluster;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A host is lost on which the owner of units runs and one of three nodes of Cassandra, each with a
 * copy of everything: so the two nodes that are left are what is needed to decide, and a third of
 * what gateways ask of Cassandra is on its way to the one that is gone. How long hosts wait, as
 * {@link StallIT} has it; then, while the fault lasts, that what has to be recorded is recorded.
 *
 * <p>{@code -Dmoongate.runs=N} sets the runs of each (3), {@code -Dmoongate.units=N} how many
 * "many" units are (100), {@code -Dmoongate.faults=RE} which of the faults happen.
 */
@Tag("long")
class HostLossIT {
  /** For entities that lived on the lost host: detection, re-homing, and recovery. */
  private static final Duration RECORDED = Duration.ofSeconds(30);

  private static NetworkedCluster networked;

  /** How a host is lost. */
  enum Loss {
    KILL("SIGKILL of the owner and of its Cassandra node") {
      @Override
      void strike(TestGateway owner) {
        networked.cluster().killHost(owner);
      }
    },
    CUT("silent cut of the owner's host, its Cassandra node with it") {
      @Override
      void strike(TestGateway owner) {
        networked.network().isolate(owner.name());
      }
    };

    private final String words;

    Loss(String words) {
      this.words = words;
    }

    abstract void strike(TestGateway owner);
  }

  @BeforeAll
  static void start() {
    networked =
        NetworkedCluster.startWithCassandraEach("host-loss", 3, NetworkedCluster.PRODUCT_DEFAULTS);
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  static Stream<Loss> losses() {
    return Stream.of(Loss.values()).filter(loss -> Stalls.isWanted(loss.name()));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void untilTheNextWriteAfter(Loss loss) {
    untilTheNextWriteAfter(loss, 1);
  }

  @ParameterizedTest
  @MethodSource("losses")
  void untilTheNextWriteOfManyUnitsAfter(Loss loss) {
    untilTheNextWriteAfter(loss, Stalls.MANY);
  }

  private static void untilTheNextWriteAfter(Loss loss, int units) {
    new Stalls(networked)
        .untilTheNextWrite(
            loss.words,
            "host-" + loss.name().toLowerCase(),
            units,
            loss::strike,
            HostLossIT::requireRecorded);
  }

  /** Moves a unit to each gateway that is left: the one where it is, and the other. */
  private static void requireRecorded(TestGateway lost, TestLun unit) {
    long began = System.nanoTime();
    for (TestGateway to : networked.cluster().servingWithout(lost)) {
      Stalls.move(unit, to, RECORDED);
    }
    System.out.printf(
        "  moved to both that are left within %d ms%n", (System.nanoTime() - began) / 1_000_000);
  }
}
