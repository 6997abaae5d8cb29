package io.moongate.link;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ArpPacketTest {
  private static final byte[] HARDWARE = {2, 0, 0, 0, 0, 9};
  private static final byte[] OTHER = {2, 0, 0, 0, 0, 8};

  private static Inet4Address address(String text) {
    try {
      return (Inet4Address) InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** RFC 826; RFC 5227 section 1.1 and 2.3: sender of a probe is 0, of an announcement itself. */
  @Test
  void isEncodedAsTheStandardsHaveIt() {
    assertEquals(
        "0001"
            + "0800"
            + "0604"
            + "0001"
            + "020000000009"
            + "00000000"
            + "000000000000"
            + "c0000207",
        HexFormat.of().formatHex(ArpPacket.probe(HARDWARE, address("192.0.2.7")).encoded()));
    assertEquals(
        "0001"
            + "0800"
            + "0604"
            + "0001"
            + "020000000009"
            + "c0000207"
            + "000000000000"
            + "c0000207",
        HexFormat.of().formatHex(ArpPacket.announcement(HARDWARE, address("192.0.2.7")).encoded()));
  }

  @Test
  void comesBackAsItWas() {
    ArpPacket packet = new ArpPacket(2, OTHER, address("192.0.2.7"), address("192.0.2.1"));
    byte[] padded = Arrays.copyOf(packet.encoded(), 46);
    assertEquals(Optional.of(packet), ArpPacket.decoded(padded, padded.length));
    assertEquals("02:00:00:00:00:08", packet.senderName());
  }

  @Test
  void whatIsNoArpOfIpv4OnEthernetIsNone() {
    byte[] packet = ArpPacket.probe(HARDWARE, address("192.0.2.7")).encoded();
    for (int length = 0; length < ArpPacket.LENGTH; length++) {
      assertEquals(Optional.empty(), ArpPacket.decoded(packet, length));
    }
    for (int place : new int[] {1, 2, 4, 5}) {
      byte[] other = packet.clone();
      other[place]++;
      assertEquals(Optional.empty(), ArpPacket.decoded(other, other.length));
    }
  }
}
