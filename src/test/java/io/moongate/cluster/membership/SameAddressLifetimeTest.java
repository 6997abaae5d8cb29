package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.Valid$;
import org.junit.jupiter.api.Test;

class SameAddressLifetimeTest {
  private final SameAddressLifetime checker = new SameAddressLifetime();

  private static Config lifetime(String value) {
    return ConfigFactory.parseString("moongate.portal-takeover.address-lifetime = " + value);
  }

  @Test
  void theSameJoinsAndWhoDoesNotKnowOfIt() {
    assertEquals(Valid$.MODULE$, checker.check(lifetime("10 s"), lifetime("10000 ms")));
    assertEquals(Valid$.MODULE$, checker.check(ConfigFactory.empty(), lifetime("10 s")));
    assertEquals(Valid$.MODULE$, checker.check(lifetime("10 s"), ConfigFactory.empty()));
  }

  @Test
  void anotherIsRefusedAndBothAreNamed() {
    Invalid refused = (Invalid) checker.check(lifetime("20 s"), lifetime("10 s"));
    String reason = refused.errorMessages().mkString();
    assertTrue(reason.contains("address-lifetime: found 20 s"), reason);
    assertTrue(reason.contains("10 s on another"), reason);
  }

  @Test
  void whatIsNoTimeIsRefused() {
    Invalid refused = (Invalid) checker.check(lifetime("soon"), lifetime("10 s"));
    assertTrue(refused.errorMessages().mkString().contains("address-lifetime"));
  }
}
