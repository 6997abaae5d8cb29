package io.moongate.multinode.harness.net;

import io.moongate.cli.demo.HostProcesses.CassandraAddress;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.Site;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.volume.rbd.CephCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * A test cluster on a {@link Network}: {@code cassandra} on 10.77.0.20, {@code gw1} on 10.77.0.11,
 * {@code gw2} on 10.77.0.12 and so on, the hosts on 10.77.0.1. Or Cassandra has a node on the host
 * of each gateway.
 */
public final class NetworkedCluster implements AutoCloseable {
  /**
   * Leases and detection as the product has them by default, where the demo, for a busy machine,
   * has longer ones. So times mean something, and now and then a gateway is expelled that only got
   * no turn.
   */
  public static final String PRODUCT_DEFAULTS =
      """
      pekko.cluster.failure-detector.acceptable-heartbeat-pause = 1 s
      moongate.lease.length = 3 s
      datastax-java-driver.advanced.heartbeat { interval = 1 s, timeout = 1 s }
      """;

  // The API has no authentication; on this network there is nobody else.
  private static final String REMOTE_API = "\nmoongate.management.allow-remote = true\n";

  private static final String CASSANDRA = "cassandra";

  private final Network network;
  private final TestCluster cluster;
  private final Optional<Disk> disk;
  private final Optional<Disk> cassandraDisk;
  private boolean onCeph;

  private NetworkedCluster(
      Network network, TestCluster cluster, Optional<Disk> disk, Optional<Disk> cassandraDisk) {
    this.network = network;
    this.cluster = cluster;
    this.disk = disk;
    this.cassandraDisk = cassandraDisk;
  }

  /**
   * Starts one with nothing in it.
   *
   * @param name of its directory
   * @param more settings (HOCON) of its gateways
   * @param diskSize bytes of the disk for its volumes, if they are to have one of their own
   */
  public static NetworkedCluster start(
      String name, int gateways, String more, Optional<Long> diskSize) {
    return start(name, gateways, () -> more, diskSize, Optional.empty(), false, false);
  }

  /** The same whose portals have addresses of their own: 10.77.0.111, 10.77.0.112 and so on. */
  public static NetworkedCluster startWithPortals(String name, int gateways, String more) {
    return start(name, gateways, () -> more, Optional.empty(), Optional.empty(), true, false);
  }

  /** The same with a node of Cassandra, {@code cassandraN}, on the host of each gateway. */
  public static NetworkedCluster startWithCassandraEach(String name, int gateways, String more) {
    return start(name, gateways, () -> more, Optional.empty(), Optional.empty(), false, true);
  }

  /** The same whose Cassandra has a disk of its own, of so many bytes. */
  public static NetworkedCluster startWithCassandraOnDisk(
      String name, int gateways, String more, long diskSize) {
    return start(name, gateways, () -> more, Optional.empty(), Optional.of(diskSize), false, false);
  }

  /** The same on a real Ceph, at 10.77.0.30. */
  public static NetworkedCluster startOnCeph(String name, int gateways, String more) {
    NetworkedCluster networked =
        start(
            name,
            gateways,
            () -> {
              try {
                return more + CephCluster.on(Network.STORE_ADDRESS).newPool().configuration();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            Optional.empty(),
            Optional.empty(),
            false,
            false);
    networked.onCeph = true;
    return networked;
  }

  private static NetworkedCluster start(
      String name,
      int gateways,
      Supplier<String> more,
      Optional<Long> diskSize,
      Optional<Long> cassandraDiskSize,
      boolean ownPortals,
      boolean cassandraEach) {
    Installation installation = Installation.find();
    Path directory = installation.output().resolve(name);
    Map<String, String> addresses = new TreeMap<>();
    Map<String, String> portals = new TreeMap<>();
    List<String> hosts = new ArrayList<>();
    for (int index = 1; index <= gateways; index++) {
      hosts.add("10.77.0." + (10 + index));
      addresses.put("gw" + index, hosts.get(index - 1));
      if (ownPortals) {
        portals.put("gw" + index, "10.77.0." + (110 + index));
      }
    }
    if (!cassandraEach) {
      addresses.put(CASSANDRA, "10.77.0.20");
    }
    Network network = Network.create(addresses, portals);
    Optional<Disk> disk = Optional.empty();
    Optional<Disk> cassandraDisk = Optional.empty();
    try {
      disk = diskSize.map(size -> Disk.create(installation.output().resolve(name + "-disk"), size));
      cassandraDisk =
          cassandraDiskSize.map(
              size -> Disk.create(installation.output().resolve(name + "-cassandra-disk"), size));
      String volumes =
          disk.map(d -> "moongate.volume.file.directory = \"" + d.volumes() + "\"\n").orElse("");
      Site site =
          new Site(
                  hosts,
                  ownPortals ? List.copyOf(portals.values()) : hosts,
                  (cassandraEach ? hosts : List.of(addresses.get(CASSANDRA)))
                      .stream().map(CassandraAddress::on).toList(),
                  process -> network.place(cassandraEach ? hostOf(process) : process),
                  REMOTE_API + more.get() + volumes)
              .withCassandraIn(cassandraDisk.map(Disk::directory));
      return new NetworkedCluster(
          network, TestCluster.start(installation, directory, site), disk, cassandraDisk);
    } catch (RuntimeException | Error e) {
      disk.ifPresent(Disk::close);
      cassandraDisk.ifPresent(Disk::close);
      network.close();
      throw e;
    }
  }

  /** The name of the gateway on whose host a process runs, where each has a Cassandra beside it. */
  private static String hostOf(String process) {
    return process.replace(CASSANDRA, "gw");
  }

  public Network network() {
    return network;
  }

  public TestCluster cluster() {
    return cluster;
  }

  /** The disk of the volumes, when they have one of their own. */
  public Optional<Disk> disk() {
    return disk;
  }

  /** The disk of Cassandra, when it has one of its own. */
  public Optional<Disk> cassandraDisk() {
    return cassandraDisk;
  }

  /** Kind of the store that units are to be in: {@code rbd} on a Ceph, else {@code file}. */
  public String store() {
    return onCeph ? "rbd" : "file";
  }

  /** Ends every fault that there can be, starts what does not run, and waits until all is whole. */
  public void heal() {
    network.mend();
    disk.ifPresent(
        d -> {
          d.thaw();
          d.empty();
        });
    cassandraDisk.ifPresent(Disk::empty);
    cluster.heal();
  }

  /** Kills whatever runs and removes the network. */
  @Override
  public void close() {
    try {
      cluster.close();
    } finally {
      disk.ifPresent(Disk::close);
      cassandraDisk.ifPresent(Disk::close);
      network.close();
    }
  }
}
