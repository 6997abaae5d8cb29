package io.moongate.cli;

import java.net.URI;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Looks a gateway's host over, for the {@code doctor} command. */
@FunctionalInterface
public interface Doctor {

  /**
   * What is to be looked over.
   *
   * @param config the gateway's configuration
   * @param api the cluster as the API at a URL shows it, asked for as often as it is needed; throws
   *     what says why when it can't be had
   * @param initiator iSCSI name by which to log in to portals
   */
  record Request(Path config, Api api, String initiator) {}

  /** Asks an API. */
  @FunctionalInterface
  interface Api {
    /**
     * Looks once.
     *
     * @param configured where the configuration has the gateway's API
     * @throws RuntimeException that says why it can't be had
     */
    ApiView view(URI configured);
  }

  /** Makes every check, and tells each result as soon as it is there. */
  void examine(Request request, Consumer<CheckResult> told);
}
