package io.moongate.cli;

import java.nio.file.Path;

/** Runs a gateway in this process: what {@code moongate gateway --config FILE} does. */
@FunctionalInterface
public interface GatewayRunner {

  /**
   * Runs a gateway until it is stopped.
   *
   * @param config its settings, HOCON
   * @return the process's exit code
   */
  int run(Path config) throws Exception;
}
