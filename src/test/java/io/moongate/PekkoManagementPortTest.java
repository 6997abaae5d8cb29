package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import io.moongate.security.TestCertificates;
import io.moongate.security.TestCertificates.Pair;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway's own settings, with TLS: who has a gateway's certificate is answered, nobody else. */
class PekkoManagementPortTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  @TempDir private static Path directory;
  private static Pair gateways;
  private static Pair own;
  private static Pair foreign;
  private static ActorSystem<Void> system;
  private static int port;

  @BeforeAll
  static void start() throws Exception {
    TestCertificates certificates = new TestCertificates(directory);
    gateways = certificates.authority("gateways");
    own = certificates.party("gw1", gateways);
    foreign = certificates.party("foreign", certificates.authority("others"));
    port = freePort();
    Path file = directory.resolve("gw1.conf");
    Files.writeString(
        file,
        """
        moongate {
          gateway.name = gw1
          cluster { port = %d, seed-nodes = ["127.0.0.1:%d"] }
          tls { certificate = "%s", key = "%s", ca = "%s" }
        }
        pekko.management.http.port = %d
        pekko.coordinated-shutdown { exit-jvm = off, run-by-jvm-shutdown-hook = off }
        """
            .formatted(
                freePort(), port, own.certificate(), own.key(), gateways.certificate(), port));
    Config config = GatewayConfig.load(file, "i1");
    system = ActorSystem.create(Behaviors.empty(), "moongate", config);
    PekkoManagementPort.start(system, TlsFiles.mutual(config, "moongate.tls"))
        .toCompletableFuture()
        .get(BOUND.toSeconds(), TimeUnit.SECONDS);
    ClusterBootstrap.get(system.classicSystem()).start();
  }

  @AfterAll
  static void stop() throws Exception {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(BOUND.toSeconds(), TimeUnit.SECONDS);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  private static HttpResponse<String> get(TlsFiles files, String path) throws Exception {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .proxy(HttpClient.Builder.NO_PROXY)
        .sslContext(Tls.of(files).context())
        .build()
        .send(
            HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + path))
                .timeout(BOUND)
                .build(),
            BodyHandlers.ofString());
  }

  /** It has asked itself, as a seed node, over the same TLS. */
  @Test
  void clusterIsFoundOverIt() throws Exception {
    long end = System.nanoTime() + BOUND.toNanos();
    MemberStatus status = MemberStatus.removed();
    while (!status.equals(MemberStatus.up()) && System.nanoTime() < end) {
      Thread.sleep(100);
      status = Cluster.get(system.classicSystem()).selfMember().status();
    }
    assertEquals(MemberStatus.up(), status);
  }

  @Test
  void gatewaysAreAnswered() throws Exception {
    HttpResponse<String> members =
        get(own.files("test", gateways.certificate()), "/cluster/members");
    assertEquals(200, members.statusCode(), members.body());
    assertEquals(200, get(own.files("test", gateways.certificate()), "/alive").statusCode());
  }

  @Test
  void strangersAreNot() throws Exception {
    TlsFiles nobody =
        new TlsFiles(
            "test", Optional.empty(), Optional.empty(), Optional.of(gateways.certificate()));
    assertThrows(IOException.class, () -> get(nobody, "/alive"));
    TlsFiles other = foreign.files("test", gateways.certificate());
    assertThrows(IOException.class, () -> get(other, "/alive"));
  }

  @Test
  void plainHttpIsNot() {
    HttpRequest plain =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/alive"))
            .timeout(BOUND)
            .build();
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(HttpClient.Builder.NO_PROXY)
            .build();
    IOException refused =
        assertThrows(IOException.class, () -> client.send(plain, BodyHandlers.ofString()));
    assertTrue(refused.getMessage() != null || refused.getCause() != null, refused.toString());
  }

  /** Nothing can be changed through it, with whatever certificate. */
  @Test
  void itOnlyReads() throws Exception {
    HttpResponse<String> answer =
        HttpClient.newBuilder()
            .sslContext(Tls.of(own.files("test", gateways.certificate())).context())
            .build()
            .send(
                HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/cluster/members"))
                    .timeout(BOUND)
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(
                        HttpRequest.BodyPublishers.ofString("address=pekko://moongate@127.0.0.9:1"))
                    .build(),
                BodyHandlers.ofString());
    assertEquals(405, answer.statusCode(), answer.body());
  }
}
