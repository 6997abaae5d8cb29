package io.moongate.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cli.CheckResult;
import io.moongate.cli.CheckResult.State;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each check of a host, with what makes it pass and what makes it fail. */
class HostChecksTest {
  private static final long GIB = 1L << 30;
  private static final long MIB = 1L << 20;

  @TempDir Path directory;

  private static void is(State state, String words, CheckResult result) {
    assertEquals(state, result.state(), result::toString);
    assertTrue(result.detail().contains(words), result::toString);
    boolean silent = state == State.OK || state == State.SKIPPED;
    assertEquals(silent, result.advice().isEmpty(), "what is wrong has advice: " + result);
  }

  @Test
  void addressesMustBeOfThisHost() {
    HostAddresses addresses = new HostAddresses(InetAddress::isLoopbackAddress);
    List<CheckResult> results =
        addresses.ofThisHost(Map.of("a.key", List.of("127.0.0.1", "192.0.2.1", "0.0.0.0")));
    is(State.OK, "a.key 127.0.0.1", results.get(0));
    is(State.FAIL, "a.key 192.0.2.1 is not an address of this host", results.get(1));
    is(State.OK, "a.key 0.0.0.0", results.get(2));
  }

  @Test
  void namesMustResolve() {
    HostAddresses addresses = new HostAddresses(address -> true);
    is(State.OK, "127.0.0.1", addresses.known(Map.of("k", List.of("127.0.0.1"))).get(0));
    is(
        State.FAIL,
        "k no-such-host.invalid is no known host",
        addresses.known(Map.of("k", List.of("no-such-host.invalid"))).get(0));
  }

  @Test
  void aPortIsFreeOrHeldByAGatewayOrByAnother() throws Exception {
    try (ServerSocket held = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      Ports.Port port = new Ports.Port("a.port", "127.0.0.1", held.getLocalPort());
      CheckResult other = new Ports(new Listeners(Path.of("/proc"))).check(List.of(port)).get(0);
      is(State.FAIL, "pid " + ProcessHandle.current().pid(), other);
      CheckResult unseen = new Ports(new Listeners(directory)).check(List.of(port)).get(0);
      is(State.WARN, "a process that can't be seen", unseen);
      CheckResult own =
          new Ports(new Listeners(proc(held.getLocalPort()))).check(List.of(port)).get(0);
      is(State.OK, "held by a gateway, pid 4711", own);
      held.close();
      is(State.OK, "is free", new Ports(new Listeners(directory)).check(List.of(port)).get(0));
    }
    is(
        State.FAIL,
        "can't be listened on",
        new Ports(new Listeners(directory))
            .check(List.of(new Ports.Port("a.port", "192.0.2.1", 4)))
            .get(0));
  }

  /** A /proc in which a gateway listens on a port. */
  private Path proc(int port) throws Exception {
    Path proc = Files.createDirectory(directory.resolve("proc"));
    Files.createDirectories(proc.resolve("net"));
    Files.writeString(
        proc.resolve("net/tcp"),
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
            + "   0: 0100007F:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 987 1\n"
                .formatted(port));
    Files.createDirectories(proc.resolve("4711/fd"));
    Files.createSymbolicLink(proc.resolve("4711/fd/5"), Path.of("socket:[987]"));
    Files.writeString(proc.resolve("4711/cmdline"), "java\0-Xmx1g\0io.moongate.Main\0gateway\0");
    return proc;
  }

  @Test
  void theClockIsKeptRightOrNot() {
    is(State.OK, "off by 12 ms", new Clock(() -> new Clock.Kernel(0x2001, 12_500)).check());
    is(State.WARN, "nobody", new Clock(() -> new Clock.Kernel(0x40, 16_000_000)).check());
    is(State.WARN, "off by 2000 ms", new Clock(() -> new Clock.Kernel(0x1, 2_000_000)).check());
    CheckResult here = new Clock().check();
    assertTrue(here.state() != State.FAIL, here::toString);
  }

  @Test
  void theKernelOfThisHostSaysSomething() {
    assertTrue(new Clock().check().state() != State.SKIPPED, "adjtimex answers on 64-bit Linux");
  }

  private List<CheckResult> limits(String limits, int somaxconn, String swap, String huge)
      throws Exception {
    Path proc = Files.createDirectories(directory.resolve("p"));
    Path sys = Files.createDirectories(directory.resolve("s"));
    Files.createDirectories(proc.resolve("self"));
    Files.writeString(proc.resolve("self/limits"), limits);
    Files.createDirectories(proc.resolve("sys/net/core"));
    Files.writeString(proc.resolve("sys/net/core/somaxconn"), somaxconn + "\n");
    Files.createDirectories(proc.resolve("sys/vm"));
    Files.writeString(proc.resolve("sys/vm/swappiness"), "60\n");
    Files.writeString(proc.resolve("meminfo"), "MemTotal: 9 kB\nSwapTotal:  " + swap + " kB\n");
    Files.createDirectories(sys.resolve("kernel/mm/transparent_hugepage"));
    Files.writeString(sys.resolve("kernel/mm/transparent_hugepage/enabled"), huge + "\n");
    return new Limits(proc, sys).check("self", 11_000, 1_024);
  }

