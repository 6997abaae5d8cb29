package io.moongate.multinode.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The metrics of one gateway at one moment, as it shows them to Prometheus. */
public final class Scrape {
  private static final Pattern SAMPLE =
      Pattern.compile("^([a-z_0-9]+)(?:\\{(.*)\\})? (\\S+)$", Pattern.MULTILINE);
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"([^\"]*)\"");

  private record Sample(String name, Map<String, String> labels, double value) {}

  private final String gateway;
  private final List<Sample> samples = new ArrayList<>();

  private Scrape(String gateway, String text) {
    this.gateway = gateway;
    Matcher lines = SAMPLE.matcher(text);
    while (lines.find()) {
      Map<String, String> labels = new HashMap<>();
      if (lines.group(2) != null) {
        Matcher label = LABEL.matcher(lines.group(2));
        while (label.find()) {
          labels.put(label.group(1), label.group(2));
        }
      }
      samples.add(new Sample(lines.group(1), labels, number(lines.group(3))));
    }
  }

  private static double number(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  /** Asks a gateway. */
  public static Scrape of(TestGateway gateway) {
    HttpResponse<String> page = get(gateway, "/metrics");
    if (page.statusCode() != 200) {
      throw new AssertionError(gateway + " answered " + page.statusCode() + ": " + page.body());
    }
    return new Scrape(gateway.name(), page.body());
  }

  /** The status of a path of a gateway's HTTP server. */
  public static int status(TestGateway gateway, String path) {
    return get(gateway, path).statusCode();
  }

  private static HttpResponse<String> get(TestGateway gateway, String path) {
    try {
      return gateway.api().ask(path);
    } catch (ApiClient.ApiException e) {
      throw new AssertionError(gateway + " did not answer " + path, e);
    }
  }

  /** The sum of all series of a name that have these labels, with others beside them. */
  public double sum(String name, Map<String, String> labels) {
    return samples.stream()
        .filter(sample -> sample.name().equals(name))
        .filter(sample -> sample.labels().entrySet().containsAll(labels.entrySet()))
        .mapToDouble(Sample::value)
        .sum();
  }

  /** The value of the only series of a name, or of the one that has this label. */
  public double value(String name, String... label) {
    List<Sample> found =
        samples.stream()
            .filter(sample -> sample.name().equals(name))
            .filter(sample -> label.length == 0 || label[1].equals(sample.labels().get(label[0])))
            .toList();
    if (found.size() != 1) {
      throw new AssertionError(
          "%s has %d series %s %s".formatted(gateway, found.size(), name, List.of(label)));
    }
    return found.get(0).value();
  }

  /** Names of the metrics, of distributions without what is appended for their parts. */
  public Set<String> families() {
    Set<String> names = new TreeSet<>();
    for (Sample sample : samples) {
      names.add(sample.name());
      names.add(sample.name().replaceAll("_(bucket|count|sum|max)$", ""));
    }
    return names;
  }

  /** The metrics that {@code docs/metrics.md} names. */
  public static Set<String> documented() {
    try {
      Matcher rows =
          Pattern.compile(
                  "^\\| `([a-z_0-9]+)` \\| (?:counter|gauge|histogram|info|summary) \\|",
                  Pattern.MULTILINE)
              .matcher(Files.readString(Path.of("docs/metrics.md")));
      Set<String> names = new TreeSet<>();
      while (rows.find()) {
        names.add(rows.group(1));
      }
      return names;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
