package io.moongate.multinode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moongate.cli.demo.DemoAccess;
import io.moongate.multinode.harness.FileSearch;
import io.moongate.multinode.harness.Installation;
import io.moongate.multinode.harness.PathAgreement;
import io.moongate.multinode.harness.Site;
import io.moongate.multinode.harness.TestCluster;
import io.moongate.multinode.harness.TestGateway;
import io.moongate.multinode.harness.TestLun;
import io.moongate.multinode.harness.Tool;
import io.moongate.security.TestCertificates;
import io.moongate.security.TestCertificates.Pair;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Three gateways on loopback, all of whose connections but the hosts' are encrypted. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SecuredClusterIT {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int EXTENT = 64 << 10;
  private static final int CLUSTER = 2551;
  private static final int RELAY = 2553;
  private static final int API = 8080;
  private static final int PEKKO_MANAGEMENT = 8558;

  private static TestCluster cluster;
  private static TestLun lun;
  @TempDir private static Path directory;
  private static Pair gateways;
  private static Pair apis;
  private static Pair foreign;

  @BeforeAll
  static void start() throws Exception {
    Installation installation = Installation.find();
    TestCertificates certificates = new TestCertificates(directory);
    gateways = certificates.authority("gateways");
    apis = certificates.authority("api");
    Pair cassandras = certificates.authority("cassandras");
    foreign = certificates.party("foreign", certificates.authority("others"));
    for (int i = 1; i <= 3; i++) {
      certificates.party("gw" + i, gateways);
      certificates.party("api-gw" + i, apis);
      certificates.party("client-gw" + i, cassandras);
    }
    Pair node = certificates.party("node", cassandras);
    Path both = directory.resolve("node-both.pem");
    Files.writeString(both, Files.readString(node.key()) + Files.readString(node.certificate()));
    String settings =
        """

        moongate {
          tls { certificate = %1$s"/"${moongate.gateway.name}".pem", key = %1$s"/"${moongate.gateway.name}".key", ca = %1$s"/gateways.pem" }
          management.tls { certificate = %1$s"/api-"${moongate.gateway.name}".pem", key = %1$s"/api-"${moongate.gateway.name}".key" }
          cassandra {
            tls = true
            tls-files { certificate = %1$s"/client-"${moongate.gateway.name}".pem", key = %1$s"/client-"${moongate.gateway.name}".key", ca = %1$s"/cassandras.pem" }
          }
        }
        """
            .formatted('"' + directory.toString() + '"');
    // Optional, for the harness asks it in the clear whether it is there.
    String cassandra =
        """
        client_encryption_options:
          enabled: true
          optional: true
          require_client_auth: true
          ssl_context_factory:
            class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
          keystore: %s
          truststore: %s
        """
            .formatted(both, cassandras.certificate());
    cluster =
        TestCluster.start(
            installation,
            installation.output().resolve("secured"),
            Site.secured(3, apis.certificate(), settings, cassandra));
    lun = cluster.createLun("secured", 0, 64L << 20);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  @Order(1)
  void dataPassesThroughEveryGatewayToTheOwner() {
    passThrough(cluster.gateways());
  }

  private static void passThrough(List<TestGateway> through) {
    for (int i = 0; i < through.size(); i++) {
      String extent = "-P 0x%02x %d %d".formatted(0x31 + i, i * EXTENT, EXTENT);
      Tool.QEMU_IO.run(BOUND, qemuIo(through.get(i), "write " + extent)).succeeded();
      for (TestGateway reader : through) {
        Tool.Output read = Tool.QEMU_IO.run(BOUND, qemuIo(reader, "read " + extent)).succeeded();
        assertTrue(
            read.text().contains("read %d/%d bytes".formatted(EXTENT, EXTENT))
                && !read.text().contains("Pattern verification failed"),
            read::toString);
      }
    }
  }

  private static String[] qemuIo(TestGateway gateway, String command) {
    return new String[] {
      "-f", "raw", "-t", "none", "-c", command, gateway.url(lun.target(), lun.number())
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {CLUSTER, RELAY, API, PEKKO_MANAGEMENT})
  @Order(3)
  void plainBytesAreNotAnswered(int port) throws IOException {
    String host = cluster.gateways().get(0).host();
    try (Socket socket = new Socket(host, port)) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(30));
      socket
          .getOutputStream()
          .write(
              "GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] heard;
      try {
        heard = socket.getInputStream().readAllBytes();
      } catch (SocketException reset) {
        heard = new byte[0];
      }
      // An alert of TLS at most.
      assertTrue(heard.length == 0 || heard[0] == 21, () -> "port " + port + " answers");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {CLUSTER, RELAY, PEKKO_MANAGEMENT})
  @Order(4)
  void strangersAndCertificatesOfOthersAreNotHeard(int port) throws Exception {
    String host = cluster.gateways().get(0).host();
    Path ca = gateways.certificate();
    SSLContext nobody =
        Tls.of(new TlsFiles("test", Optional.empty(), Optional.empty(), Optional.of(ca))).context();
    assertThrows(IOException.class, () -> talk(nobody, host, port));
    SSLContext other = Tls.of(foreign.files("test", ca)).context();
    assertThrows(IOException.class, () -> talk(other, host, port));
    Pair own = new Pair(directory.resolve("gw1.pem"), directory.resolve("gw1.key"));
    assertEquals(true, talk(Tls.of(own.files("test", ca)).context(), host, port));
  }

  /** Whether the other side waits for more once both have shown what they have. */
  private static boolean talk(SSLContext context, String host, int port) throws IOException {
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(host, port)) {
      socket.setSoTimeout(300);
      socket.startHandshake();
      try {
        // With TLS 1.3 a client hears of a refusal when it reads.
        return socket.getInputStream().read() >= 0;
      } catch (SocketTimeoutException silent) {
        return true;
      }
    }
  }

  /** The members are told to gateways alone; whether one works, by the API to anybody. */
  @Test
  @Order(4)
  void membersAreToldToGateways() throws Exception {
    String host = cluster.gateways().get(0).host();
    URI members = URI.create("https://" + host + ":" + PEKKO_MANAGEMENT + "/cluster/members");
    Path ca = gateways.certificate();
    Pair own = new Pair(directory.resolve("gw1.pem"), directory.resolve("gw1.key"));
    HttpResponse<String> answer = get(Tls.of(own.files("test", ca)).context(), members);
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals(3, new ObjectMapper().readTree(answer.body()).get("members").size());
    TlsFiles nobody =
        new TlsFiles("test", Optional.empty(), Optional.empty(), Optional.of(apis.certificate()));
    for (String path : List.of("/health/live", "/health/ready")) {
      URI probe = URI.create("https://" + host + ":" + API + path);
      assertEquals(200, get(Tls.of(nobody).context(), probe).statusCode(), path);
    }
  }

  /** {@link MetricsIT} knows them not: it has no TLS. */
  @Test
  @Order(4)
  void certificatesAreAmongTheMetrics() throws Exception {
    String host = cluster.gateways().get(0).host();
    TlsFiles nobody =
        new TlsFiles("test", Optional.empty(), Optional.empty(), Optional.of(apis.certificate()));
    String bearer = "Bearer " + DemoAccess.in(cluster.directory()).token();
    URI uri = URI.create("https://" + host + ":" + API + "/metrics");
    String metrics = get(Tls.of(nobody).context(), uri, "Authorization", bearer).body();
    assertTrue(metrics.contains("\nmoongate_tls_certificate_left_seconds{"), metrics);
    assertTrue(metrics.contains("\nmoongate_tls_files_refused{"), metrics);
  }

  private static HttpResponse<String> get(SSLContext context, URI uri, String... headers)
      throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(BOUND);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HttpClient.newBuilder()
        .sslContext(context)
        .build()
        .send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  @Order(5)
  void ownerThatDiesIsSucceeded() {
    TestGateway owner = cluster.owner(lun);
    owner.kill();
    new PathAgreement(cluster, lun).await();
    passThrough(cluster.servingWithout(owner));
    cluster.heal();
    passThrough(cluster.gateways());
  }

  @Test
  @Order(6)
  void noTokenAndNoKeyIsInAnAnswerALogOrAFileOfCassandra() throws Exception {
    String token = DemoAccess.in(cluster.directory()).token();
    Map<String, String> wanted = new TreeMap<>();
    wanted.put("token", token);
    for (String name : List.of("gw1", "api-gw1", "client-gw1")) {
      wanted.put(
          "key of " + name,
          Files.readString(directory.resolve(name + ".key"))
              .lines()
              .skip(1)
              .findFirst()
              .orElseThrow());
    }
    for (TestGateway gateway : cluster.gateways()) {
      for (String path : List.of("/targets", "/sessions", "/luns", "/gateways", "/operations")) {
        String said = gateway.api().text("/api/v1" + path);
        wanted.values().forEach(secret -> assertFalse(said.contains(secret), path));
      }
    }
    // What is no secret must be found, or the search proves nothing.
    wanted.put("user", "demo at 127.0.0.1");
    Path volumes = cluster.directory().resolve("volumes");
    Path tokenFile = cluster.directory().resolve("admin.token");
    Map<String, List<Path>> found =
        FileSearch.under(
            cluster.directory(),
            path -> !path.startsWith(volumes) && !path.equals(tokenFile),
            wanted);
    List<Path> users = found.remove("user");
    assertTrue(
        users != null && users.stream().anyMatch(path -> path.startsWith(cluster.logs())),
        () -> "found the user's name only in " + users);
    assertEquals(Map.of(), found, "secrets, and the files that have them");
  }
}
