package io.moongate.cli.bench;

import io.moongate.cli.bench.load.AccessPattern;
import io.moongate.cli.bench.load.Operation;
import io.moongate.cli.demo.DemoCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** An image without any gateway, by {@code rbd bench}: what the store itself can do. */
final class RbdImage implements Contestant {

  private static final Pattern RATE = Pattern.compile("ops/sec: *([0-9.]+)");

  private final CephImages images;
  private final String image;
  private final Client client;

  RbdImage(CephImages images, String image, Client client) {
    this.images = images;
    this.image = image;
    this.client = client;
  }

  @Override
  public String name() {
    return "librbd";
  }

  /** The server of an image is the client's own process. */
  @Override
  public List<Long> pids(Cell cell) {
    return List.of();
  }

  @Override
  public void fill() {
    Cell cell = new Cell(Operation.WRITE, 1 << 20, 4);
    client.number(command(cell, DemoCluster.LUN_SIZE), RATE);
  }

  @Override
  public double run(Cell cell, long operations) {
    return client.number(command(cell, operations * cell.size()), RATE);
  }

  /** All that several sessions have under way comes from one here. */
  private List<String> command(Cell cell, long total) {
    List<String> command = new ArrayList<>(images.rbd("bench"));
    boolean mixed = cell.operation() == Operation.MIXED;
    command.addAll(List.of("--io-type", mixed ? "rw" : cell.operation().toString()));
    if (mixed) {
      command.addAll(List.of("--rw-mix-read", "70"));
    }
    command.addAll(List.of("--io-size", Integer.toString(cell.size())));
    command.addAll(List.of("--io-threads", Integer.toString(cell.depth() * cell.sessions())));
    command.addAll(List.of("--io-total", Long.toString(total)));
    boolean random = cell.pattern() == AccessPattern.RANDOM;
    command.addAll(List.of("--io-pattern", random ? "rand" : "seq", image));
    return command;
  }
}
