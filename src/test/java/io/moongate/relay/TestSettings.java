package io.moongate.relay;

import com.typesafe.config.ConfigFactory;
import java.io.File;

/**
 * The defaults of conf/relay.conf on a free port of the loopback, with changes; one connection to a
 * peer, if these don't say otherwise, so that it is known which one it is.
 */
final class TestSettings {
  private TestSettings() {}

  static RelaySettings with(String changes) {
    return RelaySettings.from(
        ConfigFactory.parseString(
                "moongate.relay { host = \"127.0.0.1\", port = 0, connections = 1\n"
                    + changes
                    + "}")
            .withFallback(ConfigFactory.parseFile(new File("conf/relay.conf")))
            .withFallback(ConfigFactory.parseFile(new File("conf/tls.conf")))
            .resolve());
  }
}
