package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.access.KeyFiles;
import io.moongate.scsi.Admission;
import io.moongate.scsi.Admission.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiscoveryChapTest {
  private static final String SECRET = "discovery secret";

  @TempDir Path directory;

  private static Config config(String name, String file, String mutualName, String mutualFile) {
    return ConfigFactory.parseMap(
            Map.of(
                "moongate.iscsi.discovery.chap.name", name,
                "moongate.iscsi.discovery.chap.secret-file", file,
                "moongate.iscsi.discovery.mutual-chap.name", mutualName,
                "moongate.iscsi.discovery.mutual-chap.secret-file", mutualFile))
        .withFallback(ConfigFactory.parseResources("moongate.conf"))
        .resolve();
  }

  private String file(String name, String secret) throws IOException {
    return KeyFiles.privately(directory.resolve(name), secret).toString();
  }

  private static String mistake(Config config, String key) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> DiscoveryChap.from(config)).getMessage();
    assertTrue(message.contains("moongate.iscsi.discovery." + key), message);
    assertTrue(message.contains("expected") || message.contains("must"), message);
    assertFalse(message.contains(SECRET), message);
    return message;
  }

  @Test
  void withoutAnySettingWhoeverComesMayAsk() {
    assertEquals(Admission.OPEN, DiscoveryChap.from(config("", "", "", "")).admission());
  }

  @Test
  void secretsAreReadFromTheirFiles() throws IOException {
    Admission admission =
        DiscoveryChap.from(
                config("hosts", file("a", SECRET + "\n"), "gateway", file("b", "another secret")))
            .admission();
    assertTrue(admission.allowed());
    assertEquals(Optional.of(new Credentials("hosts", SECRET)), admission.initiator());
    assertEquals(Optional.of(new Credentials("gateway", "another secret")), admission.target());
    assertFalse(admission.toString().contains(SECRET));
  }

  @Test
  void mistakesNameTheKeyAndTheFile() throws IOException {
    String good = file("good", SECRET);
    assertTrue(
        mistake(config("hosts", "/nowhere/x", "", ""), "chap.secret-file").contains("/nowhere/x"));
    mistake(config("hosts", "", "", ""), "chap.secret-file is empty");
    mistake(config("", good, "", ""), "chap.name is empty");
    mistake(config("", "", "gateway", good), "mutual-chap is set");
    mistake(config("hosts", good, "gateway", good), "mutual-chap.secret-file");
    String brief = file("brief", "too short");
    assertTrue(mistake(config("hosts", brief, "", ""), "chap.secret-file").contains(brief));
    Files.setPosixFilePermissions(Path.of(good), PosixFilePermissions.fromString("rw-r--r--"));
    assertTrue(
        mistake(config("hosts", good, "", ""), "chap.secret-file").contains("chmod 600 " + good));
  }
}
