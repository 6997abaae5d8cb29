package io.moongate.cluster.ownership;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * How much is asked of each logical unit, in operations a second as its owner counts them, averaged
 * over a while: the units of this gateway as it measures them, the others as they were told. It
 * goes with the unit when that moves, for its next owner carries on with what it was told.
 * Thread-safe.
 */
public final class UnitLoads implements Loads {

  /** After which what nobody has said again counts no more. */
  private static final long KEPT_NANOS = Duration.ofMinutes(1).toNanos();

  /** In which a gateway that is well speaks, whatever it has to say. */
  private static final long SILENCE_NANOS = Duration.ofSeconds(20).toNanos();

  /** Less, in operations a second, is nothing. */
  private static final double LEAST = 0.5;

  private record Told(double load, long at) {}

  private record Sample(double work, long at) {}

  private final String self;
  private final double windowNanos;
  private final LongSupplier nanoTime;
  private final Map<String, Told> loads = new ConcurrentHashMap<>();

  /** When each of the other gateways has spoken last. */
  private final Map<String, Long> heard = new ConcurrentHashMap<>();

  /** Of the units that this gateway serves, at the last measurement. */
  private Map<String, Sample> samples = Map.of();

  /**
   * @param self this gateway
   * @param window over which loads are averaged: what has just begun counts for two thirds after
   *     that time, and what has ended for a third
   */
  public UnitLoads(String self, Duration window, LongSupplier nanoTime) {
    this.self = self;
    this.windowNanos = window.toNanos();
    this.nanoTime = nanoTime;
  }

  @Override
  public double of(String unitId) {
    Told told = loads.get(unitId);
    return told == null || isOld(told.at(), KEPT_NANOS) ? 0 : told.load();
  }

  @Override
  public boolean knownOf(Set<String> gateways) {
    return gateways.stream()
        .allMatch(
            gateway -> {
              Long last = heard.get(gateway);
              return gateway.equals(self) || (last != null && !isOld(last, SILENCE_NANOS));
            });
  }

  private boolean isOld(long at, long nanos) {
    return nanoTime.getAsLong() - at > nanos;
  }

  /** What another gateway says of units that it serves. */
  synchronized void told(String gateway, Map<String, Double> others) {
    long now = nanoTime.getAsLong();
    heard.put(gateway, now);
    others.forEach(
        (unit, load) -> {
          if (!samples.containsKey(unit)) { // Of those here nobody knows better.
            put(unit, load, now);
          }
        });
  }

  /** What another gateway has heard of units, which this one may not have. */
  synchronized void remembered(Map<String, Double> all) {
    long now = nanoTime.getAsLong();
    all.forEach((unit, load) -> loads.putIfAbsent(unit, new Told(load, now)));
  }

  private void put(String unit, double load, long now) {
    if (load < LEAST) {
      loads.remove(unit);
    } else {
      loads.put(unit, new Told(load, now));
    }
  }

  /** All that are known. */
  Map<String, Double> all() {
    Map<String, Double> all = new HashMap<>();
    loads.forEach((unit, told) -> all.put(unit, told.load()));
    return all;
  }

  /**
   * Measures the units that this gateway serves.
   *
   * @param work by unit, what has been done so far
   * @return the loads of those that have any, or had at the last measurement
   */
  synchronized Map<String, Double> measure(Map<String, Double> work) {
    long now = nanoTime.getAsLong();
    Map<String, Sample> measured = new HashMap<>();
    Map<String, Double> own = new HashMap<>();
    work.forEach(
        (unit, done) -> {
          double before = of(unit);
          double load = average(before, samples.get(unit), done, now);
          measured.put(unit, new Sample(done, now));
          put(unit, load, now);
          if (load >= LEAST || before > 0) {
            own.put(unit, load);
          }
        });
    samples = measured;
    loads.values().removeIf(told -> now - told.at() > KEPT_NANOS);
    return own;
  }

  private double average(double load, Sample before, double done, long now) {
    if (before == null || done < before.work() || now <= before.at()) {
      return load; // Not served before, or counted anew.
    }
    long passed = now - before.at();
    double rate = (done - before.work()) * Duration.ofSeconds(1).toNanos() / passed;
    double weight = Math.exp(-passed / windowNanos);
    return load * weight + rate * (1 - weight);
  }
}
