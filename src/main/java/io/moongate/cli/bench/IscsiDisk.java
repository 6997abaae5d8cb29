package io.moongate.cli.bench;

import io.moongate.cli.demo.DemoCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** A LUN, by {@code qemu-img bench} over iSCSI. */
final class IscsiDisk implements Contestant {

  /** Digits enough for a run of seconds: it writes milliseconds. */
  private static final Pattern SECONDS = Pattern.compile("completed in ([0-9.]+) seconds");

  private static final int FILL = 1 << 20;

  private final String name;
  private final long pid;
  private final String url;
  private final boolean spread;
  private final Client client;

  /**
   * @param spread whether each operation is on another object of 4 MiB than the one before, as
   *     where the blocks are spread over servers; else they follow one another
   */
  IscsiDisk(String name, long pid, String url, boolean spread, Client client) {
    this.name = name;
    this.pid = pid;
    this.url = url;
    this.spread = spread;
    this.client = client;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public OptionalLong pid() {
    return OptionalLong.of(pid);
  }

  @Override
  public void fill() {
    client.run(command(new Cell(Cell.Operation.WRITE, FILL, 4), DemoCluster.LUN_SIZE / FILL, FILL));
  }

  @Override
  public double run(Cell cell, long operations) {
    int step = cell.size() + (spread ? 4 << 20 : 0);
    double seconds = client.number(command(cell, operations, step), SECONDS);
    return operations / seconds;
  }

  private List<String> command(Cell cell, long operations, int step) {
    List<String> command =
        new ArrayList<>(List.of("qemu-img", "bench", "-t", "none", "-f", "raw", "-n"));
    command.addAll(List.of("-c", Long.toString(operations), "-d", Integer.toString(cell.depth())));
    command.addAll(List.of("-s", Integer.toString(cell.size()), "-S", Integer.toString(step)));
    if (cell.operation() == Cell.Operation.WRITE) {
      command.add("-w");
    }
    command.add(url);
    return command;
  }
}
