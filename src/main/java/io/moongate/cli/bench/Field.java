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
import java.util.Optional;

/** Who takes part: the gateway of a cluster that runs, and those who are started here for it. */
final class Field implements AutoCloseable {

  private final List<Contestant> contestants = new ArrayList<>();
  private final Client client;
  private final Optional<CephImages> images;
  private Optional<Tgt> tgt = Optional.empty();

  /**
   * @param withTgt whether tgt takes part
   */
  Field(DemoCluster cluster, DemoDirectory directory, DemoStore store, boolean withTgt) {
    this.client = new Client(cluster.children());
    this.images = store.ceph().map(ceph -> new CephImages(ceph, directory.root(), client));
    boolean spread = images.isPresent();
    GatewayProcess gateway = cluster.gateways().get(0);
    String url = "iscsi://" + gateway.portal() + "/" + DemoCluster.TARGET + "/0";
    contestants.add(new IscsiDisk("moongate", gateway.child().pid(), url, spread, client));
    try {
      if (withTgt) {
        Tgt started = startTgt(cluster, directory);
        contestants.add(new IscsiDisk("tgt", started.pid(), started.url(), spread, client));
      }
      images.ifPresent(made -> contestants.add(new RbdImage(made, made.create("librbd"), client)));
    } catch (DemoException e) {
      close();
      throw e;
    }
  }

  /** The gateway first. */
  List<Contestant> contestants() {
    return contestants;
  }

  private Tgt startTgt(DemoCluster cluster, DemoDirectory directory) {
    String type = images.isPresent() ? "rbd" : "rdwr";
    String disk =
        images
            .map(made -> made.create("tgt"))
            .orElseGet(() -> file(directory.volumes().resolve("bench-tgt")));
    String options = images.map(CephImages::tgtOptions).orElse("");
    Tgt started = new Tgt(cluster.children(), client, directory.log("tgtd"), type, disk, options);
    tgt = Optional.of(started);
    started.export();
    return started;
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
    tgt.ifPresent(Tgt::stop);
    List<String> left = images.map(CephImages::remove).orElse(List.of());
    if (!left.isEmpty()) {
      throw new DemoException("these images are left: " + String.join(", ", left));
    }
  }
}
