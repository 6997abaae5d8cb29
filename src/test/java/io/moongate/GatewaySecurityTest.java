package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import io.moongate.management.SecuritySettings;
import io.moongate.relay.RelaySettings;
import io.moongate.security.SecretFile;
import io.moongate.security.TestCertificates;
import io.moongate.security.TestCertificates.Pair;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a gateway makes of its security settings, and of mistakes in them, before it starts. */
class GatewaySecurityTest {
  @TempDir private static Path directory;
  private static Pair authority;
  private static Pair own;

  @BeforeAll
  static void make() throws Exception {
    TestCertificates certificates = new TestCertificates(directory);
    authority = certificates.authority("authority");
    own = certificates.party("gw1", authority);
  }

  private static Config load(String... lines) throws Exception {
    Path file = directory.resolve("gw1.conf");
    Files.writeString(file, "moongate.gateway.name = gw1\n" + String.join("\n", lines) + "\n");
    return GatewayConfig.load(file, "00000000-0000-0000-0000-000000000000");
  }

  private static String files(String section, String ca) {
    return "%s { certificate = \"%s\", key = \"%s\", %s = \"%s\" }"
        .formatted(section, own.certificate(), own.key(), ca, authority.certificate());
  }

  private static String mistake(String... lines) {
    return assertThrows(
            IllegalArgumentException.class,
            () -> {
              Config config = load(lines);
              RelaySettings.from(config);
              SecuritySettings.from(config);
            })
        .getMessage();
  }

  @Test
  void nothingIsEncryptedAndNobodyIsKnownByDefault() throws Exception {
    Config config = load();
    assertEquals("tcp", config.getString("pekko.remote.artery.transport"));
    assertTrue(RelaySettings.from(config).tls().isEmpty());
    SecuritySettings security = SecuritySettings.from(config);
    assertTrue(security.tls().isEmpty());
    assertEquals("http", security.scheme());
    assertEquals(Path.of("/etc/moongate/users"), security.usersFile());
    assertEquals(20, security.failuresPerMinute());
    assertEquals(200, security.requestsPerSecond());
    assertEquals("127.0.0.1", config.getString("moongate.management.host"));
    assertEquals(false, config.getBoolean("moongate.management.allow-remote"));
  }

  @Test
  void oneSettingEncryptsClusterAndRelay() throws Exception {
    Config config = load(files("moongate.tls", "ca"));
    assertEquals("tls-tcp", config.getString("pekko.remote.artery.transport"));
    assertEquals(
        "io.moongate.cluster.membership.ClusterTls",
        config.getString("pekko.remote.artery.ssl.ssl-engine-provider"));
    assertTrue(RelaySettings.from(config).tls().isPresent());
  }

  @Test
  void cassandraIsReachedByFilesOrAsTheJvmDoes() throws Exception {
    String factory = "datastax-java-driver.advanced.ssl-engine-factory.";
    Config files =
        load("moongate.cassandra.tls = true", files("moongate.cassandra.tls-files", "ca"));
    assertEquals("io.moongate.cluster.cassandra.CassandraTls", files.getString(factory + "class"));
    assertEquals(authority.certificate().toString(), files.getString(factory + "ca"));
    assertEquals(own.key().toString(), files.getString(factory + "key"));
    assertEquals(
        "DefaultSslEngineFactory",
        load("moongate.cassandra.tls = true").getString(factory + "class"));
  }

  @Test
  void mistakesAreNamedBeforeItStarts() throws Exception {
    assertTrue(
        mistake("moongate.tls.ca = \"" + authority.certificate() + "\"")
            .contains("moongate.tls: found "));
    assertTrue(
        mistake("moongate.management.tls.key = \"x\"")
            .contains(
                "moongate.management.tls.key is set and moongate.management.tls.certificate"));
    assertTrue(
        mistake("moongate.management.tls.client-ca = \"x\"")
            .startsWith("moongate.management.tls.certificate must be set"));
    assertTrue(
        mistake("moongate.management.tls { certificate = \"/none\", key = \"/none\" }")
            .contains("moongate.management.tls (certificate): there is no file /none"));
    assertTrue(
        mistake("moongate.cassandra { tls = true, tls-files.ca = \"/none\" }")
            .contains("moongate.cassandra.tls-files (authorities): there is no file /none"));
    for (String setting :
        new String[] {
          "failure-delay = 11 s", "failures-per-minute = 0", "requests-per-second = 0"
        }) {
      String key = setting.substring(0, setting.indexOf(' '));
      assertTrue(
          mistake("moongate.management." + setting).startsWith("moongate.management." + key));
    }
    Path users = directory.resolve("users");
    SecretFile.write(users, "mistake\n");
    assertTrue(
        mistake("moongate.management.users-file = \"" + users + "\"")
            .startsWith(users + ", line 1: "));
  }
}
