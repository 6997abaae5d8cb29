package io.moongate.cli.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A node of a real Cassandra as a process of its own from its own jars: all there is, or one of a
 * ring. Its data stays in its directory. Writes are acknowledged after they are on disk ({@code
 * commitlog_sync: batch}), as for a node that is all there is they must be.
 */
final class CassandraNode {

  static final int DEFAULT_CQL_PORT = 9042;
  static final int DEFAULT_STORAGE_PORT = 7000;

  private static final Duration STOP_GRACE = Duration.ofSeconds(25);
  private static final int CONNECT_TIMEOUT_MS = 500;
  private static final int ANSWER_TIMEOUT_MS = 5000;

  /**
   * @param directory its configuration and data
   * @param log where it writes
   * @param libraries the directory of its jars
   * @param java a Java of {@link JavaHome#CASSANDRA_FEATURE}
   * @param archives where the archive of its loaded classes is kept, which makes later starts
   *     faster; empty for none
   * @param ring the hosts of all nodes, this one among them, in the same order for each; they have
   *     the same ports
   * @param more lines of its configuration
   */
  record Settings(
      Path directory,
      Path log,
      Path libraries,
      JavaHome java,
      Optional<Path> archives,
      String host,
      int cqlPort,
      int storagePort,
      List<String> ring,
      String more) {

    Settings {
      ring = List.copyOf(ring);
      if (!ring.contains(host)) {
        throw new IllegalArgumentException(host + " is none of the nodes " + ring);
      }
    }

    Settings(
        Path directory,
        Path log,
        Path libraries,
        JavaHome java,
        Optional<Path> archives,
        String host,
        int cqlPort,
        int storagePort,
        List<String> ring) {
      this(directory, log, libraries, java, archives, host, cqlPort, storagePort, ring, "");
    }

    boolean isAlone() {
      return ring.size() == 1;
    }
  }

  private final Settings settings;
  private final Children children;
  private final Child child;
  private final Optional<Path> archiveInTheMaking;

  private CassandraNode(
      Settings settings, Children children, Child child, Optional<Path> archiveInTheMaking) {
    this.settings = settings;
    this.children = children;
    this.child = child;
    this.archiveInTheMaking = archiveInTheMaking;
  }

  /** Writes its configuration and starts it; does not wait for it to answer. */
  static CassandraNode start(Children children, Settings settings) {
    if (!Files.isDirectory(settings.libraries())) {
      throw new DemoException(
          "no Cassandra jars in %s: run `moongate build`".formatted(settings.libraries()));
    }
    Path configuration = settings.directory().resolve("cassandra.yaml");
    Children.write(configuration, yaml(settings));
    Path logback = settings.directory().resolve("logback.xml");
    Children.write(logback, LOGBACK);

    Optional<Path> archive = settings.archives().map(dir -> dir.resolve(archiveName(settings)));
    boolean archived = archive.filter(Files::isReadable).isPresent();
    // It is written under another name and moved once complete: a JVM that is killed in between
    // leaves no half archive.
    Optional<Path> making =
        archived
            ? Optional.empty()
            : archive.map(
                file ->
                    file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid()));

