package io.moongate.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.moongate.security.TestCertificates;
import io.moongate.security.TestCertificates.Pair;
import io.moongate.security.Tls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The entry point of a container, run beside a launcher that says what it was given. */
class EntrypointTest {
  private static final Path ENTRYPOINT =
      Path.of("cluster-bootstrap", "container", "entrypoint").toAbsolutePath();

  @TempDir Path directory;

  private record Ended(int code, String text) {}

  private Ended run(Map<String, String> environment, String... words) throws Exception {
    Path launcher = directory.resolve("moongate");
    if (Files.notExists(launcher)) {
      Files.writeString(launcher, "#!/bin/sh\necho \"name $MOONGATE_GATEWAY_NAME\"\n");
      assertTrue(launcher.toFile().setExecutable(true));
    }
    ProcessBuilder process = new ProcessBuilder().redirectErrorStream(true);
    process.command().add(ENTRYPOINT.toString());
    process.command().addAll(List.of(words));
    process.environment().keySet().removeIf(name -> name.startsWith("MOONGATE_"));
    process.environment().put("HOSTNAME", "worker1.example.com");
    process.environment().put("MOONGATE_GATEWAY_HOST", "127.0.0.1");
    process.environment().put("MOONGATE_HOME", directory.toString());
    process.environment().put("MOONGATE_RUN", directory.resolve("run").toString());
    process.environment().put("MOONGATE_SECRETS", directory.resolve("secrets").toString());
    process.environment().putAll(environment);
    Process running = process.start();
    running.getOutputStream().close();
    String text = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(running.waitFor(60, TimeUnit.SECONDS));
    return new Ended(running.exitValue(), text);
  }

  @Test
  void onlyTheHostsNameIsCut() throws Exception {
    assertEquals(new Ended(0, "name worker1\n"), run(Map.of(), "status"));
    assertEquals(
        new Ended(0, "name gw-1\n"), run(Map.of("MOONGATE_GATEWAY_NAME", "gw-1"), "status"));
    for (String wrong : new String[] {"worker1.rack-a", "Worker1", "-gw", "a".repeat(64)}) {
      Ended refused = run(Map.of("MOONGATE_GATEWAY_NAME", wrong), "gateway");
      assertEquals(78, refused.code(), wrong);
      assertTrue(
          refused.text().contains("MOONGATE_GATEWAY_NAME: expected")
              && refused.text().contains("\"" + wrong + "\""),
          refused.text());
    }
  }

  private Ended health(HttpServer server, Map<String, String> more) throws Exception {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("MOONGATE_MANAGEMENT_PORT", "" + server.getAddress().getPort());
    return run(environment, "health");
  }

  private static void answer(HttpServer server, int[] status) {
    server.createContext(
        "/",
        exchange -> {
          boolean asked = exchange.getRequestURI().getPath().equals("/health/ready");
          exchange.sendResponseHeaders(asked ? status[0] : 404, -1);
          exchange.close();
        });
    server.start();
  }

  private static InetSocketAddress free() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Test
  void healthIsWhatTheApiSays() throws Exception {
    HttpServer server = HttpServer.create(free(), 0);
    int[] status = {200};
    answer(server, status);
    assertEquals(new Ended(0, ""), health(server, Map.of()));
    status[0] = 503;
    Ended unready = health(server, Map.of());
    assertEquals(78, unready.code());
    assertTrue(unready.text().contains("not ready: status 503"), unready.text());
    server.stop(0);
    Ended gone = health(server, Map.of());
    assertEquals(78, gone.code());
    assertTrue(gone.text().contains("no answer at 127.0.0.1:"), gone.text());
  }

  /** As by what expects TLS: a reason is given all the same. */
  @Test
  void whoHangsUpIsNotHealthy() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread hangingUp =
          new Thread(
              () -> {
                try {
                  while (true) {
                    Socket socket = server.accept();
                    socket.setSoLinger(true, 0);
                    socket.close();
                  }
                } catch (IOException closed) {
                  // The end of the test.
                }
              });
      hangingUp.start();
      for (int i = 0; i < 5; i++) {
        Ended ended = run(Map.of("MOONGATE_MANAGEMENT_PORT", "" + server.getLocalPort()), "health");
        assertEquals(78, ended.code(), ended.text());
        assertTrue(ended.text().contains("no answer at"), ended.text());
      }
    }
  }

  @Test
  void healthIsAskedByTlsWhereTheApiHasACertificate() throws Exception {
    TestCertificates certificates = new TestCertificates(directory);
    Pair authority = certificates.authority("authority");
    Pair api = certificates.party("api", authority);
    HttpsServer server = HttpsServer.create(free(), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(Tls.of(api.files("tls", authority.certificate())).context()));
    int[] status = {200};
    answer(server, status);
    // Said by a variable, by a secret, or by a file that is not looked at.
    String variable = "MOONGATE_MANAGEMENT_TLS_CERTIFICATE";
    assertEquals(new Ended(0, ""), health(server, Map.of(variable, api.certificate().toString())));
    assertEquals(new Ended(0, ""), health(server, Map.of()));
    Files.createDirectories(directory.resolve("secrets"));
    Files.copy(api.certificate(), directory.resolve("secrets/api.pem"));
    assertEquals(new Ended(0, ""), health(server, Map.of()));
    status[0] = 503;
    assertEquals(78, health(server, Map.of()).code());
    server.stop(0);
    assertEquals(78, health(server, Map.of()).code());
  }
}
