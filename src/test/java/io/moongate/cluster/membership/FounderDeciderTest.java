package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import java.io.File;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.discovery.ServiceDiscovery.ResolvedTarget;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.OptionConverters;

class FounderDeciderTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration LESS = PATIENCE.minusNanos(1);
  private static final ResolvedTarget FIRST = target(1);
  private static final ResolvedTarget SECOND = target(2);
  private static final ResolvedTarget THIRD = target(3);
  private static final Set<ResolvedTarget> ALL = Set.of(THIRD, FIRST, SECOND);

  private static ResolvedTarget target(int number) {
    return new ResolvedTarget(
        "127.0.0." + number,
        OptionConverters.toScala(Optional.<Object>of(8558)),
        OptionConverters.toScala(Optional.empty()));
  }

  @Test
  void whoHasNotHeardTheFirstDoesNotFound() {
    assertFalse(FounderDecider.mayFound(ALL, Set.of(SECOND, THIRD), LESS, PATIENCE));
  }

  @Test
  void theFirstFoundsWithAnyMajority() {
    assertTrue(FounderDecider.mayFound(ALL, Set.of(FIRST, THIRD), Duration.ZERO, PATIENCE));
    assertTrue(FounderDecider.mayFound(ALL, ALL, Duration.ZERO, PATIENCE));
  }

  @Test
  void aFirstThatDoesNotComeIsNotWaitedForForEver() {
    assertTrue(FounderDecider.mayFound(ALL, Set.of(SECOND, THIRD), PATIENCE, PATIENCE));
  }

  @Test
  void theConfigurationNamesIt() {
    assertEquals(
        FounderDecider.class.getName(),
        ConfigFactory.parseFile(new File("conf/cluster.conf"))
            .getString("pekko.management.cluster.bootstrap.join-decider.class"));
  }
}
