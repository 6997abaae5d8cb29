package io.moongate.cli.bench;

import io.moongate.cli.bench.load.Job;
import io.moongate.cli.bench.load.LatencyRecord;
import io.moongate.cli.bench.load.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One contestant under a part of the load that it can take, in turns with others. */
final class SteadyLoad {
  private final String name;
  private final IscsiDisk.Way way;
  private final Job.Shape shape;
  private final LoadClient client;
  private final Optional<GcLog> collections;
  private final LatencyRecord latencies = new LatencyRecord();
  private final List<Double> memory = new ArrayList<>();
  private double most;
  private double rate;
  private double seconds;
  private long repeated;
  private GcLog.Pauses pauses = GcLog.Pauses.NONE;

  /**
   * What came of it.
   *
   * @param most operations a second that it could do
   * @param rate that were asked of it
   * @param micros latencies in microseconds
   * @param pauses for collections; null where it is no JVM
   * @param memory MiB that its processes had, before the first turn and after each
   */
  record Result(
      String name,
      double most,
      double rate,
      double done,
      long operations,
      long repeated,
      Micros micros,
      GcLog.Pauses pauses,
      List<Double> memory) {}

  /** Percentiles, and the longest. */
  record Micros(double p50, double p99, double p999, double most) {}

  /**
   * @param collections of the process that serves; empty where it is no JVM
   */
  SteadyLoad(
      String name,
      IscsiDisk.Way way,
      Job.Shape shape,
      LoadClient client,
      Optional<GcLog> collections) {
    this.name = name;
    this.way = way;
    this.shape = shape;
    this.client = client;
    this.collections = collections;
  }

  String name() {
    return name;
  }

  Job.Shape shape() {
    return shape;
  }

  /** Asks as much as it can do, for so many seconds, and gives operations a second. */
  double probe(double time) {
    return run(new Job.Extent(0, time, 0)).rate();
  }

  /** Says what it can do and what is asked of it from now on, in operations a second. */
  void steady(double found, double wanted) {
    most = found;
    rate = Math.max(1, wanted);
    collections.ifPresent(GcLog::next);
    memory.add(resident());
  }

  /** Asks that for so many seconds. */
  void turn(double time) {
    collections.ifPresent(GcLog::next);
    Outcome outcome = run(new Job.Extent(0, time, rate));
    collections.ifPresent(log -> pauses = pauses.and(log.next()));
    latencies.add(LatencyRecord.decode(outcome.latencies()));
    repeated += outcome.repeated();
    seconds += outcome.seconds();
    memory.add(resident());
  }

  private Outcome run(Job.Extent extent) {
    return client.run(new Job(way.place(), shape, extent, false));
  }

  private double resident() {
    return way.pids().stream().mapToDouble(ResidentMemory::mebibytes).sum();
  }

  Result result() {
    return new Result(
        name,
        most,
        rate,
        seconds > 0 ? latencies.count() / seconds : 0,
        latencies.count(),
        repeated,
        new Micros(
            latencies.micros(50),
            latencies.micros(99),
            latencies.micros(99.9),
            latencies.mostMicros()),
        collections.isPresent() ? pauses : null,
        memory);
  }
}
