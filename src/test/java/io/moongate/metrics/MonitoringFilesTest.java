package io.moongate.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.measure.Latencies;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The dashboard, the rules for alerts and the documentation speak of what a scrape has. */
class MonitoringFilesTest {
  private static final Pattern SAMPLE =
      Pattern.compile("^([a-z_0-9]+)(?:\\{(.*)\\})? \\S+$", Pattern.MULTILINE);
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"");
  private static final Pattern ROW =
      Pattern.compile(
          "^\\| `([a-z_0-9]+)` \\| ([a-z]+) \\| ([^|]*) \\| [^|]* \\| [^|]* \\|$",
          Pattern.MULTILINE);

  /** What Prometheus itself adds. */
  private static final Set<String> OF_SCRAPES = Set.of("job", "instance");

  /** There once something was collected. */
  private static final Set<String> NOT_FROM_THE_BEGINNING = Set.of("jvm_gc_pause_seconds");

  private static final Set<String> OF_GC = Set.of("action", "cause", "gc", "gateway");

  /** By the name of a series, its labels. */
  private static final Map<String, Set<String>> SCRAPED = new TreeMap<>();

  @BeforeAll
  static void scrape() {
    Exposition exposition = new Exposition("gw1", List.of(MonitoringFilesTest::all));
    String text = new String(exposition.scrape("").body(), StandardCharsets.UTF_8);
    exposition.close();
    Matcher samples = SAMPLE.matcher(text);
    while (samples.find()) {
      Set<String> labels = SCRAPED.computeIfAbsent(samples.group(1), first -> new HashSet<>());
      if (samples.group(2) != null) {
        Matcher label = LABEL.matcher(samples.group(2));
        while (label.find()) {
          labels.add(label.group(1));
        }
      }
    }
    for (String suffix : List.of("_count", "_sum", "_max")) {
      SCRAPED.put("jvm_gc_pause_seconds" + suffix, OF_GC);
    }
    SCRAPED.put("up", Set.of());
  }

  /** One series of each. */
  private static void all(Samples out) {
    Latencies once = new Latencies();
    once.record(1);
    for (Metric metric : Metric.values()) {
      String[] labels = Collections.nCopies(metric.labels().size(), "x").toArray(String[]::new);
      switch (metric.type()) {
        case COUNTER -> out.counter(metric, 1, labels);
        case GAUGE -> out.gauge(metric, 1, labels);
        case HISTOGRAM -> out.histogram(metric, once, labels);
        case INFO -> out.info(metric, labels);
      }
    }
  }

  private static void check(String where, String expression) {
    List<Promql.Selector> selectors = Promql.selectors(expression);
    assertFalse(selectors.isEmpty(), where + ": asks for nothing");
    for (Promql.Selector selector : selectors) {
      Set<String> there = SCRAPED.get(selector.metric());
      assertTrue(there != null, () -> where + ": there is no metric " + selector.metric());
      Set<String> missing = new TreeSet<>(selector.labels());
      missing.removeAll(there);
      missing.removeAll(OF_SCRAPES);
      assertEquals(
          Set.of(), missing, () -> where + ": labels that are not of " + selector.metric());
    }
  }

  @Test
  void alertsAskForWhatThereIs() throws IOException {
    String text = Files.readString(Path.of("monitoring/alerts.yml"));
    Matcher alerts =
        Pattern.compile(
                "^      - alert: (\\w+)\\n        expr: '(.*)'\\n        for: [0-9]+[smh]\\n"
                    + "        labels:\\n          severity: (?:critical|warning|info)\\n"
                    + "        annotations:\\n          summary: '(.*)'\\n"
                    + "          description: '.*'\\n",
                Pattern.MULTILINE)
            .matcher(text);
    Set<String> names = new HashSet<>();
    int end = text.indexOf("      - alert:");
    while (alerts.find()) {
      assertEquals(end, alerts.start(), "nothing is between two alerts");
      end = alerts.end();
      assertTrue(names.add(alerts.group(1)), alerts.group(1) + " is there twice");
      check(alerts.group(1), alerts.group(2));
    }
    assertEquals(text.length(), end, "all that is there was understood");
    assertTrue(names.size() > 20, () -> "only " + names);
  }

  @Test
  void theDashboardAsksForWhatThereIs() throws IOException {
    JsonNode dashboard =
        new ObjectMapper().readTree(Path.of("monitoring/grafana-dashboard.json").toFile());
    Set<Integer> ids = new HashSet<>();
    List<String> titles = new ArrayList<>();
    for (JsonNode panel : dashboard.get("panels")) {
      assertTrue(ids.add(panel.get("id").intValue()), "ids are unique");
      if (panel.get("type").textValue().equals("row")) {
        continue;
      }
      String title = panel.get("title").textValue();
      titles.add(title);
      assertTrue(panel.get("targets").size() > 0, title);
      for (JsonNode target : panel.get("targets")) {
        check(title, target.get("expr").textValue());
        Matcher label =
            Pattern.compile("\\{\\{(\\w+)}}").matcher(target.get("legendFormat").textValue());
        while (label.find()) {
          String named = label.group(1);
          assertTrue(
              Promql.selectors(target.get("expr").textValue()).stream()
                  .allMatch(each -> SCRAPED.get(each.metric()).contains(named)),
              title + ": " + named);
        }
      }
    }
    assertTrue(titles.size() > 25, () -> "only " + titles);
    for (JsonNode variable : dashboard.get("templating").get("list")) {
      if (variable.get("type").textValue().equals("query")) {
        String query = variable.get("query").get("query").textValue();
        Matcher values = Pattern.compile("label_values\\((\\w+), (\\w+)\\)").matcher(query);
        assertTrue(values.matches(), query);
        assertTrue(SCRAPED.get(values.group(1)).contains(values.group(2)), query);
      }
    }
  }

  @Test
  void everyMetricIsDocumentedAndNoOther() throws IOException {
    Map<String, Set<String>> documented = new TreeMap<>();
    Matcher rows = ROW.matcher(Files.readString(Path.of("docs/metrics.md")));
    while (rows.find()) {
      Set<String> labels = new TreeSet<>();
      Matcher label = Pattern.compile("`(\\w+)`").matcher(rows.group(3));
      while (label.find()) {
        labels.add(label.group(1));
      }
      assertTrue(documented.put(rows.group(1), labels) == null, rows.group(1) + " is there twice");
    }
    Map<String, Set<String>> scraped = new TreeMap<>();
    new HashMap<>(SCRAPED)
        .forEach(
            (series, labels) -> {
              Set<String> own = new TreeSet<>(labels);
              own.remove("gateway");
              own.remove("le");
              if (!series.equals("up")) {
                scraped.put(family(series), own);
              }
            });
    NOT_FROM_THE_BEGINNING.forEach(name -> assertTrue(scraped.containsKey(name), name));
    assertEquals(scraped, documented);
  }

  private static String family(String series) {
    for (String suffix : List.of("_bucket", "_count", "_sum", "_max")) {
      String base = series.substring(0, Math.max(0, series.length() - suffix.length()));
      boolean distribution =
          base.equals("jvm_gc_pause_seconds") || SCRAPED.containsKey(base + "_bucket");
      if (series.endsWith(suffix) && distribution) {
        return base;
      }
    }
    return series;
  }
}
