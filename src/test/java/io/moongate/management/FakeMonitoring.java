package io.moongate.management;

import io.moongate.management.api.Health;
import io.moongate.management.api.HealthCheck;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A gateway that is as a test wants it. */
final class FakeMonitoring implements Monitoring {
  volatile boolean live = true;
  volatile boolean open;
  volatile List<String> notReady = List.of();
  volatile String accepted = "";

  @Override
  public Page metrics(String accept) {
    accepted = accept;
    return new Page(
        "text/plain; version=0.0.4; charset=utf-8",
        "a_metric 1\n".getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public boolean metricsOpen() {
    return open;
  }

  @Override
  public Health health() {
    HealthCheck threads = new HealthCheck("threads", live ? "up" : "down", "a loop is stuck");
    return new Health(live ? "up" : "down", "gw1", notReady.isEmpty(), notReady, List.of(threads));
  }

  @Override
  public boolean live() {
    return live;
  }
}
