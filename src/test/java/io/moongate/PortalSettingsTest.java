package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.view.PortalAddress;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PortalSettingsTest {
  private static Config config(String... portals) {
    return ConfigFactory.parseString(
        "moongate.iscsi.portals = "
            + Stream.of(portals)
                .map(p -> '"' + p + '"')
                .collect(Collectors.joining(",", "[", "]")));
  }

  private static List<InetAddress> host(String... addresses) {
    List<InetAddress> all = new ArrayList<>();
    for (String address : addresses) {
      try {
        all.add(InetAddress.getByName(address));
      } catch (UnknownHostException e) {
        throw new AssertionError(e);
      }
    }
    return all;
  }

  private static String read(List<InetAddress> host, String... portals) {
    return PortalSettings.from(config(portals), () -> host).stream()
        .map(PortalAddress::toString)
        .collect(Collectors.joining(" "));
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1:3260, 192.0.2.1:3260",
    "[::1]:3260, [::1]:3260",
    "[2001:db8::5]:1, [2001:db8::5]:1",
    "[2001:0DB8:0:0::5]:1, [2001:db8::5]:1",
    "gw1.example.com:65535, gw1.example.com:65535",
  })
  void reads(String portal, String expected) {
    assertEquals(expected, read(List.of(), portal));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "3260",
        "192.0.2.1",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        ":3260",
        "::1:3260",
        "[]:3260",
        "[192.0.2.1]:3260",
        "[2001:db8::g]:3260",
        "[1:2:3]:3260",
        "[fe80::1%lo]:3260",
        "[::1]",
        "[::1:3260",
        "192.0.2.1:http"
      })
  void namesWhatIsWrong(String portal) {
    ConfigException wrong = assertThrows(ConfigException.class, () -> read(List.of(), portal));
    assertTrue(wrong.getMessage().contains("moongate.iscsi.portals"), wrong.getMessage());
    assertTrue(wrong.getMessage().contains("String: 1"), wrong.getMessage());
  }

  @Test
  void needsOne() {
    assertThrows(ConfigException.class, () -> read(List.of()));
  }

  @Test
  void tellsHostsAddressesForAWildcard() {
    List<InetAddress> host =
        host("127.0.0.1", "::1", "192.0.2.1", "198.51.100.1", "2001:db8::1", "fe80::1");
    assertEquals("192.0.2.1:3260 198.51.100.1:3260", read(host, "0.0.0.0:3260"));
    assertEquals("[2001:db8::1]:3261", read(host, "[::]:3261"));
    assertEquals("[2001:db8::1]:3261", read(host, "[0:0:0:0:0:0:0:0]:3261"));
    assertEquals("192.0.2.1:3260 198.51.100.1:3260", read(host, "192.0.2.1:3260", "0.0.0.0:3260"));
  }

  @Test
  void fallsBackToLoopback() {
    assertEquals("127.0.0.1:3260", read(host("127.0.0.1", "fe80::1"), "0.0.0.0:3260"));
    assertThrows(ConfigException.class, () -> read(host("127.0.0.1", "fe80::1"), "[::]:3260"));
  }

  @Test
  void asksThisHost() {
    assertTrue(PortalSettings.from(config("0.0.0.0:3260")).size() >= 1);
  }
}
