package io.moongate.cluster.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.access.ChapSecrets.Purpose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChapSecretsTest {
  private static final String TARGET = "iqn.2026-11.io.moongate:t";
  private static final String HOST = "iqn.2026-11.example:host";
  private static final Purpose PURPOSE = Purpose.initiator(TARGET, HOST);
  private static final String SECRET = "correct horse ü battery";

  @TempDir Path directory;

  private ChapSecrets withKey(String name) throws IOException {
    return new ChapSecrets(Optional.of(KeyFiles.make(directory.resolve(name))));
  }

  private static String unavailable(ChapSecrets secrets, Purpose purpose, String sealed) {
    String message =
        assertThrows(ChapSecrets.Unavailable.class, () -> secrets.open(purpose, sealed))
            .getMessage();
    assertFalse(message.contains(SECRET), message);
    return message;
  }

  @Test
  void comesBackAndIsNeverTheSameTwice() throws Exception {
    ChapSecrets secrets = withKey("key");
    String one = secrets.seal(PURPOSE, SECRET);
    String other = secrets.seal(PURPOSE, SECRET);
    assertNotEquals(one, other, "a nonce of its own");
    assertEquals(SECRET, secrets.open(PURPOSE, one));
    assertEquals(SECRET, secrets.open(PURPOSE, other));
    ChapSecrets restarted = new ChapSecrets(Optional.of(directory.resolve("key")));
    assertEquals(SECRET, restarted.open(PURPOSE, one));
  }

  @Test
  void anotherKeyOpensNothingAndTheFileIsNamed() throws Exception {
    String sealed = withKey("one").seal(PURPOSE, SECRET);
    String message = unavailable(withKey("other"), PURPOSE, sealed);
    assertTrue(message.contains(directory.resolve("other").toString()), message);
    assertTrue(message.contains("moongate.iscsi.chap.key-file"), message);
  }

  @Test
  void everyBitCounts() throws Exception {
    ChapSecrets secrets = withKey("key");
    String sealed = secrets.seal(PURPOSE, SECRET);
    byte[] bytes = Base64.getDecoder().decode(sealed.substring(2));
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] tampered = bytes.clone();
      tampered[bit / 8] ^= (byte) (1 << bit % 8);
      unavailable(secrets, PURPOSE, "1:" + Base64.getEncoder().encodeToString(tampered));
    }
    for (int cut = 0; cut < sealed.length(); cut++) {
      unavailable(secrets, PURPOSE, sealed.substring(0, cut));
    }
    unavailable(secrets, PURPOSE, "2:" + sealed.substring(2));
    unavailable(secrets, PURPOSE, "1:%%%");
  }

  @Test
  void whatItIsForIsPartOfIt() throws Exception {
    ChapSecrets secrets = withKey("key");
    String sealed = secrets.seal(PURPOSE, SECRET);
    unavailable(secrets, Purpose.initiator(TARGET + "2", HOST), sealed);
    unavailable(secrets, Purpose.initiator(TARGET, HOST + "2"), sealed);
    unavailable(secrets, Purpose.initiator(TARGET + "i", HOST.substring(1)), sealed);
    unavailable(secrets, Purpose.everyInitiator(TARGET), sealed);
    unavailable(secrets, Purpose.target(TARGET), sealed);
    String ofTarget = secrets.seal(Purpose.target(TARGET), SECRET);
    unavailable(secrets, Purpose.everyInitiator(TARGET), ofTarget);
  }

  @Test
  void withoutAKeyItIsSaidHowToMakeOne() {
    Path nowhere = directory.resolve("nowhere");
    ChapSecrets secrets = new ChapSecrets(Optional.of(nowhere));
    String message =
        assertThrows(ChapSecrets.Unavailable.class, () -> secrets.seal(PURPOSE, SECRET))
            .getMessage();
    assertTrue(message.contains("head -c 32 /dev/urandom | base64 > " + nowhere), message);
    assertTrue(message.contains("umask 077"), message);
    String unset =
        assertThrows(
                ChapSecrets.Unavailable.class,
                () -> new ChapSecrets(Optional.empty()).seal(PURPOSE, SECRET))
            .getMessage();
    assertTrue(unset.contains("moongate.iscsi.chap.key-file is not set"), unset);
  }

  @Test
  void aKeyThatComesLaterIsFound() throws Exception {
    Path file = directory.resolve("late");
    ChapSecrets secrets = new ChapSecrets(Optional.of(file));
    assertThrows(ChapSecrets.Unavailable.class, () -> secrets.seal(PURPOSE, SECRET));
    Files.writeString(file, "short");
    String wrong =
        assertThrows(ChapSecrets.Unavailable.class, () -> secrets.seal(PURPOSE, SECRET))
            .getMessage();
    assertTrue(wrong.contains(file.toString()), wrong);
    Files.delete(file);
    KeyFiles.make(file);
    assertEquals(SECRET, secrets.open(PURPOSE, secrets.seal(PURPOSE, SECRET)));
  }

  private String mistake(Path file) {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    ChapSecrets.from(
                        ConfigFactory.parseString(
                            "moongate.iscsi.chap.key-file = \"" + file + "\"")))
            .getMessage();
    assertTrue(message.startsWith("moongate.iscsi.chap.key-file: "), message);
    assertTrue(message.contains(file.toString()), message);
    return message;
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rwx------", "rw-rw-rw-"})
  void aKeyThatOthersCouldReadIsRefused(String mode) throws IOException {
    Path file = KeyFiles.make(directory.resolve("key"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    String message = mistake(file);
    assertTrue(message.contains(mode), message);
    assertTrue(message.contains("expected 0600"), message);
    assertTrue(message.contains("chmod 600"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "not base64!", "AAAA", "key of 31"})
  void whatIsNoKeyIsRefusedAndNotQuoted(String text) throws IOException {
    Path file = KeyFiles.make(directory.resolve("key"));
    String content =
        text.equals("key of 31") ? Base64.getEncoder().encodeToString(new byte[31]) : text;
    Files.writeString(file, content);
    String message = mistake(file);
    assertTrue(message.contains("expected 32 random bytes in base64"), message);
    assertTrue(content.isEmpty() || !message.contains(content), message);
  }

  @Test
  void whatIsNoFileIsRefused() throws IOException {
    Path file = Files.createDirectory(directory.resolve("d"));
    mistake(file);
    Path long1 = KeyFiles.make(directory.resolve("long"));
    Files.writeString(long1, "A".repeat(2_000));
    assertTrue(mistake(long1).contains("more than 1024 bytes"));
  }

  @Test
  void keysMayBeReadOnlyAndInSeveralLines() throws Exception {
    Path file = KeyFiles.make(directory.resolve("key"));
    String sealed = new ChapSecrets(Optional.of(file)).seal(PURPOSE, SECRET);
    String text = Files.readString(file).strip();
    Files.writeString(file, text.substring(0, 20) + "\r\n " + text.substring(20) + "\n\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
    assertEquals(SECRET, new ChapSecrets(Optional.of(file)).open(PURPOSE, sealed));
  }

  @Test
  void secretsHaveTwelveTo255Bytes() {
    assertTrue(ChapSecrets.fault("x".repeat(11)).orElseThrow().contains("has 11"));
    assertEquals(Optional.empty(), ChapSecrets.fault("x".repeat(12)));
    assertEquals(Optional.empty(), ChapSecrets.fault("ü".repeat(6)), "bytes and not characters");
    assertEquals(Optional.empty(), ChapSecrets.fault("x".repeat(255)));
    assertTrue(ChapSecrets.fault("x".repeat(256)).isPresent());
    assertTrue(ChapSecrets.fault("ü".repeat(128)).isPresent());
    assertTrue(ChapSecrets.fault("x".repeat(20) + "\n").isPresent());
    assertTrue(ChapSecrets.fault("x".repeat(20) + "\0").isPresent());
    assertTrue(ChapSecrets.fault("x".repeat(20) + "\ud83d").isPresent());
  }
}
