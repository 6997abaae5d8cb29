package io.moongate;

import io.moongate.cli.demo.DemoAccess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * Starts a gateway as far as one comes without Cassandra, on free ports of the loopback address, so
 * that the JVM can archive the classes that this loads: the launcher's build and the package do
 * that. What a gateway needs later of Moongate itself, of the driver and of what keeps events is
 * loaded by name.
 */
final class GatewayRehearsal {
  /** Jars beside Moongate's own of which hardly anything is loaded before Cassandra answers. */
  private static final List<String> NEEDED_LATER =
      List.of("java-driver-core-", "pekko-persistence-cassandra_", "pekko-connectors-cassandra_");

  /** For the cluster of one, and what it starts once it is up. */
  private static final Duration BOUND = Duration.ofSeconds(30);

  private static final Duration SETTLES = Duration.ofSeconds(4);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final int PORTS = 7;

  private GatewayRehearsal() {}

  /**
   * Rehearses.
   *
   * @param args a directory for its files, which is there
   */
  public static void main(String[] args) {
    int status = 1;
    try {
      rehearse(Path.of(args[0]));
      status = 0;
    } catch (IOException | InterruptedException | RuntimeException failure) {
      System.err.println("moongate: no rehearsal: " + failure);
    }
    // What the gateway has started would go on.
    System.exit(status);
  }

  private static void rehearse(Path directory) throws IOException, InterruptedException {
    List<Integer> ports = freePorts();
    DemoAccess access = DemoAccess.in(directory);
    Path configuration = directory.resolve("rehearsal.conf");
    Files.writeString(configuration, configuration(directory, ports) + access.configuration());

    Thread gateway = new Thread(() -> GatewayProcess.run(configuration), "rehearsal");
    gateway.setDaemon(true);
    gateway.start();
    loadNeededLater();
    ask(URI.create("http://127.0.0.1:" + ports.get(0) + "/api/v1/"), access.token());
    Thread.sleep(SETTLES.toMillis());
  }

  private static String configuration(Path directory, List<Integer> ports) {
    return """
        moongate {
          gateway { name = "rehearsal", host = "127.0.0.1" }
          management.port = %d
          cluster { port = %d, seed-nodes = ["127.0.0.1:%d"] }
          iscsi.portals = ["127.0.0.1:%d"]
          relay { host = "127.0.0.1", port = %d }
          watch.port = %d
          volume.file.directory = "%s"
          cassandra { contact-points = ["127.0.0.1:%d"], datacenter = "datacenter1" }
        }
        pekko.management.http.port = %d
        # It has nothing to leave in good order.
        pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
        """
        .formatted(
            ports.get(0),
            ports.get(1),
            ports.get(2),
            ports.get(3),
            ports.get(4),
            ports.get(5),
            directory.resolve("volumes"),
            ports.get(6),
            ports.get(2));
  }

  private static List<Integer> freePorts() throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    try {
      for (int i = 0; i < PORTS; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        ports.add(socket.getLocalPort());
      }
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
    return ports;
  }

  private static void loadNeededLater() throws IOException {
    CodeSource own = GatewayRehearsal.class.getProtectionDomain().getCodeSource();
    load(Path.of(URI.create(own.getLocation().toString())));
    for (String entry : System.getProperty("java.class.path").split(":", -1)) {
      String name = entry.substring(entry.lastIndexOf('/') + 1);
      if (NEEDED_LATER.stream().anyMatch(name::startsWith)) {
        load(Path.of(entry));
      }
    }
  }

  private static void load(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      for (Enumeration<JarEntry> all = file.entries(); all.hasMoreElements(); ) {
        String name = all.nextElement().getName();
        if (name.endsWith(".class") && !name.startsWith("META-INF/")) {
          loadClass(name.substring(0, name.length() - ".class".length()).replace('/', '.'));
        }
      }
    }
  }

  private static void loadClass(String name) {
    try {
      Class.forName(name, false, GatewayRehearsal.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError optional) {
      // It needs a library that is not there, as some of the driver's do.
      return;
    }
  }

  /** Until the API answers; then what an operator asks first. */
  private static void ask(URI api, String token) throws IOException, InterruptedException {
    HttpClient http = HttpClient.newHttpClient();
    long began = System.nanoTime();
    while (!answers(http, api.resolve("health"), token)) {
      if (System.nanoTime() - began > BOUND.toNanos()) {
        throw new IOException("the gateway of the rehearsal has no API after " + BOUND);
      }
      Thread.sleep(PAUSE.toMillis());
    }
    for (String path : List.of("gateways", "luns", "cluster", "sessions")) {
      answers(http, api.resolve(path), token);
    }
  }

  private static boolean answers(HttpClient http, URI asked, String token)
      throws InterruptedException {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(asked)
              .header("Authorization", "Bearer " + token)
              .timeout(Duration.ofSeconds(5))
              .build();
      http.send(request, HttpResponse.BodyHandlers.discarding());
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }
}
