package io.moongate.management;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.security.Role;
import io.moongate.security.SecretFile;
import io.moongate.security.TestCertificates;
import io.moongate.security.TestCertificates.Pair;
import io.moongate.security.Tls;
import io.moongate.security.TlsFiles;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API over TLS, by real connections: client certificates good and bad, and no TLS at all. */
class TlsApiTest {
  @TempDir private static Path directory;
  private static TestCertificates certificates;
  private static Pair authority;
  private static Pair clients;
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    certificates = new TestCertificates(directory);
    authority = certificates.authority("authority");
    clients = certificates.authority("clients");
    Path users = directory.resolve("users");
    SecretFile.write(
        users,
        Files.readString(TestUsers.FILE)
            + "carol operator cn=carol\n"
            + "late viewer cn=late expires=2026-01-01T00:00:00Z\n");
    server =
        TestServer.start(
            new SecuritySettings(
                users,
                Duration.ZERO,
                1_000_000,
                1_000_000,
                Optional.of(
                    certificates
                        .party("api", authority)
                        .files("moongate.management.tls", clients.certificate()))));
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static HttpClient client(Pair own) {
    return client(
        Tls.of(
                own == null
                    ? new TlsFiles(
                        "test",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(authority.certificate()))
                    : own.files("test", authority.certificate()))
            .context());
  }

  private static HttpClient client(SSLContext context) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .proxy(HttpClient.Builder.NO_PROXY)
        .sslContext(context)
        .build();
  }

  private static HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
            URI.create("https://127.0.0.1:" + server.base().getPort() + "/api/v1" + path))
        .timeout(Duration.ofSeconds(30));
  }

  private static HttpResponse<String> get(HttpClient client, String path) throws Exception {
    return client.send(request(path).build(), BodyHandlers.ofString());
  }

  @Test
  void certificateLetsInByItsName() throws Exception {
    HttpClient carol = client(certificates.party("carol", clients));
    assertEquals(200, get(carol, "/luns").statusCode());
    HttpResponse<String> refused =
        carol.send(request("/luns/x").DELETE().build(), BodyHandlers.ofString());
    assertEquals(403, refused.statusCode());
    assertTrue(refused.body().contains("carol is operator"), refused.body());
  }

  @Test
  void certificateOfNobodyAndOneThatExpiredInTheFileAreRefused() throws Exception {
    HttpResponse<String> unknown = get(client(certificates.party("mallory", clients)), "/luns");
    assertEquals(401, unknown.statusCode());
    assertTrue(unknown.body().contains("The certificate is not known"), unknown.body());
    HttpResponse<String> late = get(client(certificates.party("late", clients)), "/luns");
    assertEquals(401, late.statusCode());
    assertTrue(late.body().contains("The certificate of late has expired"), late.body());
  }

  @Test
  void tokenIsTakenWithoutACertificateAndBeforeOne() throws Exception {
    HttpClient nobody = client((Pair) null);
    assertEquals(401, get(nobody, "/luns").statusCode());
    assertEquals(200, get(nobody, "/health").statusCode());
    HttpRequest asAdmin =
        request("/targets/none")
            .header("Authorization", "Bearer " + TestUsers.token(Role.ADMIN))
            .DELETE()
            .build();
    assertEquals(404, nobody.send(asAdmin, BodyHandlers.ofString()).statusCode());
    HttpClient carol = client(certificates.party("carol2", clients));
    assertEquals(404, carol.send(asAdmin, BodyHandlers.ofString()).statusCode());
    HttpRequest wrong = request("/luns").header("Authorization", "Bearer wrong").build();
    assertEquals(401, carol.send(wrong, BodyHandlers.ofString()).statusCode());
  }

  @Test
  void certificateOfAnotherAuthorityAndExpiredOneMakeNoConnection() throws Exception {
    // Of the gateways' own authority: what a server is is no user.
    Pair foreign = certificates.party("foreign", authority);
    assertThrows(IOException.class, () -> get(client(sending(foreign)), "/health"));
    Pair expired = certificates.party("expired", clients, -1);
    assertThrows(IOException.class, () -> get(client(sending(expired)), "/health"));
    Pair good = certificates.party("good", clients);
    assertEquals(200, get(client(sending(good)), "/health").statusCode());
  }

  /** A client that shows its certificate whatever the server asks for. */
  private static SSLContext sending(Pair own) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    X509Certificate certificate;
    try (var in = Files.newInputStream(own.certificate())) {
      certificate = (X509Certificate) factory.generateCertificate(in);
    }
    PrivateKey key = key(own.key());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (var in = Files.newInputStream(authority.certificate())) {
      trusted.setCertificateEntry("ca", factory.generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        new KeyManager[] {new Insistent(certificate, key)}, trust.getTrustManagers(), null);
    return context;
  }

  private static PrivateKey key(Path file) throws Exception {
    String text = Files.readString(file).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    return KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
  }

  /** Does not look at which authorities the server names. */
  private static final class Insistent extends X509ExtendedKeyManager {
    private final X509Certificate certificate;
    private final PrivateKey key;

    Insistent(X509Certificate certificate, PrivateKey key) {
      this.certificate = certificate;
      this.key = key;
    }

    @Override
    public String chooseEngineClientAlias(String[] kinds, Principal[] issuers, SSLEngine engine) {
      return "own";
    }

    @Override
    public String chooseClientAlias(String[] kinds, Principal[] issuers, Socket socket) {
      return "own";
    }

    @Override
    public String[] getClientAliases(String kind, Principal[] issuers) {
      return new String[] {"own"};
    }

    @Override
    public String[] getServerAliases(String kind, Principal[] issuers) {
      return null;
    }

    @Override
    public String chooseServerAlias(String kind, Principal[] issuers, Socket socket) {
      return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[] {certificate};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }
  }

  @Test
  void clientThatDoesNotKnowTheAuthorityMakesNoConnection() throws Exception {
    HttpClient strange = client(SSLContext.getDefault());
    assertThrows(SSLException.class, () -> get(strange, "/health"));
  }

  @Test
  void plainHttpIsNotSpoken() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", server.base().getPort())) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(30));
      socket
          .getOutputStream()
          .write(
              ("GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n"
                      + TestServer.AUTHORIZATION
                      + "\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String heard = "";
      try {
        heard = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      } catch (SocketException reset) {
        // Closed in another way.
      }
      assertFalse(heard.contains("HTTP/"), heard);
    }
    // And it is not stopped by that.
    assertEquals(200, get(client((Pair) null), "/health").statusCode());
  }

  @Test
  void browsersAreToldToStayWithTls() throws Exception {
    assertEquals(
        "max-age=63072000",
        get(client((Pair) null), "/health")
            .headers()
            .firstValue("Strict-Transport-Security")
            .orElseThrow());
  }
}
