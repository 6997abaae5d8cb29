package io.moongate.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.apache.pekko.cluster.Invalid;
import org.apache.pekko.cluster.Valid$;
import org.junit.jupiter.api.Test;

class SameLeaseLengthTest {
  private final SameLeaseLength checker = new SameLeaseLength();

  private static Config length(String value) {
    return ConfigFactory.parseString("moongate.lease.length = " + value);
  }

  @Test
  void theSameHoweverItIsWritten() {
    assertEquals(Valid$.MODULE$, checker.check(length("3 s"), length("3000 ms")));
  }

  @Test
  void anotherIsRefusedAndBothAreNamed() {
    Invalid refused = (Invalid) checker.check(length("4 s"), length("3 s"));
    String reason = refused.errorMessages().mkString();
    assertTrue(reason.contains("moongate.lease.length: found 4000 ms"), reason);
    assertTrue(reason.contains("3000 ms"), reason);
  }

  @Test
  void whoDoesNotSayIsRefused() {
    Invalid refused = (Invalid) checker.check(ConfigFactory.empty(), length("3 s"));
    assertTrue(refused.errorMessages().mkString().contains("found nothing"));
  }
}
