package io.moongate.measure;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often each of several things has happened, by its name. For what is rare: each is looked up.
 * Thread-safe.
 */
public final class Counts {
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

  /** One more; {@code name} is one of few. */
  public void add(String name) {
    counts.computeIfAbsent(name, absent -> new LongAdder()).increment();
  }

  /** What has happened so far, by name. */
  public Map<String, Long> read() {
    Map<String, Long> all = new TreeMap<>();
    counts.forEach((name, count) -> all.put(name, count.sum()));
    return all;
  }
}
