package io.moongate.security;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongSupplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One party to TLS connections: TLS 1.3, or 1.2 with forward secrecy and authenticated encryption.
 * Its files are read again within ten seconds of a change, for connections that begin after it;
 * files with a mistake are not taken, and what was there before stays.
 */
public final class Tls {
  private static final Logger LOG = LoggerFactory.getLogger(Tls.class);
  private static final Duration LOOK = Duration.ofSeconds(10);
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final char[] NO_PASSWORD = new char[0];

  /** The last party of each setting. */
  private static final Map<String, Tls> IN_USE = new ConcurrentSkipListMap<>();

  private final TlsFiles files;
  private final FileWatch watch;
  private final long againNanos;
  private final LongSupplier nanoTime;
  private final Clock clock;
  private volatile Read read;
  private volatile Refused refused;

  /**
   * What was made of the files.
   *
   * @param until when the first of its own certificates expires
   */
  private record Read(SSLContext context, Optional<Instant> until) {}

  /**
   * What is wrong with the files since they were changed.
   *
   * @param at on the monotonic clock, when they were last looked into
   */
  private record Refused(String why, long at) {}

  /** What the other party has to show. */
  public enum Peer {
    /** Nothing. */
    ANONYMOUS,
    /** A certificate of the authorities, if it has one. */
    MAY_AUTHENTICATE,
    /** A certificate of the authorities. */
    MUST_AUTHENTICATE
  }

  private Tls(TlsFiles files, Duration look, LongSupplier nanoTime, Clock clock) {
    this.files = files;
    this.clock = clock;
    this.againNanos = look.toNanos();
    this.nanoTime = nanoTime;
    this.watch = new FileWatch(files.all(), look, nanoTime);
    watch.changed();
    this.read = read();
  }

  /**
   * Reads the files.
   *
   * @throws IllegalArgumentException names the setting, the file and what was expected: when one is
   *     missing, is not PEM, the key is not the certificate's, or a certificate is not valid now
   */
  public static Tls of(TlsFiles files) {
    Tls tls = new Tls(files, LOOK, System::nanoTime, Clock.systemUTC());
    IN_USE.put(files.setting(), tls);
    return tls;
  }

  /** Those of this process. */
  static List<Tls> inUse() {
    return List.copyOf(IN_USE.values());
  }

  /** How its files are; they are looked at for it. */
  TlsReading reading() {
    current();
    Refused wrong = refused;
    return new TlsReading(
        files.setting(),
        Optional.ofNullable(wrong).map(Refused::why),
        read.until().map(until -> Duration.between(clock.instant(), until)));
  }

  static Tls of(TlsFiles files, LongSupplier nanoTime, Clock clock) {
    return new Tls(files, LOOK, nanoTime, clock);
  }

  /** Of the party that is connected to. */
  public SSLEngine server(Peer peer) {
    if (peer != Peer.ANONYMOUS && files.ca().isEmpty()) {
      throw new IllegalStateException(files.setting() + ": no authorities are named");
    }
    SSLEngine engine = current().createSSLEngine();
    engine.setUseClientMode(false);
    restrict(engine);
    switch (peer) {
      case ANONYMOUS -> engine.setNeedClientAuth(false);
      case MAY_AUTHENTICATE -> engine.setWantClientAuth(true);
      case MUST_AUTHENTICATE -> engine.setNeedClientAuth(true);
    }
    return engine;
  }

