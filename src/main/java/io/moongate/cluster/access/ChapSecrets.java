package io.moongate.cluster.access;

import com.typesafe.config.Config;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Encrypts CHAP secrets with AES-256-GCM under a key that is in a file on every gateway and not in
 * the metadata: whoever reads the journal, a backup of it, or what gateways send one another, has
 * no secret. What a secret is for is bound to the ciphertext, so that one that was copied to
 * another target or initiator is refused. Thread-safe.
 */
public final class ChapSecrets {
  /** Bytes that a secret has at least: 96 bits (RFC 7143 section 9.2.1). */
  public static final int MIN_BYTES = 12;

  /** Bytes that a secret has at most. */
  public static final int MAX_BYTES = 255;

  /** The setting that names the key file. */
  public static final String KEY_FILE = "moongate.iscsi.chap.key-file";

  private static final String FORMAT = "1:";
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final Optional<Path> file;
  private final SecureRandom random = new SecureRandom();
  private volatile Optional<SecretKey> key;

  /** Who authenticates itself by a secret. */
  public enum Use {
    /** An initiator, by a secret of its own. */
    INITIATOR,
    /** Initiators that have none of their own. */
    EVERY_INITIATOR,
    /** The target. */
    TARGET
  }

  /**
   * What a secret is for.
   *
   * @param initiator its iSCSI name when the use is INITIATOR; else empty
   */
  public record Purpose(Use use, String target, String initiator) {

    /** An initiator's own secret at a target. */
    public static Purpose initiator(String target, String initiator) {
      return new Purpose(Use.INITIATOR, target, initiator);
    }

    /** A target's secret for initiators without their own. */
    public static Purpose everyInitiator(String target) {
      return new Purpose(Use.EVERY_INITIATOR, target, "");
    }

    /** A target's secret for mutual CHAP. */
    public static Purpose target(String target) {
      return new Purpose(Use.TARGET, target, "");
    }

    /** Each part with its length before it: no two purposes have the same bytes. */
    private byte[] bytes() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (String part : new String[] {"moongate-chap", use.name(), target, initiator}) {
        byte[] text = part.getBytes(StandardCharsets.UTF_8);
        bytes.writeBytes(ByteBuffer.allocate(4).putInt(text.length).array());
        bytes.writeBytes(text);
      }
      return bytes.toByteArray();
    }
  }

  /** There is no key, or it is not the one that a secret was encrypted under. */
  public static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1L;

    Unavailable(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Secrets under the key in a file. A file that is not there yet is looked for again whenever it
   * is needed.
   *
   * @throws IllegalArgumentException when the file is there and is no key that can be trusted
   */
  public ChapSecrets(Optional<Path> file) {
    this.file = file;
    this.key = file.flatMap(ChapKeyFile::read);
  }

  /**
   * Reads {@code moongate.iscsi.chap.key-file}; empty: none.
   *
   * @throws IllegalArgumentException names the key of the configuration, the file, what is wrong
   *     with it, and what was expected
   */
  public static ChapSecrets from(Config config) {
    String name = config.getString(KEY_FILE);
    try {
      return new ChapSecrets(name.isBlank() ? Optional.empty() : Optional.of(Path.of(name)));
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException(KEY_FILE + ": " + wrong.getMessage(), wrong);
    }
  }

  /**
   * What is wrong with a secret, to follow its name; empty when it is right. Never quotes it. Line
   * ends and other control characters are refused: they come from files by mistake, and most hosts
   * could not be told such a secret.
   */
  public static Optional<String> fault(String secret) {
    int bytes;
    try {
      bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(secret)).remaining();
    } catch (CharacterCodingException half) {
      return Optional.of("holds half of a surrogate pair, which is no text");
    }
    if (bytes < MIN_BYTES || bytes > MAX_BYTES) {
      return Optional.of(
          "must have %d to %d bytes (RFC 7143 asks for 96 bits at least), and has %d"
              .formatted(MIN_BYTES, MAX_BYTES, bytes));
    }
    return secret.chars().anyMatch(c -> c < ' ' || c == 0x7F)
        ? Optional.of("must not hold line ends or other control characters")
        : Optional.empty();
  }

  /**
   * Encrypts a secret.
   *
   * @throws Unavailable when there is no key; says how to make one
   */
  public String seal(Purpose purpose, String secret) throws Unavailable {
    SecretKey sealing = key();
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      Cipher cipher = Cipher.getInstance(CIPHER);
      cipher.init(Cipher.ENCRYPT_MODE, sealing, new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(purpose.bytes());
      byte[] sealed = cipher.doFinal(secret.getBytes(StandardCharsets.UTF_8));
      byte[] all = Arrays.copyOf(nonce, NONCE_BYTES + sealed.length);
      System.arraycopy(sealed, 0, all, NONCE_BYTES, sealed.length);
      return FORMAT + Base64.getEncoder().withoutPadding().encodeToString(all);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("AES-256-GCM fails", impossible);
    }
  }

  /**
   * Decrypts a secret.
   *
   * @throws Unavailable when there is no key, it is another one, or the ciphertext is not what was
   *     sealed for this purpose; never quotes anything of it
   */
  public String open(Purpose purpose, String sealed) throws Unavailable {
    SecretKey opening = key();
    try {
      if (!sealed.startsWith(FORMAT)) {
        throw new Unavailable("it is in a format that this version does not know");
      }
      byte[] all = Base64.getDecoder().decode(sealed.substring(FORMAT.length()));
      if (all.length < NONCE_BYTES + TAG_BITS / 8) {
        throw new Unavailable("it is cut off");
      }
      Cipher cipher = Cipher.getInstance(CIPHER);
      cipher.init(
          Cipher.DECRYPT_MODE, opening, new GCMParameterSpec(TAG_BITS, all, 0, NONCE_BYTES));
      cipher.updateAAD(purpose.bytes());
      return new String(
          cipher.doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES), StandardCharsets.UTF_8);
    } catch (AEADBadTagException | IllegalArgumentException wrong) {
      throw new Unavailable(
          "the key in %s (%s) is not the one that it was encrypted under, or it was tampered with"
              .formatted(file.map(Path::toString).orElse("-"), KEY_FILE));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("AES-256-GCM fails", impossible);
    }
  }

  private SecretKey key() throws Unavailable {
    Optional<SecretKey> known = key;
    if (known.isEmpty() && file.isPresent()) {
      try {
        known = ChapKeyFile.read(file.get());
      } catch (IllegalArgumentException wrong) {
        throw new Unavailable(KEY_FILE + ": " + wrong.getMessage());
      }
      key = known;
    }
    return known.orElseThrow(() -> new Unavailable(noKey()));
  }

  private String noKey() {
    return file.map(
            path ->
                "This gateway has no key to encrypt CHAP secrets under: there is no file %s (%s). %s"
                    .formatted(path, KEY_FILE, ChapKeyFile.advice(path)))
        .orElseGet(
            () ->
                "This gateway has no key to encrypt CHAP secrets under: %s is not set. %s, set it"
                        .formatted(KEY_FILE, ChapKeyFile.advice(Path.of("/etc/moongate/chap.key")))
                    + " there to that path, and start the gateways again");
  }
}
