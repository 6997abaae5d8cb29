package io.moongate.cli.bench;

import io.moongate.cli.demo.DemoCluster;
import io.moongate.cli.demo.DemoDirectory;
import io.moongate.cli.demo.DemoException;
import io.moongate.cli.demo.DemoStore;
import io.moongate.cli.demo.GatewayProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Who takes part: the gateway of a cluster that runs, and those who are started here for it. */
final class Field implements AutoCloseable {

  /** Who can be compared with. */
  enum Other {
    NONE,
    TGT,
    FLOOR;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The name of the gateway. */
  static final String GATEWAY = "moongate";

  private final DemoCluster cluster;
  private final List<IscsiDisk> disks = new ArrayList<>();
  private final List<Contestant> contestants = new ArrayList<>();
  private final Clients clients;
  private final Optional<CephImages> images;

  /** That which owns the LUN first. */
  private final List<GatewayProcess> gateways;

  private Optional<Tgt> tgt = Optional.empty();
  private Optional<Floor> floor = Optional.empty();

  /**
   * @param generator whether some cells are the load generator's
   */
  Field(
      DemoCluster cluster,
      DemoDirectory directory,
      DemoStore store,
      Set<Other> others,
      Clients.Choice choice,
      boolean generator) {
    this.cluster = cluster;
    Client tools = new Client(cluster.children());
    this.images = store.ceph().map(ceph -> new CephImages(ceph, directory.root(), tools));
    boolean spread = images.isPresent();
    this.gateways = cluster.byPath(0);
    this.clients =
        new Clients(
            choice, tools, generator ? Optional.of(LoadClient.start(cluster)) : Optional.empty());
    disks.add(new IscsiDisk(GATEWAY, this::way, spread, clients));
    try {
      if (others.contains(Other.TGT)) {
        IscsiDisk.Way way = startTgt(directory);
        disks.add(new IscsiDisk("tgt", path -> way, spread, clients));
      }
      contestants.addAll(disks);
      if (others.contains(Other.FLOOR)) {
        Floor started = new Floor(cluster, directory.log("echo"), clients.load().orElseThrow());
        floor = Optional.of(started);
        contestants.add(started);
      }
      images.ifPresent(made -> contestants.add(new RbdImage(made, made.create("librbd"), tools)));
    } catch (DemoException e) {
      close();
      throw e;
    }
  }

  /** The gateway first. */
  List<Contestant> contestants() {
    return contestants;
  }

  /** Those that are LUNs over iSCSI, the gateway's first. */
  List<IscsiDisk> disks() {
    return disks;
  }

  /** The load generator; empty where nobody needs it. */
  Optional<LoadClient> load() {
    return clients.load();
  }

  /** How the LUN is reached; relaying is work of both gateways. */
  private IscsiDisk.Way way(Cell.Path path) {
    GatewayProcess owner = gateways.get(0);
    GatewayProcess asked = path == Cell.Path.AO ? owner : gateways.get(1);
    List<Long> pids =
        asked == owner
            ? List.of(owner.child().pid())
            : List.of(asked.child().pid(), owner.child().pid());
    return new IscsiDisk.Way(asked.portal(), DemoCluster.TARGET, 0, pids);
  }

  /**
   * What was measured was what is said only if nobody else has become the owner meanwhile.
   *
   * @throws DemoException if somebody has
   */
  void requireUnmoved() {
    if (gateways.size() > 1 && !cluster.byPath(0).equals(gateways)) {
      throw new DemoException(
          "the LUN has another owner than %s now".formatted(gateways.get(0).name()));
    }
  }

  private IscsiDisk.Way startTgt(DemoDirectory directory) {
    String type = images.isPresent() ? "rbd" : "rdwr";
    String disk =
        images
            .map(made -> made.create("tgt"))
            .orElseGet(() -> file(directory.volumes().resolve("bench-tgt")));
    String options = images.map(CephImages::tgtOptions).orElse("");
    Tgt started =
        new Tgt(cluster.children(), clients.tools(), directory.log("tgtd"), type, disk, options);
    tgt = Optional.of(started);
    started.export();
    return started.way();
  }

  private static String file(Path path) {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(DemoCluster.LUN_SIZE);
      return path.toString();
    } catch (IOException e) {
      throw new DemoException("can't make %s: %s".formatted(path, e), e);
    }
  }

  /**
   * Ends what was started for it.
   *
   * @throws DemoException naming the images that are left
   */
  @Override
  public void close() {
    clients.load().ifPresent(LoadClient::close);
    floor.ifPresent(Floor::close);
    tgt.ifPresent(Tgt::stop);
    List<String> left = images.map(CephImages::remove).orElse(List.of());
    if (!left.isEmpty()) {
      throw new DemoException("these images are left: " + String.join(", ", left));
    }
  }
}
