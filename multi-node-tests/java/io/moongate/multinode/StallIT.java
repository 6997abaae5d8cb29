package io.moongate.multinode;

import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.net.NetworkedCluster;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How long hosts wait, as a distribution: from a fault of the owner to the next acknowledged write
 * on the same unit, with the settings that the product has by default. The hosts that ask have
 * paths through the other gateways; what a host's own time-outs add is not in it. Rows are kept in
 * {@code target/multi-node/stall-table.md}.
 *
 * <p>{@code -Dmoongate.runs=N} sets the runs of each (3), {@code -Dmoongate.units=N} how many
 * "many" units are (100), {@code -Dmoongate.faults=RE} which of the faults happen, {@code
 * -Dmoongate.store=rbd} where the units are ({@code file}).
 */
@Tag("long")
class StallIT {
  private static NetworkedCluster networked;

  /** What happens to the owner. */
  enum Blow {
    KILL("SIGKILL") {
      @Override
      void strike(NetworkedCluster networked, TestGateway owner) {
        owner.kill();
      }
    },
    STOP("SIGSTOP") {
      @Override
      void strike(NetworkedCluster networked, TestGateway owner) {
        owner.pause();
      }
    },
    CUT("silent cut of all links") {
      @Override
      void strike(NetworkedCluster networked, TestGateway owner) {
        networked.network().isolate(owner.name());
      }
    };

    private final String words;

    Blow(String words) {
      this.words = words;
    }

    abstract void strike(NetworkedCluster networked, TestGateway owner);
  }

  @BeforeAll
  static void start() {
    networked =
        Stalls.STORE.equals("rbd")
            ? NetworkedCluster.startOnCeph("stall", 3, NetworkedCluster.PRODUCT_DEFAULTS)
            : NetworkedCluster.start(
                "stall", 3, NetworkedCluster.PRODUCT_DEFAULTS, Optional.empty());
  }

  @AfterAll
  static void end() {
    if (networked != null) {
      networked.close();
    }
  }

  static Stream<Blow> blows() {
    return Stream.of(Blow.values()).filter(blow -> Stalls.isWanted(blow.name()));
  }

  @ParameterizedTest
  @MethodSource("blows")
  void untilTheNextWriteAfter(Blow blow) {
    untilTheNextWriteAfter(blow, 1);
  }

  @ParameterizedTest
  @MethodSource("blows")
  void untilTheNextWriteOfManyUnitsAfter(Blow blow) {
    untilTheNextWriteAfter(blow, Stalls.MANY);
  }

  private static void untilTheNextWriteAfter(Blow blow, int units) {
    new Stalls(networked)
        .untilTheNextWrite(
            blow.words,
            blow.name().toLowerCase(),
            units,
            owner -> blow.strike(networked, owner),
            (owner, unit) -> {});
  }

  @ParameterizedTest
  @ValueSource(ints = {1, Stalls.PROBED})
  void whileAUnitIsMoved(int hosts) {
    new Stalls(networked).whileMoved("moved", hosts, 1);
  }

  @Test
  void whileAUnitOfManyIsMoved() {
    new Stalls(networked).whileMoved("moved-of-many", 1, Stalls.MANY);
  }

  @Test
  void whileAGatewayIsDrained() {
    new Stalls(networked).whileDrained("drained", 1);
  }

  @Test
  void whileAGatewayOfManyUnitsIsDrained() {
    new Stalls(networked).whileDrained("drained", Stalls.MANY);
  }
}
