package io.moongate.management;

import io.moongate.measure.Latencies;
import io.moongate.measure.SharedLatencies;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** How long requests to the HTTP API took, by what they were. Thread-safe. */
public final class RequestTimes {
  private static final int MOST_ROUTES = 200;
  static final String OTHER = "other";

  private final Map<Answered, SharedLatencies> times = new ConcurrentHashMap<>();

  /**
   * Requests that are counted together.
   *
   * @param route the path, with {@code {id}} for what names one of several
   * @param status of the answer
   */
  public record Answered(String method, String route, int status) implements Comparable<Answered> {
    @Override
    public int compareTo(Answered other) {
      return toString().compareTo(other.toString());
    }
  }

  /**
   * A request was answered.
   *
   * @param route the resource as a pattern; {@link #OTHER} for what there is none for: strangers
   *     choose that
   */
  void answered(String method, String route, int status, long tookNanos) {
    Answered key = new Answered(method, route, status);
    if (times.size() >= MOST_ROUTES && !times.containsKey(key)) {
      key = new Answered(OTHER, OTHER, status);
    }
    times.computeIfAbsent(key, first -> new SharedLatencies()).record(tookNanos);
  }

  /** What there is so far. */
  public Map<Answered, Latencies> read() {
    Map<Answered, Latencies> all = new TreeMap<>();
    times.forEach((answered, latencies) -> all.put(answered, latencies.read()));
    return all;
  }
}
