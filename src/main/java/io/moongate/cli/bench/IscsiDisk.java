package io.moongate.cli.bench;

import io.moongate.cli.bench.load.AccessPattern;
import io.moongate.cli.bench.load.Job;
import io.moongate.cli.bench.load.Operation;
import io.moongate.cli.demo.DemoCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/** A LUN over iSCSI, by {@code qemu-img bench} or by the load generator. */
final class IscsiDisk implements Contestant {

  /** Digits enough for a run of seconds: it writes milliseconds. */
  private static final Pattern SECONDS = Pattern.compile("completed in ([0-9.]+) seconds");

  private static final int FILL = 1 << 20;
  private static final long SPREAD = 4 << 20;

  /**
   * By what path, and who serves it.
   *
   * @param portal {@code address:port}
   */
  record Way(String portal, String target, int lun, List<Long> pids) {
    String url() {
      return "iscsi://%s/%s/%d".formatted(portal, target, lun);
    }

    Job.Place place() {
      int colon = portal.lastIndexOf(':');
      return new Job.Place(
          Job.Protocol.ISCSI,
          portal.substring(0, colon),
          Integer.parseInt(portal.substring(colon + 1)),
          target,
          lun);
    }
  }

  private final String name;
  private final Function<Cell.Path, Way> ways;
  private final boolean spread;
  private final Clients clients;

  /**
   * @param spread whether each operation is on another object of 4 MiB than the one before, as
   *     where the blocks are spread over servers; else they follow one another
   */
  IscsiDisk(String name, Function<Cell.Path, Way> ways, boolean spread, Clients clients) {
    this.name = name;
    this.ways = ways;
    this.spread = spread;
    this.clients = clients;
  }

  @Override
  public String name() {
    return name;
  }

  /** How it is reached. */
  Way way(Cell.Path path) {
    return ways.apply(path);
  }

  @Override
  public List<Long> pids(Cell cell) {
    return way(cell.path()).pids();
  }

  @Override
  public void fill() {
    run(
        new Cell(Operation.WRITE, FILL, 4),
        DemoCluster.LUN_SIZE / FILL,
        0,
        clients.load().isPresent());
  }

  @Override
  public double run(Cell cell, long operations) {
    return run(cell, operations, spread ? SPREAD : 0, clients.own(cell));
  }

  private double run(Cell cell, long operations, long step, boolean own) {
    Way way = ways.apply(cell.path());
    if (own) {
      return clients.load().orElseThrow().run(job(way.place(), cell, operations, step)).rate();
    }
    return operations / clients.tools().number(command(way.url(), cell, operations, step), SECONDS);
  }

  static Job job(Job.Place place, Cell cell, long operations, long step) {
    return new Job(
        place,
        new Job.Shape(
            cell.operation(),
            cell.pattern(),
            cell.size(),
            cell.depth(),
            cell.sessions(),
            cell.digests(),
            cell.pattern() == AccessPattern.SEQUENTIAL ? step : 0),
        Job.Extent.count(operations),
        false);
  }

  private static List<String> command(String url, Cell cell, long operations, long step) {
    List<String> command =
        new ArrayList<>(List.of("qemu-img", "bench", "-t", "none", "-f", "raw", "-n"));
    command.addAll(List.of("-c", Long.toString(operations), "-d", Integer.toString(cell.depth())));
    command.addAll(
        List.of("-s", Integer.toString(cell.size()), "-S", Long.toString(cell.size() + step)));
    if (cell.operation() == Operation.WRITE) {
      command.add("-w");
    }
    command.add(url);
    return command;
  }
}
