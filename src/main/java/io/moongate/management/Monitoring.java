package io.moongate.management;

import io.moongate.management.api.Health;

/** What the server shows of its gateway to whoever watches over it. Nothing of it waits. */
public interface Monitoring {

  /**
   * All metrics.
   *
   * @param accept the header of that name; empty when there was none
   */
  Page metrics(String accept);

  /** Whether metrics are for whoever reaches the API, and not for users alone. */
  boolean metricsOpen();

  /** How the gateway is. */
  Health health();

  /** Whether its process works, as opposed to what it depends on: if not it is to be restarted. */
  boolean live();

  /**
   * A scrape.
   *
   * @param contentType of {@code body}, with its parameters
   */
  record Page(String contentType, byte[] body) {}
}
