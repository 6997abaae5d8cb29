package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTextTest {
  /** The examples of RFC 5952 sections 2 and 4 among them. */
  @ParameterizedTest
  @CsvSource({
    "::, ::",
    "::1, ::1",
    "0:0:0:0:0:0:0:1, ::1",
    "1::, 1::",
    "2001:0db8::0001, 2001:db8::1",
    "2001:db8:0:0:0:0:2:1, 2001:db8::2:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:DB8::AAAA:0:0:1, 2001:db8::aaaa:0:0:1",
    "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
    "0:1:1:1:1:1:0:0, 0:1:1:1:1:1::",
    "192.0.2.1, 192.0.2.1",
    "::ffff:192.0.2.1, 192.0.2.1"
  })
  void isTheSameForTheSameAddress(String address, String expected) throws Exception {
    assertEquals(expected, AddressText.of(InetAddress.getByName(address)));
  }

  @Test
  void hasNoZone() throws Exception {
    byte[] linkLocal = InetAddress.getByName("fe80::1").getAddress();
    assertEquals(
        "fe80::1", AddressText.of(java.net.Inet6Address.getByAddress("any", linkLocal, 1)));
  }

  @Test
  void standsInBracketsBeforeAPort() {
    assertEquals("[::1]:3260", AddressText.of(new InetSocketAddress("::1", 3260)));
    assertEquals("127.0.0.1:3260", AddressText.of(new InetSocketAddress("127.0.0.1", 3260)));
    assertEquals("gw1:3260", AddressText.of(InetSocketAddress.createUnresolved("gw1", 3260)));
  }
}
