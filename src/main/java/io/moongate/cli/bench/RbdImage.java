package io.moongate.cli.bench;

import io.moongate.cli.demo.DemoCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
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
  public OptionalLong pid() {
    return OptionalLong.empty();
  }

  @Override
  public void fill() {
    client.number(command(Cell.Operation.WRITE, 1 << 20, 4, DemoCluster.LUN_SIZE), RATE);
  }

  @Override
  public double run(Cell cell, long operations) {
    return client.number(
        command(cell.operation(), cell.size(), cell.depth(), operations * cell.size()), RATE);
  }

  private List<String> command(Cell.Operation operation, int size, int depth, long total) {
    List<String> command = new ArrayList<>(images.rbd("bench"));
    command.addAll(List.of("--io-type", operation.toString()));
    command.addAll(List.of("--io-size", Integer.toString(size)));
    command.addAll(List.of("--io-threads", Integer.toString(depth)));
    command.addAll(List.of("--io-total", Long.toString(total)));
    command.addAll(List.of("--io-pattern", "seq", image));
    return command;
  }
}