  /**
   * Of the party that connects. The other one's certificate must be of the authorities, and name
   * the host (RFC 2818 section 3.1).
   *
   * @param host name or address that is connected to
   */
  public SSLEngine client(String host, int port) {
    SSLEngine engine = current().createSSLEngine(host, port);
    engine.setUseClientMode(true);
    restrict(engine);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** Of the files as they are now, for a client that makes its own engines. */
  public SSLContext context() {
    return current();
  }

  /** Protocols and cipher suites. */
  private static void restrict(SSLEngine engine) {
    engine.setEnabledProtocols(PROTOCOLS);
    engine.setEnabledCipherSuites(
        Arrays.stream(engine.getSupportedCipherSuites())
            .filter(
                suite ->
                    suite.startsWith("TLS_AES")
                        || suite.startsWith("TLS_CHACHA20")
                        || suite.startsWith("TLS_ECDHE") && !suite.contains("_CBC_"))
            .toArray(String[]::new));
  }

  /**
   * The context of the files as they are now. What was refused is looked into again: a certificate
   * may be valid from a moment on that has not come yet.
   */
  private SSLContext current() {
    Refused before = refused;
    boolean again = before != null && nanoTime.getAsLong() - before.at() >= againNanos;
    if (watch.changed() || again) {
      try {
        read = read();
        refused = null;
        LOG.info("event=tls-files-read setting={}", files.setting());
      } catch (IllegalArgumentException mistake) {
        refused = new Refused(mistake.getMessage(), nanoTime.getAsLong());
        if (before == null || !before.why().equals(mistake.getMessage())) {
          LOG.error(
              "event=tls-files-refused reason=\"{}\": what was there before stays in force",
              mistake.getMessage());
        }
      }
    }
    return read.context();
  }

  private Read read() {
    try {
      List<X509Certificate> chain =
          files
              .certificate()
              .map(
                  file ->
                      named("certificate", () -> requireValid(file, PemFile.certificates(file))))
              .orElse(List.of());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(chain), trusted(), null);
      return new Read(
          context,
          chain.stream().map(each -> each.getNotAfter().toInstant()).min(Instant::compareTo));
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(files.setting() + ": " + e.getMessage(), e);
    }
  }

  private KeyManager[] keys(List<X509Certificate> chain)
      throws GeneralSecurityException, IOException {
    if (chain.isEmpty()) {
      return new KeyManager[0];
    }
    X509Certificate own = chain.get(0);
    Path keyFile = files.key().orElseThrow();
    PrivateKey key =
        named("key", () -> PemFile.privateKey(keyFile, own.getPublicKey().getAlgorithm()));
    requireBelongs(own, key, keyFile);
    KeyStore store = empty();
    store.setKeyEntry("own", key, NO_PASSWORD, chain.toArray(X509Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  /** Of the authorities in the file; where none is named, of those that Java trusts. */
  private TrustManager[] trusted() throws GeneralSecurityException, IOException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    if (files.ca().isEmpty()) {
      factory.init((KeyStore) null);
      return factory.getTrustManagers();
    }
    Path file = files.ca().get();
    KeyStore store = empty();
    int number = 0;
    for (X509Certificate authority :
        named("authorities", () -> requireValid(file, PemFile.certificates(file)))) {
      store.setCertificateEntry("ca" + number++, authority);
    }
    factory.init(store);
    return factory.getTrustManagers();
  }

  private interface Reading<T> {
    T read();
  }

  /** Says of which of the files a mistake is. */
  private <T> T named(String what, Reading<T> reading) {
    try {
      return reading.read();
    } catch (IllegalArgumentException mistake) {
      throw new IllegalArgumentException(
          "%s (%s): %s".formatted(files.setting(), what, mistake.getMessage()), mistake);
    }
  }

  private List<X509Certificate> requireValid(Path file, List<X509Certificate> certificates) {
    Instant now = clock.instant();
    for (X509Certificate certificate : certificates) {
      if (now.isBefore(certificate.getNotBefore().toInstant())
          || now.isAfter(certificate.getNotAfter().toInstant())) {
        throw new IllegalArgumentException(
            "%s: the certificate of %s is valid from %s to %s, and not now"
                .formatted(
                    file,
                    certificate.getSubjectX500Principal().getName(),
                    certificate.getNotBefore().toInstant(),
                    certificate.getNotAfter().toInstant()));
      }
    }
    return certificates;
  }

  private void requireBelongs(X509Certificate certificate, PrivateKey key, Path keyFile) {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case "EdDSA", "Ed25519", "Ed448" -> "EdDSA";
          default ->
              throw new IllegalArgumentException(
                  "%s (key): %s holds a key of the kind %s, expected RSA, EC or EdDSA"
                      .formatted(files.setting(), keyFile, key.getAlgorithm()));
        };
    boolean belongs;
    try {
      byte[] text = files.setting().getBytes(java.nio.charset.StandardCharsets.UTF_8);
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(text);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(text);
      belongs = signature.verify(signed);
    } catch (GeneralSecurityException e) {
      belongs = false;
    }
    if (!belongs) {
      throw new IllegalArgumentException(
          "%s (key): the key in %s is not that of the certificate in %s"
              .formatted(files.setting(), keyFile, files.certificate().orElseThrow()));
    }
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
