package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.Valid$;
import org.junit.jupiter.api.Test;

class SameHomeTest {
  private final SameHome checker = new SameHome();

  private static Config home(String role) {
    return ConfigFactory.parseString("moongate.cluster.entities = " + role);
  }

  @Test
  void theSameJoinsAndWhoDoesNotSayHasThemOnGateways() {
    assertEquals(Valid$.MODULE$, checker.check(home("metadata"), home("metadata")));
    assertEquals(Valid$.MODULE$, checker.check(ConfigFactory.empty(), home("gateway")));
  }

  @Test
  void anotherIsRefusedAndBothAreNamed() {
    Invalid refused = (Invalid) checker.check(home("gateway"), home("metadata"));
    String reason = refused.errorMessages().mkString();
    assertTrue(reason.contains("found gateway") && reason.contains("and metadata"), reason);
  }
}
