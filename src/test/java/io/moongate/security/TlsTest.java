package io.moongate.security;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.security.TestCertificates.Pair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose certificates are taken and whose are not; which mistakes in files are told, and how. */
class TlsTest {
  private static final String SETTING = "moongate.test.tls";

  @TempDir private static Path directory;
  private static TestCertificates certificates;
  private static Pair authority;
  private static Pair stranger;
  private static Pair server;
  private static Pair client;

  @BeforeAll
  static void make() throws Exception {
    certificates = new TestCertificates(directory);
    authority = certificates.authority("authority");
    stranger = certificates.authority("stranger");
    server = certificates.party("server", authority);
    client = certificates.party("client", authority);
  }

  private static Tls tls(Pair own, Path ca) {
    return Tls.of(own.files(SETTING, ca));
  }

  private static Tls trusting(Path ca) {
    return Tls.of(new TlsFiles(SETTING, Optional.empty(), Optional.empty(), Optional.of(ca)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rsa:2048", "ed25519", "ec -pkeyopt ec_paramgen_curve:P-384"})
  void bothAreVerifiedWithKeysOfEveryKind(String kind) throws Exception {
    Pair own = certificates.party("kind", authority, 30, kind);
    SSLEngine serving = tls(own, authority.certificate()).server(Tls.Peer.MUST_AUTHENTICATE);
    SSLEngine asking = tls(client, authority.certificate()).client("127.0.0.1", 1);
    Handshake.of(asking, serving);
    assertEquals("TLSv1.3", serving.getSession().getProtocol());
    X509Certificate seen = (X509Certificate) serving.getSession().getPeerCertificates()[0];
    assertEquals(
        Set.of("cn=client", "dns=localhost", "email=client@example.com"),
        CertificateNames.of(seen));
  }

  @Test
  void olderProtocolsAndWeakSuitesAreNotSpoken() throws Exception {
    for (String protocol : new String[] {"TLSv1.1", "TLSv1"}) {
      SSLEngine old = trusting(authority.certificate()).client("localhost", 1);
      old.setEnabledProtocols(new String[] {protocol});
      assertThrows(
          SSLException.class,
          () -> Handshake.of(old, tls(server, null).server(Tls.Peer.ANONYMOUS)));
    }
    SSLEngine newer = trusting(authority.certificate()).client("localhost", 1);
    newer.setEnabledProtocols(new String[] {"TLSv1.2"});
    SSLEngine serving = tls(server, null).server(Tls.Peer.ANONYMOUS);
    Handshake.of(newer, serving);
    assertTrue(serving.getSession().getCipherSuite().matches("TLS_ECDHE_.*_(GCM|POLY1305)_.*"));
    for (String suite : serving.getEnabledCipherSuites()) {
      assertTrue(!suite.contains("CBC") && !suite.startsWith("TLS_RSA"), suite);
    }
  }

  @Test
  void certificateOfAnotherAuthorityIsRefusedByEitherSide() throws Exception {
    Pair foreign = certificates.party("foreign", stranger);
    assertThrows(
        SSLException.class,
        () ->
            Handshake.of(
                tls(foreign, authority.certificate()).client("localhost", 1),
                tls(server, authority.certificate()).server(Tls.Peer.MUST_AUTHENTICATE)));
    assertThrows(
        SSLException.class,
        () ->
            Handshake.of(
                tls(client, authority.certificate()).client("localhost", 1),
                tls(foreign, authority.certificate()).server(Tls.Peer.MUST_AUTHENTICATE)));
  }

  @Test
  void missingCertificateIsRefusedWhereOneIsAskedFor() {
    assertThrows(
        SSLException.class,
        () ->
            Handshake.of(
                trusting(authority.certificate()).client("localhost", 1),
                tls(server, authority.certificate()).server(Tls.Peer.MUST_AUTHENTICATE)));
    assertDoesNotThrow(
        () ->
            Handshake.of(
                trusting(authority.certificate()).client("localhost", 1),
                tls(server, authority.certificate()).server(Tls.Peer.MAY_AUTHENTICATE)));
    assertThrows(
        IllegalStateException.class, () -> tls(server, null).server(Tls.Peer.MAY_AUTHENTICATE));
  }

  @Test
  void certificateMustNameTheHost() {
    assertThrows(
        SSLException.class,
        () ->
            Handshake.of(
                trusting(authority.certificate()).client("gw1.example", 1),
                tls(server, null).server(Tls.Peer.ANONYMOUS)));
    assertThrows(
        SSLException.class,
        () ->
            Handshake.of(
                trusting(authority.certificate()).client("127.0.0.9", 1),
                tls(server, null).server(Tls.Peer.ANONYMOUS)));
  }

  @Test
  void certificateThatExpiresWhileItIsUsedIsRefused() throws Exception {
    Pair expired = certificates.party("expired", authority, -1);
    Clock then = Clock.offset(Clock.systemUTC(), Duration.ofDays(-2));
    // Its own party took it when it was valid.
    assertThrows(IllegalArgumentException.class, () -> tls(expired, authority.certificate()));
    assertThrows(
        IllegalArgumentException.class,
        () -> Tls.of(expired.files(SETTING, authority.certificate()), System::nanoTime, then));
  }

  @Test
  void mistakesAreNamed() throws Exception {
    Pair expired = certificates.party("expired2", authority, -1);
    Path ca = authority.certificate();
    mistake(expired.files(SETTING, ca), "(certificate): " + expired.certificate(), "is valid from");
    mistake(
        new Pair(server.certificate(), client.key()).files(SETTING, ca),
        "(key)",
        "is not that of the certificate");
    Path none = directory.resolve("none.pem");
    mistake(new Pair(none, server.key()).files(SETTING, ca), "there is no file " + none);
    mistake(new Pair(server.certificate(), none).files(SETTING, ca), "there is no file " + none);
    mistake(server.files(SETTING, none), "(authorities)", "there is no file " + none);
    mistake(
        new Pair(server.key(), server.key()).files(SETTING, ca),
        "(certificate)",
        server.key().toString());
    mistake(new Pair(server.certificate(), server.certificate()).files(SETTING, ca), "(key)");
    Path open = directory.resolve("open.key");
    Files.copy(server.key(), open);
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
    mistake(
        new Pair(server.certificate(), open).files(SETTING, ca), "expected 0600", open.toString());
    Path traditional = directory.resolve("traditional.key");
    certificates.openssl("ec", "-in", server.key().toString(), "-out", traditional.toString());
    Files.setPosixFilePermissions(traditional, PosixFilePermissions.fromString("rw-------"));
    mistake(
        new Pair(server.certificate(), traditional).files(SETTING, ca),
        "holds a EC PRIVATE KEY",
        "openssl pkcs8 -topk8");
    Pair rsa = certificates.party("rsa", authority, 30, "rsa:2048");
    mistake(new Pair(server.certificate(), rsa.key()).files(SETTING, ca), "holds no EC key");
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    new TlsFiles(
                        SETTING,
                        Optional.of(server.certificate()),
                        Optional.empty(),
                        Optional.empty()))
            .getMessage();
    assertTrue(
        message.contains(SETTING + ".certificate is set and " + SETTING + ".key is not"), message);
  }

  private static void mistake(TlsFiles files, String... expected) {
    String message = assertThrows(IllegalArgumentException.class, () -> Tls.of(files)).getMessage();
    assertTrue(message.startsWith(SETTING), message);
    for (String part : expected) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void renewedFilesAreTakenAndBrokenOnesAreNot() throws Exception {
    Path certificate = directory.resolve("renewed.pem");
    Path key = directory.resolve("renewed.key");
    Pair renewed = new Pair(certificate, key);
    copy(server, renewed);
    AtomicLong now = new AtomicLong();
    Tls tls = Tls.of(renewed.files(SETTING, null), now::get, Clock.systemUTC());
    assertEquals("cn=server", commonName(tls));
    copy(client, renewed);
    assertEquals("cn=server", commonName(tls));
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertEquals("cn=client", commonName(tls));
    assertEquals(Optional.empty(), tls.reading().refused());
    Files.writeString(certificate, "half");
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertEquals("cn=client", commonName(tls));
    String why = tls.reading().refused().orElseThrow();
    assertTrue(why.startsWith(SETTING + " (certificate): " + certificate), why);
    assertTrue(tls.reading().left().orElseThrow().toDays() >= 29, "of the one in force");
    copy(server, renewed);
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertEquals("cn=server", commonName(tls));
    assertEquals(Optional.empty(), tls.reading().refused());
  }

  /** Whoever signs it may have a clock that is ahead. */
  @Test
  void certificateThatIsNotValidYetIsTakenOnceItIs() throws Exception {
    Pair changed = new Pair(directory.resolve("early.pem"), directory.resolve("early.key"));
    Instant before = notBefore(server);
    while (!Instant.now().isAfter(before.plusSeconds(2))) {
      Thread.sleep(100);
    }
    Pair soon = certificates.party("soon", authority);
    AtomicReference<Instant> time = new AtomicReference<>(before);
    Clock clock =
        new Clock() {
          @Override
          public Instant instant() {
            return time.get();
          }

          @Override
          public ZoneId getZone() {
            return ZoneOffset.UTC;
          }

          @Override
          public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
          }
        };
    copy(server, changed);
    AtomicLong now = new AtomicLong();
    Tls tls = Tls.of(changed.files(SETTING, null), now::get, clock);
    copy(soon, changed);
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertTrue(tls.reading().refused().orElseThrow().contains("is valid from"));
    assertEquals("cn=server", commonName(tls));
    time.set(notBefore(soon));
    assertTrue(tls.reading().refused().isPresent(), "not before its time");
    now.addAndGet(Duration.ofSeconds(10).toNanos());
    assertEquals(Optional.empty(), tls.reading().refused());
    assertEquals("cn=soon", commonName(tls));
  }

  private static Instant notBefore(Pair pair) {
    return PemFile.certificates(pair.certificate()).get(0).getNotBefore().toInstant();
  }

  @Test
  void partiesOfTheProcessAreRead() throws Exception {
    Pair own = certificates.party("counted", authority);
    String setting = "moongate.counted.tls";
    Tls.of(own.files(setting, authority.certificate()));
    Tls.of(
        new TlsFiles(
            setting + "2", Optional.empty(), Optional.empty(), own.files("", null).certificate()));
    Map<String, TlsReading> seen =
        TlsReading.all().stream().collect(Collectors.toMap(TlsReading::setting, each -> each));
    assertTrue(seen.get(setting).left().orElseThrow().toDays() >= 29);
    assertEquals(Optional.empty(), seen.get(setting).refused());
    assertEquals(Optional.empty(), seen.get(setting + "2").left());
  }

  private static void copy(Pair from, Pair to) throws IOException {
    Files.copy(from.certificate(), to.certificate(), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(
        from.key(),
        to.key(),
        StandardCopyOption.REPLACE_EXISTING,
        StandardCopyOption.COPY_ATTRIBUTES);
  }

  private static String commonName(Tls serving) throws Exception {
    SSLEngine asking = trusting(authority.certificate()).client("localhost", 1);
    Handshake.of(asking, serving.server(Tls.Peer.ANONYMOUS));
    X509Certificate seen = (X509Certificate) asking.getSession().getPeerCertificates()[0];
    return CertificateNames.of(seen).stream()
        .filter(name -> name.startsWith("cn="))
        .findFirst()
        .orElseThrow();
  }
}