  @Test
  void limitsThatAreEnough() throws Exception {
    limits(
            "Limit  Soft Limit  Hard Limit  Units\nMax open files  1024  1048576  files\n",
            4_096,
            "0",
            "always [madvise] never")
        .forEach(result -> assertEquals(State.OK, result.state(), result::toString));
  }

  @Test
  void limitsThatAreNot() throws Exception {
    List<CheckResult> results =
        limits("Max open files  1024  4096  files\n", 128, "2097148", "[always] madvise never");
    is(State.WARN, "open files here: 4096", results.get(0));
    is(State.WARN, "net.core.somaxconn is 128", results.get(1));
    is(State.WARN, "vm.swappiness is 60", results.get(2));
    is(State.WARN, "transparent huge pages are always on", results.get(3));
    new Limits(directory.resolve("none"), directory.resolve("none"))
        .check("self", 1, 1)
        .subList(0, 2)
        .forEach(result -> assertEquals(State.SKIPPED, result.state(), result::toString));
  }

  @Test
  void theHeapIsMeasuredByItsOptions() {
    is(State.OK, "-Xmx2g", Heap.check("java -Xmx512m -Xmx2g io.moongate.Main", GIB, 512 * MIB));
    is(State.WARN, "768 MiB", Heap.check("-Xmx768m", GIB, 512 * MIB));
    is(State.FAIL, "512 MiB (-Xmx512m)", Heap.check("-Xmx512m", 64 * GIB, 512 * MIB));
    is(State.OK, "a quarter of", Heap.check("", 8 * GIB, 512 * MIB));
    is(State.FAIL, "a quarter of", Heap.check("null", GIB, 512 * MIB));
  }

  @Test
  void secretsAreTheirOwnersAlone() throws Exception {
    Path key = Files.writeString(directory.resolve("key"), "secret");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    is(State.OK, "owner's alone", SecretFiles.check(Map.of("k", key.toString())).get(0));
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
    is(State.FAIL, "mode rw-r-----", SecretFiles.check(Map.of("k", key.toString())).get(0));
    is(State.FAIL, "no such file", SecretFiles.check(Map.of("k", key + "2")).get(0));
    assertEquals(List.of(), SecretFiles.check(Map.of("k", "")));
  }

  @Test
  void theFileStoresDirectoryIsWrittenInAndLeftAsItWas() throws Exception {
    Path store = Files.createDirectory(directory.resolve("store"));
    List<CheckResult> results = FileStore.check(store);
    is(State.OK, "a forced write took", results.get(0));
    assertTrue(results.get(1).detail().contains("GiB are left on"), results.get(1)::toString);
    try (var left = Files.list(store)) {
      assertEquals(0, left.count());
    }
    is(State.OK, "is not there yet", FileStore.check(directory.resolve("new/deep")).get(0));
    Path file = Files.createFile(directory.resolve("file"));
    is(State.FAIL, "no directory", FileStore.check(file).get(0));
    is(State.FAIL, "can't be made", FileStore.check(file.resolve("below")).get(0));
  }

  @Test
  void peersTakeConnectionsOrRefuseThem() throws Exception {
    Peers peers = new Peers(Duration.ofSeconds(5));
    int port;
    try (ServerSocket open = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      port = open.getLocalPort();
      is(
          State.OK,
          "portal of gw2 at 127.0.0.1:" + port,
          peers.check(List.of(new Peers.Peer("portal of gw2", "127.0.0.1", port, true))).get(0));
    }
    is(
        State.FAIL,
        "refuses",
        peers.check(List.of(new Peers.Peer("portal", "127.0.0.1", port, true))).get(0));
    is(
        State.WARN,
        "refuses",
        peers.check(List.of(new Peers.Peer("seed", "127.0.0.1", port, false))).get(0));
    is(
        State.FAIL,
        "unknown",
        peers.check(List.of(new Peers.Peer("seed", "no-such-host.invalid", 1, true))).get(0));
  }

  @Test
  void cassandrasClocksAndLatency() {
    is(State.OK, "agrees", Cassandra.apart("n1", 1_000, 990, 1_010));
    is(State.OK, "agrees", Cassandra.apart("n1", 1_400, 990, 1_010));
    is(State.WARN, "is 5000 ms from", Cassandra.apart("n1", 6_010, 990, 1_010));
    is(State.WARN, "is -990 ms from", Cassandra.apart("n1", 0, 990, 1_010));
    is(State.OK, "takes 4.0 ms", Cassandra.latency(4_000_000));
    is(State.WARN, "takes 250.0 ms", Cassandra.latency(250_000_000));
  }
}
