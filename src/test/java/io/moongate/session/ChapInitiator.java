package io.moongate.session;

import io.moongate.wire.TextKeys;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The initiator's side of a CHAP exchange, written apart from the target's: what it sends, and
 * whether it believes the target. A test may change any of it before it is sent.
 */
public final class ChapInitiator {
  private static final Map<String, String> HASHES =
      Map.of("5", "MD5", "6", "SHA-1", "7", "SHA-256", "8", "SHA3-256");

  private final String name;
  private final String secret;
  private final String algorithms;
  private boolean base64;
  private String targetName;
  private String targetSecret;
  private String identifier;
  private byte[] challenge;
  private String chosen;

  /**
   * @param algorithms the value of CHAP_A, such as 7,5
   */
  public ChapInitiator(String name, String secret, String algorithms) {
    this.name = name;
    this.secret = secret;
    this.algorithms = algorithms;
  }

  /** Has the target authenticate itself, too. */
  public ChapInitiator asking(String byName, String bySecret, int id, byte[] sent) {
    targetName = byName;
    targetSecret = bySecret;
    identifier = Integer.toString(id);
    challenge = sent.clone();
    return this;
  }

  /** Writes binary values in base64. */
  public ChapInitiator inBase64() {
    base64 = true;
    return this;
  }

  /** The keys of its first step. */
  public Map<String, String> proposal() {
    return Map.of("CHAP_A", algorithms);
  }

  /** The keys of its second step, after what the target answered to the first. */
  public Map<String, String> response(TextKeys asked) {
    chosen = asked.value("CHAP_A").orElseThrow();
    int id = Integer.parseInt(asked.value("CHAP_I").orElseThrow());
    byte[] theirs = hex(asked.value("CHAP_C").orElseThrow());
    Map<String, String> keys = new LinkedHashMap<>();
    keys.put("CHAP_N", name);
    keys.put("CHAP_R", text(hash(chosen, id, secret, theirs)));
    if (challenge != null) {
      keys.put("CHAP_I", identifier);
      keys.put("CHAP_C", text(challenge));
    }
    return keys;
  }

  /** Whether it asks the target to authenticate itself. */
  public boolean asks() {
    return challenge != null;
  }

  /** Whether the target has proven that it knows its secret. */
  public boolean believes(TextKeys answer) {
    byte[] right = hash(chosen, Integer.parseInt(identifier), targetSecret, challenge);
    return answer.value("CHAP_N").orElseThrow().equals(targetName)
        && Arrays.equals(right, hex(answer.value("CHAP_R").orElseThrow()));
  }

  /** A binary value as this initiator writes it. */
  String text(byte[] bytes) {
    return base64
        ? "0b" + Base64.getEncoder().encodeToString(bytes)
        : "0x" + HexFormat.of().formatHex(bytes);
  }

  static byte[] hex(String value) {
    if (!value.startsWith("0x")) {
      throw new AssertionError("not hexadecimal: " + value);
    }
    return HexFormat.of().parseHex(value.substring(2));
  }

  private static byte[] hash(String algorithm, int id, String secret, byte[] challenge) {
    try {
      MessageDigest digest = MessageDigest.getInstance(HASHES.get(algorithm));
      digest.update((byte) id);
      digest.update(secret.getBytes(StandardCharsets.UTF_8));
      digest.update(challenge);
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
