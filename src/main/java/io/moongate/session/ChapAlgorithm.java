package io.moongate.session;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * The hash of a CHAP exchange: RFC 7143 section 12.1.3 and IANA's registry of PPP authentication
 * algorithms, from which CHAP_A takes its numbers.
 */
public enum ChapAlgorithm {
  MD5(5, "MD5", 16),
  SHA_1(6, "SHA-1", 20),
  SHA_256(7, "SHA-256", 32),
  SHA3_256(8, "SHA3-256", 32);

  private final int number;
  private final String hash;
  private final int length;

  ChapAlgorithm(int number, String hash, int length) {
    this.number = number;
    this.hash = hash;
    this.length = length;
  }

  /** The number in CHAP_A. */
  int number() {
    return number;
  }

  /** The name as settings have it, such as SHA3-256. */
  String hash() {
    return hash;
  }

  /** Bytes of a response. */
  int length() {
    return length;
  }

  static Optional<ChapAlgorithm> of(int number) {
    for (ChapAlgorithm algorithm : values()) {
      if (algorithm.number == number) {
        return Optional.of(algorithm);
      }
    }
    return Optional.empty();
  }

  /** The response to a challenge (RFC 1994 section 4.1): the hash over all three in this order. */
  byte[] response(int identifier, String secret, byte[] challenge) {
    MessageDigest digest = digest();
    digest.update((byte) identifier);
    digest.update(secret.getBytes(StandardCharsets.UTF_8));
    return digest.digest(challenge);
  }

  private MessageDigest digest() {
    try {
      return MessageDigest.getInstance(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no " + hash, e);
    }
  }
}
