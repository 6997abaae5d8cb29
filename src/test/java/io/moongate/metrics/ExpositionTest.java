package io.moongate.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.measure.Latencies;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What Prometheus is given. */
class ExpositionTest {
  private Exposition exposition;

  @AfterEach
  void close() {
    exposition.close();
  }

  private String scrape(String accept, Source... sources) {
    exposition = new Exposition("gw1", List.of(sources));
    return new String(exposition.scrape(accept).body(), StandardCharsets.UTF_8);
  }

  @Test
  void valuesWithTheirLabels() {
    Latencies latencies = new Latencies();
    latencies.record(60_000);
    latencies.record(20_000_000_000L);
    String text =
        scrape(
            "",
            out -> {
              out.counter(Metric.LUN_OPERATIONS, 7, "u1", "read", "local");
              out.gauge(Metric.LEASE, 2.5);
              out.histogram(Metric.LATENCY, latencies, "read", "local");
              out.info(Metric.LUN_INFO, "u1", "iqn.x:y", "3", "file");
            });
    assertTrue(
        text.contains(
            "moongate_lun_operations_total{gateway=\"gw1\",lun=\"u1\",op=\"read\",via=\"local\"} 7.0\n"),
        text);
    assertTrue(text.contains("moongate_lease_seconds{gateway=\"gw1\"} 2.5\n"), text);
    String of = "{gateway=\"gw1\",op=\"read\",via=\"local\"";
    assertTrue(text.contains("moongate_latency_seconds_bucket" + of + ",le=\"5.0E-5\"} 0\n"), text);
    assertTrue(text.contains("moongate_latency_seconds_bucket" + of + ",le=\"1.0E-4\"} 1\n"), text);
    assertTrue(text.contains("moongate_latency_seconds_bucket" + of + ",le=\"+Inf\"} 2\n"), text);
    assertTrue(text.contains("moongate_latency_seconds_sum" + of + "} 20.00006\n"), text);
    assertTrue(text.contains("moongate_lun_info{gateway=\"gw1\",lun=\"u1\",number=\"3\""), text);
    assertTrue(text.contains("jvm_threads_live_threads{gateway=\"gw1\"}"), text);
  }

  @Test
  void openMetricsWhereItIsAskedFor() {
    String text = scrape("application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5");
    assertTrue(text.endsWith("# EOF\n"), text);
    assertEquals(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        exposition.scrape("application/openmetrics-text").contentType());
    assertEquals(
        "text/plain; version=0.0.4; charset=utf-8", exposition.scrape("*/*").contentType());
  }

  /** The next scrape has only what there is then. */
  @Test
  void seriesGoWithWhatTheyAreAbout() {
    boolean[] there = {true};
    String first =
        scrape(
            "",
            out -> {
              if (there[0]) {
                out.gauge(Metric.LUN_HELD, 1, "u1");
              }
            });
    assertTrue(first.contains("u1"), first);
    there[0] = false;
    String second = new String(exposition.scrape("").body(), StandardCharsets.UTF_8);
    assertTrue(!second.contains("u1"), second);
  }

  @Test
  void aSourceThatFailsTakesNoneOfTheOthersWithIt() {
    String text =
        scrape(
            "",
            out -> {
              throw new IllegalStateException("nothing to be had");
            },
            out -> out.gauge(Metric.READY, 1));
    assertTrue(text.contains("moongate_ready{gateway=\"gw1\"} 1.0"), text);
  }

  @Test
  void labelsAreThoseOfTheMetric() {
    scrape("");
    Samples samples = new Samples("gw1");
    assertThrows(IllegalArgumentException.class, () -> samples.gauge(Metric.LUN_HELD, 1));
    assertThrows(IllegalArgumentException.class, () -> samples.counter(Metric.READY, 1));
  }
}
