package io.moongate.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostLinksTest {
  private static Inet4Address address(String text) throws UnknownHostException {
    return (Inet4Address) InetAddress.getByName(text);
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 24, 192.0.2.255, true",
    "192.0.2.1, 24, 192.0.3.1, false",
    "192.0.2.1, 25, 192.0.2.128, false",
    "10.1.2.3, 8, 10.255.0.1, true",
    "192.0.2.1, 32, 192.0.2.1, false",
    "192.0.2.1, 0, 198.51.100.1, false"
  })
  void aSubnetIsThatOfThePrefix(String network, int prefix, String other, boolean within)
      throws UnknownHostException {
    assertEquals(within, HostLinks.isWithin(address(network), (short) prefix, address(other)));
  }

  @Test
  void whoListensAtEveryAddressIsSeen() throws IOException {
    try (ServerSocket everywhere = new ServerSocket(0);
        ServerSocket one = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      HostLinks links = HostLinks.of(List.of());
      assertTrue(links.isListenedOn(everywhere.getLocalPort()));
      assertFalse(links.isListenedOn(one.getLocalPort()));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'  0: 00000000:0CBC 00000000:0000 0A 0', true",
    "'  0: 00000000000000000000000000000000:0CBC 00000000000000000000000000000000:0000 0A 0', true",
    "'  0: 0100007F:0CBC 00000000:0000 0A 0', false",
    "'  0: 00000000:0CBD 00000000:0000 0A 0', false",
    "'  0: 00000000:0CBC 0100007F:1234 01 0', false",
    "'  sl  local_address rem_address   st tx_queue', false",
    "'', false"
  })
  void linesOfTheKernelsTableAreRead(String line, boolean listens) {
    assertEquals(listens, HostLinks.listens(line, 3260));
  }

  @Test
  void anAddressThatThisHostHasNotIsNamed() {
    String said =
        assertThrows(IOException.class, () -> HostLinks.of(List.of("192.0.2.254"))).getMessage();
    assertTrue(said.contains("192.0.2.254"), said);
  }

  @Test
  void loopbackIsNoLinkOfOthers() {
    String said =
        assertThrows(IOException.class, () -> HostLinks.of(List.of("127.0.0.1"))).getMessage();
    assertTrue(said.contains("Ethernet"), said);
  }
}
