package io.moongate.security;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys in PEM (RFC 7468). */
final class PemFile {
  private static final int MAX_BYTES = 1 << 20;
  private static final Pattern PKCS8 =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]*)-----END PRIVATE KEY-----");
  private static final Pattern OTHER_KEY = Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----");

  private PemFile() {}

  /**
   * The certificates in a file, in its order.
   *
   * @throws IllegalArgumentException names the file, what is wrong with it and what was expected
   */
  static List<X509Certificate> certificates(Path file) {
    byte[] bytes;
    try {
      if (!Files.isRegularFile(file)) {
        throw new IllegalArgumentException("there is no file " + file);
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException(file + " has more than " + MAX_BYTES + " bytes");
      }
      bytes = Files.readAllBytes(file);
    } catch (IOException unreadable) {
      throw new IllegalArgumentException(file + " can't be read: " + unreadable, unreadable);
    }
    try {
      List<X509Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(bytes))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (!certificates.isEmpty()) {
        return certificates;
      }
    } catch (CertificateException unreadable) {
      throw new IllegalArgumentException(
          "%s holds no certificates in PEM: %s".formatted(file, unreadable.getMessage()),
          unreadable);
    }
    throw new IllegalArgumentException(file + " holds no certificate, expected some in PEM");
  }

  /**
   * The private key in a file.
   *
   * @param algorithm of the public key that it must belong to
   * @throws IllegalArgumentException names the file, what is wrong with it and what was expected;
   *     never quotes what is in it
   */
  static PrivateKey privateKey(Path file, String algorithm) {
    String text = SecretFile.read(file, MAX_BYTES);
    Matcher pkcs8 = PKCS8.matcher(text);
    if (!pkcs8.find()) {
      Matcher other = OTHER_KEY.matcher(text);
      throw new IllegalArgumentException(
          ("%s holds %s, expected PKCS#8 without a password (BEGIN PRIVATE KEY). To convert one:"
                  + " openssl pkcs8 -topk8 -nocrypt -in %s -out NEW_FILE")
              .formatted(file, other.find() ? "a " + other.group(1) : "no key", file));
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(pkcs8.group(1));
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    } catch (GeneralSecurityException | IllegalArgumentException unreadable) {
      // Without the cause: it might say something of the key.
      throw new IllegalArgumentException(
          "%s holds no %s key, which the certificate is for".formatted(file, algorithm));
    }
  }
}
