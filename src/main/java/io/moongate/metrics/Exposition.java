package io.moongate.metrics;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.logging.LogbackMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All metrics of a gateway, in the formats that Prometheus reads. Thread-safe.
 *
 * <p>A source that fails leaves its own metrics out of that scrape, and nothing else.
 */
public final class Exposition implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Exposition.class);

  private static final String OPEN_METRICS_TYPE = "application/openmetrics-text";
  private static final String OPEN_METRICS = OPEN_METRICS_TYPE + "; version=1.0.0; charset=utf-8";
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final String gateway;
  private final List<Source> sources;
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusMeterRegistry meters;
  private final List<AutoCloseable> binders = new ArrayList<>();

  /**
   * A scrape.
   *
   * @param contentType of {@code body}, with its parameters
   */
  public record Page(String contentType, byte[] body) {}

  /** Begins to watch the JVM. */
  public Exposition(String gateway, List<Source> sources) {
    this.gateway = gateway;
    this.sources = List.copyOf(sources);
    meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, registry, Clock.SYSTEM);
    meters.config().commonTags("gateway", gateway);
    bind(new ClassLoaderMetrics());
    bind(new JvmGcMetrics());
    bind(new JvmMemoryMetrics());
    bind(new JvmThreadMetrics());
    bind(new ProcessorMetrics());
    bind(new FileDescriptorMetrics());
    bind(new UptimeMetrics());
    bind(new LogbackMetrics());
    registry.register((MultiCollector) this::collect);
  }

  private void bind(MeterBinder binder) {
    binder.bindTo(meters);
    if (binder instanceof AutoCloseable closeable) {
      binders.add(closeable);
    }
  }

  private MetricSnapshots collect() {
    Samples samples = new Samples(gateway);
    for (Source source : sources) {
      try {
        source.read(samples);
      } catch (RuntimeException failure) {
        LOG.error("event=metrics-not-read", failure);
      }
    }
    return samples.snapshots();
  }

  /**
   * Reads all metrics.
   *
   * @param accept the header of that name; OpenMetrics when it names that, else Prometheus's text
   */
  public Page scrape(String accept) {
    String type = accept.contains(OPEN_METRICS_TYPE) ? OPEN_METRICS : TEXT;
    ByteArrayOutputStream body = new ByteArrayOutputStream(1 << 16);
    try {
      meters.scrape(body, type);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Page(type, body.toByteArray());
  }

  @Override
  public void close() {
    for (AutoCloseable binder : binders) {
      try {
        binder.close();
      } catch (Exception e) {
        LOG.warn("a binder could not be closed", e);
      }
    }
    meters.close();
  }
}
