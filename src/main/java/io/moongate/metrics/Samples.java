package io.moongate.metrics;

import io.moongate.measure.Latencies;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What one scrape finds. Of one thread. */
public final class Samples {
  private static final String GATEWAY = "gateway";
  private static final List<Double> BOUNDS = bounds();

  private final String gateway;
  private final Map<Metric, CounterSnapshot.Builder> counters = new EnumMap<>(Metric.class);
  private final Map<Metric, GaugeSnapshot.Builder> gauges = new EnumMap<>(Metric.class);
  private final Map<Metric, HistogramSnapshot.Builder> histograms = new EnumMap<>(Metric.class);
  private final Map<Metric, InfoSnapshot.Builder> infos = new EnumMap<>(Metric.class);

  Samples(String gateway) {
    this.gateway = gateway;
  }

  private static List<Double> bounds() {
    List<Double> bounds = new ArrayList<>();
    for (int bucket = 0; bucket < Latencies.buckets(); bucket++) {
      bounds.add(Latencies.upperBound(bucket));
    }
    return bounds;
  }

  /** A value of a counter. */
  public void counter(Metric metric, double value, String... labels) {
    require(metric, Metric.Type.COUNTER);
    counters
        .computeIfAbsent(
            metric, first -> CounterSnapshot.builder().name(metric.base()).help(metric.help()))
        .dataPoint(
            CounterDataPointSnapshot.builder().value(value).labels(of(metric, labels)).build());
  }

  /** A value of a counter. */
  public void counter(Metric metric, long value, String... labels) {
    counter(metric, (double) value, labels);
  }

  /** A value of a gauge. */
  public void gauge(Metric metric, long value, String... labels) {
    gauge(metric, (double) value, labels);
  }

  /** A value of a gauge. */
  public void gauge(Metric metric, double value, String... labels) {
    require(metric, Metric.Type.GAUGE);
    gauges
        .computeIfAbsent(
            metric, first -> GaugeSnapshot.builder().name(metric.base()).help(metric.help()))
        .dataPoint(
            GaugeDataPointSnapshot.builder().value(value).labels(of(metric, labels)).build());
  }

  /** A value of a histogram. */
  public void histogram(Metric metric, Latencies latencies, String... labels) {
    require(metric, Metric.Type.HISTOGRAM);
    List<Long> counts = new ArrayList<>(Latencies.buckets());
    for (int bucket = 0; bucket < Latencies.buckets(); bucket++) {
      counts.add(latencies.count(bucket));
    }
    histograms
        .computeIfAbsent(
            metric, first -> HistogramSnapshot.builder().name(metric.base()).help(metric.help()))
        .dataPoint(
            HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(ClassicHistogramBuckets.of(BOUNDS, counts))
                .sum(latencies.seconds())
                .labels(of(metric, labels))
                .build());
  }

  /** One of the things that an info says. */
  public void info(Metric metric, String... labels) {
    require(metric, Metric.Type.INFO);
    infos
        .computeIfAbsent(
            metric, first -> InfoSnapshot.builder().name(metric.base()).help(metric.help()))
        .dataPoint(InfoDataPointSnapshot.builder().labels(of(metric, labels)).build());
  }

  private static void require(Metric metric, Metric.Type type) {
    if (metric.type() != type) {
      throw new IllegalArgumentException(metric + " is a " + metric.type());
    }
  }

  private Labels of(Metric metric, String... values) {
    if (values.length != metric.labels().size()) {
      throw new IllegalArgumentException(metric + " has the labels " + metric.labels());
    }
    Labels.Builder labels = Labels.builder().label(GATEWAY, gateway);
    for (int i = 0; i < values.length; i++) {
      labels.label(metric.labels().get(i), values[i]);
    }
    return labels.build();
  }

  MetricSnapshots snapshots() {
    List<MetricSnapshot> all = new ArrayList<>();
    counters.values().forEach(builder -> all.add(builder.build()));
    gauges.values().forEach(builder -> all.add(builder.build()));
    histograms.values().forEach(builder -> all.add(builder.build()));
    infos.values().forEach(builder -> all.add(builder.build()));
    return new MetricSnapshots(all);
  }
}
