package io.moongate.volume.rbd;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real Ceph on one address, usually 127.0.0.1: a monitor and servers of objects that keep them in
 * memory, with authentication, in a directory of its own. One for all tests of a process, ended
 * with it.
 */
public final class CephCluster {
  /** Of whoever uses the cluster of all tests beside others, by JUnit's locks. */
  public static final String LOCK = "moongate.ceph";

  /** Whose capabilities are those that a gateway needs, and no others. */
  static final String USER = "gateway";

  /** Several, so that they learn of a map at different times. */
  private static final int OSDS = 3;

  private static final Duration BOUND = Duration.ofSeconds(60);

  private static CephCluster shared;
  private static Throwable failure;

  /**
   * Starts the daemons, and lives as long as this process: the kernel kills them when the thread
   * that started them ends.
   */
  private static final ExecutorService STARTER =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "ceph-starter");
            thread.setDaemon(true);
            return thread;
          });

  private final String address;
  private final Path directory;
  private final Path conf;
  private final int monitorPort;
  private Process monitor;
  private Process manager;
  private final List<Process> osds = new ArrayList<>();
  private int pools;

  private CephCluster(String address, Path directory, int monitorPort) {
    this.address = address;
    this.directory = directory;
    this.conf = directory.resolve("ceph.conf");
    this.monitorPort = monitorPort;
  }

  /** The cluster of this process, started when it is not. */
  public static synchronized CephCluster shared() {
    if (failure != null) {
      throw new AssertionError("Ceph could not be started", failure);
    }
    if (shared == null) {
      try {
        shared = on("127.0.0.1");
      } catch (IOException | RuntimeException | Error e) {
        failure = e;
        throw new AssertionError("Ceph could not be started", e);
      }
    }
    return shared;
  }

  /** Another one, on an address of this host; ended with the process too. */
  public static CephCluster on(String address) throws IOException {
    requireTools();
    CephCluster cluster =
        new CephCluster(address, Files.createTempDirectory("moongate-ceph-"), freePort());
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::stop, "ceph-stop"));
    cluster.start();
    return cluster;
  }

  private static void requireTools() {
    List<String[]> tools =
        List.of(
            new String[] {"ceph-mon", "ceph-mon"},
            new String[] {"ceph-osd", "ceph-osd"},
            new String[] {"ceph", "ceph-common"},
            new String[] {"rbd", "ceph-common"},
            new String[] {"ceph-authtool", "ceph-common"},
            new String[] {"monmaptool", "ceph-base"},
            new String[] {"setpriv", "util-linux"});
    for (String[] tool : tools) {
      boolean there =
          Stream.of(System.getenv("PATH").split(":"))
              .anyMatch(at -> Files.isExecutable(Path.of(at, tool[0])));
      if (!there) {
        throw new AssertionError(
            "%s is missing; install the package %s (Debian's name)".formatted(tool[0], tool[1]));
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void start() throws IOException {
    long began = System.nanoTime();
    UUID cluster = UUID.randomUUID();
    Files.writeString(conf, configuration(cluster));
    Path keyring = directory.resolve("keyring");
    authorise(keyring, "mon.", "mon", "allow *");
    authorise(keyring, "client.admin", "mon", "allow *", "osd", "allow *", "mgr", "allow *");
    for (int osd = 0; osd < OSDS; osd++) {
      authorise(keyring, "osd." + osd, "mon", "allow profile osd", "osd", "allow *");
    }
    Path map = directory.resolve("monmap");
    run(
        "monmaptool",
        "--create",
        "--fsid",
        cluster.toString(),
        "--addv",
        "a",
        "[v2:%s:%d]".formatted(address, monitorPort),
        "--set-min-mon-release",
        "pacific",
        map.toString());
    run(
        "ceph-mon",
        "-c",
        conf.toString(),
        "-i",
        "a",
        "--mkfs",
        "--monmap",
        map.toString(),
        "--keyring",
        keyring.toString());
    monitor = daemon("ceph-mon", "-c", conf.toString(), "-i", "a", "-f");
    ceph("-s");
    for (int osd = 0; osd < OSDS; osd++) {
      String number = Integer.toString(osd);
      String id = UUID.randomUUID().toString();
      Files.createDirectories(directory.resolve("osd." + osd));
      ceph("osd", "new", id, number);
      run("ceph-osd", "-c", conf.toString(), "-i", number, "--mkfs", "--osd-uuid", id);
    }
    startOsds();
    System.out.printf("ceph is up after %d ms%n", (System.nanoTime() - began) / 1_000_000);
  }

  private void authorise(Path keyring, String name, String... capabilities) {
    List<String> command = new ArrayList<>(List.of("ceph-authtool", keyring.toString()));
    if (!Files.exists(keyring)) {
      command.add("-C");
    }
    command.addAll(List.of("--gen-key", "-n", name));
    for (int i = 0; i < capabilities.length; i += 2) {
      command.addAll(List.of("--cap", capabilities[i], capabilities[i + 1]));
    }
    run(command.toArray(String[]::new));
  }

  /**
   * One copy of each object; and no test waits for Paxos longer than it has to. Objects of a pool
   * that was deleted are removed without the pauses that disks are granted: with them the servers
   * are full of the pools of former tests.
   */
  private String configuration(UUID cluster) {
    return """
        [global]
        fsid = %1$s
        mon_host = [v2:%4$s:%2$d]
        public_addr = %4$s
        cluster_addr = %4$s
        ms_bind_ipv6 = false
        ms_bind_msgr1 = false
        auth_cluster_required = cephx
        auth_service_required = cephx
        auth_client_required = cephx
        auth_allow_insecure_global_id_reclaim = false
        keyring = %3$s/keyring
        run_dir = %3$s
        admin_socket = %3$s/$name.$pid.asok
        log_file = %3$s/$name.log
        mon_cluster_log_file = %3$s/cluster.log
        crash_dir = %3$s
        osd_crush_chooseleaf_type = 0
        osd_pool_default_size = 1
        osd_pool_default_min_size = 1
        osd_pool_default_pg_autoscale_mode = off
        mon_allow_pool_size_one = true
        mon_allow_pool_delete = true
        [mon]
        mon_data = %3$s/mon.$id
        mon_data_avail_warn = 2
        mon_data_avail_crit = 1
        mon_osd_down_out_interval = 86400
        mon_max_pg_per_osd = 2000
        paxos_propose_interval = 0.05
        paxos_min_wait = 0.01
        [mgr]
        mgr_data = %3$s/mgr.$id
        mgr_initial_modules =
        [osd]
        osd_data = %3$s/osd.$id
        osd_objectstore = memstore
        memstore_device_bytes = 4294967296
        memstore_page_set = true
        memstore_page_size = 4096
        osd_class_update_on_start = false
        osd_fast_shutdown = false
        osd_delete_sleep_hdd = 0
        osd_delete_sleep_ssd = 0
        osd_delete_sleep_hybrid = 0
        osd_heartbeat_grace = 5
        osd_max_markdown_count = 10000
        [client]
        admin_socket =
        log_file =
        """
        .formatted(cluster, monitorPort, directory, address);
  }

  /** Starts the servers of objects, for the first time or again, and waits until they serve. */
  void startOsds() {
    osds.clear();
    for (int osd = 0; osd < OSDS; osd++) {
      osds.add(launch(osd));
    }
    awaitOsds();
  }

  private Process launch(int osd) {
    return daemon("ceph-osd", "-c", conf.toString(), "-i", Integer.toString(osd), "-f");
  }

  private void awaitOsds() {
    long until = System.nanoTime() + BOUND.toNanos();
    while (!ceph("osd", "stat").contains(OSDS + " up")) {
      if (System.nanoTime() > until) {
        throw new AssertionError("the OSDs are not up; see " + directory);
      }
      pause(100);
    }
  }

  /** Ends the servers in good order: they write down what they have in memory. */
  void stopOsds() {
    osds.forEach(CephCluster::end);
    for (int osd = 0; osd < OSDS; osd++) {
      ceph("osd", "down", Integer.toString(osd));
    }
  }

  /** Ends the server that serves an object first, in good order, and says which that was. */
  public int stopOsdOf(String pool, String object) {
    int osd = osdOf(pool, object);
    stopOsd(osd);
    return osd;
  }

  /** Ends a server in good order. */
  void stopOsd(int osd) {
    end(osds.get(osd));
    ceph("osd", "down", Integer.toString(osd));
  }

  /** What a server is doing, and what waits there. */
  String operationsOf(int osd) {
    Path socket = directory.resolve("osd.%d.%d.asok".formatted(osd, osds.get(osd).pid()));
    return run("ceph", "--admin-daemon", socket.toString(), "dump_ops_in_flight");
  }

  public int osdOf(String pool, String object) {
    String map = ceph("osd", "map", pool, object, "--format", "json");
    return Integer.parseInt(map.replaceAll("(?s).*\"acting_primary\":(-?\\d+).*", "$1"));
  }

  /** Starts one of them again, and waits until all serve. */
  public void startOsd(int osd) {
    osds.set(osd, launch(osd));
    awaitOsds();
  }

  /** Starts what counts the space; without one the monitors know nothing of it. */
  synchronized void startManager() {
    Path keyring = directory.resolve("mgr.keyring");
    String key =
        ceph("auth", "get-or-create", "mgr.x", "mon", "allow profile mgr", "osd", "allow *");
    try {
      Files.writeString(keyring, key);
      Files.createDirectories(directory.resolve("mgr.x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    manager =
        daemon("ceph-mgr", "-c", conf.toString(), "-i", "x", "-f", "--keyring", keyring.toString());
  }

  synchronized void stopManager() {
    if (manager != null) {
      manager.destroyForcibly();
      end(manager);
      manager = null;
      ceph("mgr", "fail", "x");
    }
  }

  /** The servers of objects. */
  public List<Process> osds() {
    return osds;
  }

  /** The only monitor. */
  public Process monitor() {
    return monitor;
  }

  /** Of which share of their space servers call themselves full. */
  public void setFullRatio(String ratio) {
    boolean up = Double.parseDouble(ratio) > 0.9;
    List<String> kinds = List.of("full", "backfillfull", "nearfull");
    for (int i = 0; i < kinds.size(); i++) {
      String kind = kinds.get(up ? i : kinds.size() - 1 - i);
      ceph("osd", "set-" + kind + "-ratio", ratio);
    }
  }

  /** A pool of its own, with a user for it whose key is in a file. */
  public Pool newPool() {
    String name;
    synchronized (this) {
      name = "pool" + ++pools;
    }
    ceph("osd", "pool", "create", name, "8");
    ceph("osd", "pool", "application", "enable", name, "rbd");
    String key =
        ceph(
            "auth",
            "get-or-create",
            "client." + USER + "." + name,
            "mon",
            "profile rbd, allow command \"osd blocklist\" with blocklistop=rm addr prefix \"127.0.0.1:\"",
            "osd",
            "profile rbd pool=" + name);
    Path keyring = directory.resolve(name + ".keyring");
    try {
      Files.writeString(keyring, key);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Pool(this, name, keyring);
  }

  /** A pool of a test. */
  public record Pool(CephCluster cluster, String name, Path keyring) {

    /** Ceph's configuration file. */
    public Path conf() {
      return cluster.conf;
    }

    /** The user whose key is in {@link #keyring}. */
    public String user() {
      return USER + "." + name;
    }

    /** What a gateway's configuration says of it (HOCON). */
    public String configuration() {
      return """
          moongate.volume.rbd {
            pool = "%s", user = "%s", keyring = "%s", conf-file = "%s"
            keyring = ${?MOONGATE_VOLUME_RBD_KEYRING}
          }
          moongate.management.stores = ["file", "memory", "rbd"]
          """
          .formatted(name, user(), keyring, cluster.conf);
    }

    /** Objects of 1 MiB: an atomic write as the contract makes it lies in two. */
    RbdSettings settings() {
      return settings(USER + "." + name, name, 4096);
    }

    /** For images that have names of their own. */
    RbdSettings settings(String imagePrefix) {
      return settings(USER + "." + name, name, imagePrefix, 4096);
    }

    RbdSettings settings(String user, String pool, int inFlight) {
      return settings(user, pool, "test.", inFlight);
    }

    private RbdSettings settings(String user, String pool, String imagePrefix, int inFlight) {
      return new RbdSettings(
          cluster.conf,
          user,
          Optional.of(keyring),
          pool,
          "",
          imagePrefix,
          1 << 20,
          64,
          inFlight,
          Duration.ofSeconds(30),
          Duration.ofDays(365),
          Optional.empty(),
          Duration.ofSeconds(30));
    }

    void delete() {
      cluster.ceph("osd", "pool", "rm", name, name, "--yes-i-really-really-mean-it");
    }
  }

  /** What the tool of that name prints. */
  public String ceph(String... arguments) {
    return tool("ceph", arguments);
  }

  public String rbd(String... arguments) {
    return tool("rbd", arguments);
  }

  /** What no other image of the pool has had: part of the names of its objects. */
  public String imageId(String pool, String image) {
    String info = rbd("info", pool + "/" + image, "--format", "json");
    return info.replaceAll("(?s).*\"id\":\"([^\"]*)\".*", "$1");
  }

  public String rados(String... arguments) {
    return tool("rados", arguments);
  }

  private String tool(String name, String... arguments) {
    List<String> command = new ArrayList<>(List.of(name, "-c", conf.toString()));
    command.addAll(List.of(arguments));
    return run(command.toArray(String[]::new));
  }

  private String run(String... command) {
    try {
      Path output = Files.createTempFile(directory, "run", ".out");
      Path errors = directory.resolve("tools.err");
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(output.toFile())
              .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
              .start();
      boolean ended = process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly();
      }
      String text = Files.readString(output);
      Files.delete(output);
      if (!ended || process.exitValue() != 0) {
        throw new AssertionError(
            "%s: %s%n%s%n%s"
                .formatted(
                    String.join(" ", command),
                    ended ? "status " + process.exitValue() : "no end",
                    text,
                    Files.readString(errors)));
      }
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Process daemon(String... command) {
    List<String> full = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
    full.addAll(List.of(command));
    Path output = directory.resolve(command[0] + ".out");
    try {
      return STARTER
          .submit(
              () ->
                  new ProcessBuilder(full)
                      .redirectErrorStream(true)
                      .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                      .start())
          .get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void end(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }

  private void stop() {
    for (Process osd : osds) {
      osd.destroyForcibly();
      end(osd);
    }
    if (manager != null) {
      manager.destroyForcibly();
      end(manager);
    }
    if (monitor != null) {
      monitor.destroyForcibly();
      end(monitor);
    }
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      Files.exists(directory); // What is left is in the directory for temporary files.
    }
  }
}
