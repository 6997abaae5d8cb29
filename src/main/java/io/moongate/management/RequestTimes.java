package io.moongate.management;

import io.moongate.measure.Latencies;
import io.moongate.measure.SharedLatencies;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** How long requests to the HTTP API took, by what they were. Thread-safe. */
public final class RequestTimes {
  private static final int MOST_ROUTES = 200;
  private static final String OTHER = "other";

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

  void answered(String method, String path, int status, long tookNanos) {
    // What nobody has made a route for is not told apart: strangers choose it.
    String route = status == 404 || status == 405 ? OTHER : route(path);
    Answered key = new Answered(method, route, status);
    if (times.size() >= MOST_ROUTES && !times.containsKey(key)) {
      key = new Answered(OTHER, OTHER, status);
    }
    times.computeIfAbsent(key, first -> new SharedLatencies()).record(tookNanos);
  }

  /** Below {@code /api/v1} names of collections and of their members alternate. */
  static String route(String path) {
    String[] segments = path.split("/", -1);
    StringBuilder route = new StringBuilder();
    int below = path.startsWith("/api/v1/") ? 3 : Integer.MAX_VALUE;
    for (int i = 1; i < segments.length; i++) {
      if (!segments[i].isEmpty()) {
        boolean member = i > below && (i - below) % 2 == 1;
        route.append('/').append(member ? "{id}" : segments[i]);
      }
    }
    return route.toString();
  }

  /** What there is so far. */
  public Map<Answered, Latencies> read() {
    Map<Answered, Latencies> all = new TreeMap<>();
    times.forEach((answered, latencies) -> all.put(answered, latencies.read()));
    return all;
  }
}