    List<String> command = new ArrayList<>();
    command.add(settings.java().executable().toString());
    command.addAll(JVM_OPTIONS);
    if (archived) {
      command.addAll(ClassArchive.used(archive.get()));
    } else {
      making.ifPresent(file -> command.addAll(ClassArchive.made(file)));
    }
    command.add("-Dcassandra.config=" + configuration.toUri());
    command.add("-Dcassandra.storagedir=" + settings.directory());
    command.add("-Dcassandra.logdir=" + settings.directory());
    command.add("-Dlogback.configurationFile=" + logback.toUri());
    command.addAll(
        List.of(
            "-cp", settings.libraries() + "/*", "org.apache.cassandra.service.CassandraDaemon"));
    Child child = children.start("cassandra", command, Map.of(), settings.log());
    return new CassandraNode(settings, children, child, making);
  }

  Child child() {
    return child;
  }

  String contactPoint() {
    return settings.host() + ":" + settings.cqlPort();
  }

  /**
   * @throws DemoException when it ends, or the time is over, before it answers a CQL request
   */
  void awaitCql(Deadline deadline) {
    deadline.poll(
        Duration.ofMillis(50),
        "Cassandra to answer on " + contactPoint(),
        () -> {
          child.requireAlive();
          return answersCql(settings.host(), settings.cqlPort())
              ? Optional.of(Boolean.TRUE)
              : Optional.empty();
        },
        () -> "the end of %s:%n%s".formatted(settings.log(), child.logTail()));
  }

  /** SIGTERM, and SIGKILL when it has not ended after 25 s. */
  void stop() {
    boolean wasAlive = child.alive();
    boolean killed = !children.stop(List.of(child), STOP_GRACE).isEmpty();
    archiveInTheMaking.ifPresent(file -> keepArchive(file, wasAlive && !killed));
  }

  private void keepArchive(Path making, boolean complete) {
    try {
      if (complete && Files.exists(making)) {
        Files.move(
            making,
            making.resolveSibling(archiveName(settings)),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } else {
        Files.deleteIfExists(making);
      }
    } catch (IOException e) {
      // Only later starts get slower by it.
      System.err.println("moongate demo: no class archive for Cassandra was kept: " + e);
    }
  }

  private static String archiveName(Settings settings) {
    return "classes-java" + settings.java().feature() + ".jsa";
  }

  /** Whether OPTIONS (native protocol v4, section 4.1.3) is answered by SUPPORTED. */
  static boolean answersCql(String host, int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), CONNECT_TIMEOUT_MS);
      socket.setSoTimeout(ANSWER_TIMEOUT_MS);
      OutputStream out = socket.getOutputStream();
      out.write(new byte[] {4, 0, 0, 0, 5, 0, 0, 0, 0});
      out.flush();
      InputStream in = socket.getInputStream();
      byte[] header = in.readNBytes(9);
      return header.length == 9 && header[0] == (byte) 0x84 && header[4] == 6;
    } catch (IOException e) {
      return false;
    }
  }

  /** The smallest configuration. */
  static String yaml(Settings settings) {
    return """
        # Written by `moongate demo` at each start.
        cluster_name: moongate-demo
        partitioner: org.apache.cassandra.dht.Murmur3Partitioner
        endpoint_snitch: SimpleSnitch
        num_tokens: 1
        # Acknowledge a write after it is on disk. The default, periodic, acknowledges up to 10 s before.
        commitlog_sync: batch
        disk_failure_policy: die
        commit_failure_policy: die
        listen_address: %1$s
        storage_port: %3$d
        rpc_address: %1$s
        native_transport_port: %2$d
        hinted_handoff_enabled: %4$s
        auto_snapshot: false
        concurrent_reads: 8
        concurrent_writes: 8
        seed_provider:
          - class_name: org.apache.cassandra.locator.SimpleSeedProvider
            parameters:
              - seeds: "%5$s"
        %6$s"""
        .formatted(
            settings.host(),
            settings.cqlPort(),
            settings.storagePort(),
            !settings.isAlone(),
            settings.ring().stream()
                .map(host -> host + ":" + settings.storagePort())
                .collect(Collectors.joining(",")),
            (settings.isAlone() ? "" : "initial_token: %d%n".formatted(token(settings)))
                + settings.more());
  }

  /**
   * Its place on the ring of Murmur3Partitioner, -2^63 to 2^63 - 1, of which each node gets an
   * equal part. Told to all, so that they need not wait for one another to join: each is a seed.
   */
  private static BigInteger token(Settings settings) {
    int at = settings.ring().indexOf(settings.host());
    return BigInteger.ONE
        .shiftLeft(64)
        .multiply(BigInteger.valueOf(at))
        .divide(BigInteger.valueOf(settings.ring().size()))
        .subtract(BigInteger.ONE.shiftLeft(63));
  }

  private static final String LOGBACK =
      """
      <configuration>
        <statusListener class="ch.qos.logback.core.status.NopStatusListener"/>
        <appender name="stdout" class="ch.qos.logback.core.ConsoleAppender">
          <encoder><pattern>%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} %msg%n</pattern></encoder>
        </appender>
        <logger name="org.apache.cassandra.service" level="INFO"/>
        <logger name="org.apache.cassandra.transport" level="INFO"/>
        <root level="WARN"><appender-ref ref="stdout"/></root>
      </configuration>
      """;

  /** What Cassandra 5.0 needs to run on Java 17, and what makes a small node start fast. */
  private static final List<String> JVM_OPTIONS =
      List.of(
          "-Xms256m",
          "-Xmx256m",
          "-Xss256k",
          "-ea",
          "-da:net.openhft...",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:+ExitOnOutOfMemoryError",
          "-Djava.net.preferIPv4Stack=true",
          "-Dio.netty.tryReflectionSetAccessible=true",
          "-Djdk.attach.allowAttachSelf=true",
          "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
          "--add-exports=java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED",
          "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
          "--add-exports=java.rmi/sun.rmi.server=ALL-UNNAMED",
          "--add-exports=java.sql/java.sql=ALL-UNNAMED",
          "--add-exports=java.base/java.lang.ref=ALL-UNNAMED",
          "--add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED",
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.lang.module=ALL-UNNAMED",
          "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
          "--add-opens=java.base/java.io=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.loader=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.reflect=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.math=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.module=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.util.jar=ALL-UNNAMED",
          "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
          "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
          // A node that is alone has nobody to wait for when it starts and nobody to tell when it
          // stops; those of a ring know one another's places from the start.
          "-Dcassandra.skip_wait_for_gossip_to_settle=0",
          "-Dcassandra.ring_delay_ms=100",
          "-Dcassandra.shutdown_announce_in_ms=0",
          "-Dcassandra-foreground=yes");
}
