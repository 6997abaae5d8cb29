package io.moongate;

import static io.moongate.metrics.Metric.*;

import io.moongate.management.ManagementServer;
import io.moongate.management.Monitoring;
import io.moongate.management.RequestTimes;
import io.moongate.management.api.Health;
import io.moongate.management.api.HealthCheck;
import io.moongate.metrics.Exposition;
import io.moongate.metrics.Samples;
import io.moongate.metrics.Source;
import io.moongate.security.TlsReading;
import io.moongate.transport.LoopReading;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Metrics and health of this gateway, as the HTTP API and the service manager ask for them. */
final class GatewayMonitoring implements Monitoring, AutoCloseable {
  private static final List<String> STATES = List.of("up", "degraded", "down");

  private final RequestTimes times = new RequestTimes();
  private final boolean metricsOpen;
  private final Supplier<GatewayHealth.Seen> seen;
  private final Exposition exposition;

  GatewayMonitoring(
      String gateway,
      boolean metricsOpen,
      List<Source> sources,
      Supplier<GatewayHealth.Seen> seen) {
    this.metricsOpen = metricsOpen;
    this.seen = seen;
    List<Source> all = new ArrayList<>(sources);
    all.add(this::read);
    exposition = new Exposition(gateway, all);
  }

  private void read(Samples out) {
    out.info(BUILD, ManagementServer.version(), Runtime.version().toString());
    times
        .read()
        .forEach(
            (answered, took) ->
                out.histogram(
                    HTTP_LATENCY,
                    took,
                    answered.method(),
                    answered.route(),
                    String.valueOf(answered.status())));
    for (TlsReading files : TlsReading.all()) {
      out.gauge(TLS_REFUSED, files.refused().isPresent() ? 1 : 0, files.setting());
      files.left().ifPresent(left -> out.gauge(TLS_LEFT, left.toSeconds(), files.setting()));
    }
    Health health = health();
    out.gauge(READY, health.ready() ? 1 : 0);
    for (HealthCheck check : health.checks()) {
      for (String state : STATES) {
        out.gauge(HEALTH, check.state().equals(state) ? 1 : 0, check.name(), state);
      }
    }
  }

  RequestTimes times() {
    return times;
  }

  @Override
  public Page metrics(String accept) {
    Exposition.Page page = exposition.scrape(accept);
    return new Page(page.contentType(), page.body());
  }

  @Override
  public boolean metricsOpen() {
    return metricsOpen;
  }

  @Override
  public Health health() {
    return GatewayHealth.of(seen.get());
  }

  @Override
  public boolean live() {
    return GatewayHealth.live(seen.get().node(), LoopReading.all());
  }

  @Override
  public void close() {
    exposition.close();
  }
}
