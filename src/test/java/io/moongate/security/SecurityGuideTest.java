package io.moongate.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.security.TestCertificates.Pair;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of docs/security.md, run as they stand there, make what gateways take. */
class SecurityGuideTest {
  private static final Pattern COMMANDS = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");

  @TempDir private static Path directory;

  @BeforeAll
  static void follow() throws Exception {
    Matcher commands = COMMANDS.matcher(Files.readString(Path.of("docs", "security.md")));
    StringBuilder script = new StringBuilder("set -e\numask 077\n");
    int found = 0;
    while (commands.find()) {
      script.append(commands.group(1));
      found++;
    }
    assertEquals(3, found);
    Path log = directory.resolve("log");
    Process shell =
        new ProcessBuilder("sh", "-c", script.toString())
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertTrue(shell.waitFor(120, TimeUnit.SECONDS));
    assertEquals(0, shell.exitValue(), Files.readString(log));
  }

  private static Path file(String name) {
    return directory.resolve(name);
  }

  private static TlsFiles files(String name, String ca) {
    return new Pair(file(name + ".pem"), file(name + ".key")).files("guide", file(ca + ".pem"));
  }

  @Test
  void gatewaysTakeOneAnother() throws Exception {
    Tls gateway = Tls.of(files("gw1", "gateways-ca"));
    Handshake.of(gateway.client("gw1.example.com", 1), gateway.server(Tls.Peer.MUST_AUTHENTICATE));
    Handshake.of(gateway.client("127.0.0.1", 1), gateway.server(Tls.Peer.MUST_AUTHENTICATE));
  }

  @Test
  void apiTakesItsUsersAndNoGateways() throws Exception {
    Tls api = Tls.of(files("gw1-api", "users-ca"));
    Handshake.of(
        Tls.of(files("carol", "api-ca")).client("gw1.example.com", 1),
        api.server(Tls.Peer.MUST_AUTHENTICATE));
    Handshake.of(
        Tls.of(
                new TlsFiles(
                    "guide", Optional.empty(), Optional.empty(), Optional.of(file("api-ca.pem"))))
            .client("gw1.example.com", 1),
        api.server(Tls.Peer.MAY_AUTHENTICATE));
    assertThrows(
        SSLException.class,
        () ->
            Handshake.of(
                Tls.of(files("gw1", "api-ca")).client("gw1.example.com", 1),
                api.server(Tls.Peer.MUST_AUTHENTICATE)));
  }

  @Test
  void userIsNoGateway() {
    assertThrows(
        SSLException.class,
        () ->
            Handshake.of(
                Tls.of(files("carol", "gateways-ca")).client("gw1.example.com", 1),
                Tls.of(files("gw1", "gateways-ca")).server(Tls.Peer.MUST_AUTHENTICATE)));
  }
}
