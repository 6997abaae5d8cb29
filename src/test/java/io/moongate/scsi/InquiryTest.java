package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.assertSense;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class InquiryTest {
  private final UnitFixture fixture = UnitFixture.serving();

  private byte[] page(int code) {
    byte[] page = fixture.data("12 01 %02x 00 ff 00".formatted(code));
    assertEquals(0, page[0]);
    assertEquals(code, page[1] & 0xFF);
    assertEquals(page.length - 4, ByteBuffer.wrap(page).getShort(2));
    return page;
  }

  @Test
  void standardData() {
    byte[] data = fixture.data("12 00 00 00 ff 00");
    assertEquals(96, data.length);
    assertEquals("00000612", HexFormat.of().formatHex(data, 0, 4));
    assertEquals(91, data[4]);
    assertEquals(0x18, data[5], "TPGS: implicit only; 3PC");
    assertEquals(0x10, data[6], "MULTIP");
    assertEquals(0x02, data[7], "CMDQUE");
    String text = new String(data, 8, 28, StandardCharsets.US_ASCII);
    assertEquals("MOONGATEVOLUME          0001", text);
    assertEquals("00a0046004c00960", HexFormat.of().formatHex(data, 58, 66));
  }

  @Test
  void allocationLengthCutsTheDataButNotItsLengthField() {
    byte[] data = fixture.data("12 00 00 00 05 00");
    assertEquals("000006125b", HexFormat.of().formatHex(data));
    assertEquals(0, fixture.data("12 00 00 00 00 00").length);
  }

  @Test
  void aPageCodeWithoutEvpdIsRefused() {
    assertSense("05/2400", fixture.run("12 00 80 00 ff 00"));
    assertSense("05/2400", fixture.run("12 01 81 00 ff 00"));
  }

  @Test
  void everyPageThatIsListedCanBeRead() {
    byte[] codes = page(0x00);
    byte[] listed = Arrays.copyOfRange(codes, 4, codes.length);
    assertEquals("0080838687888fb0b1b2", HexFormat.of().formatHex(listed));
    for (byte code : listed) {
      page(code & 0xFF);
    }
  }

  @Test
  void serialNumber() {
    byte[] page = page(0x80);
    assertEquals("SN0001", new String(page, 4, page.length - 4, StandardCharsets.US_ASCII));
  }

  @Test
  void deviceIdentification() {
    ByteBuffer page = ByteBuffer.wrap(page(0x83)).position(4);
    assertEquals(0x0103_0008, page.getInt());
    assertEquals(UnitFixture.IDENTITY.naa(), Naa.of(page.getLong()));

    assertEquals(0x0201_002C, page.getInt());
    assertEquals("MOONGATE0b9e3d0e-32f1-4d6e-8f65-3f9de2c2a111", text(page, 44));

    assertEquals(0x5194_0004, page.getInt());
    assertEquals(1, page.getInt());
    assertEquals(0x5195_0004, page.getInt());
    assertEquals(1, page.getInt());

    assertEquals(0x5398, page.getShort() & 0xFFFF);
    int length = page.getShort();
    assertEquals(0, length % 4);
    assertEquals("iqn.2026-01.io.moongate:t,t,0x0001", text(page, length).replace("\0", ""));
    assertEquals(0, page.remaining());
  }

  private static String text(ByteBuffer page, int length) {
    byte[] text = new byte[length];
    page.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  @Test
  void blockLimits() {
    ByteBuffer page = ByteBuffer.wrap(page(0xB0));
    assertEquals(64, page.capacity());
    assertEquals(0, page.get(4), "WSNZ");
    assertEquals(8, page.get(5), "MAXIMUM COMPARE AND WRITE LENGTH");
    assertEquals(256, page.getInt(8), "MAXIMUM TRANSFER LENGTH");
    assertEquals(64, page.getInt(12), "OPTIMAL TRANSFER LENGTH");
    assertEquals(0, page.getInt(16), "MAXIMUM PREFETCH LENGTH");
    assertEquals(512, page.getInt(20), "MAXIMUM UNMAP LBA COUNT");
    assertEquals(4, page.getInt(24), "MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT");
    assertEquals(8, page.getInt(28), "OPTIMAL UNMAP GRANULARITY");
    assertEquals(0x8000_0000, page.getInt(32), "UGAVALID");
    assertEquals(512, page.getLong(36), "MAXIMUM WRITE SAME LENGTH");
  }

  @Test
  void provisioningFollowsTheStore() {
    assertArrayEquals(UnitFixture.hex("00 b2 0004 00 e4 02 00"), page(0xB2));
    assertEquals(1, page(0xB1)[5]);
    assertEquals(0x07, page(0x86)[5]);
    assertEquals(0x01, page(0x86)[6], "V_SUP");

    VolumeGeometry thick = new VolumeGeometry(1 << 20, 4096, false, 0, 0, false);
    UnitFixture other = new UnitFixture(thick, UnitFixture.SETTINGS).served();
    assertArrayEquals(UnitFixture.hex("00 b2 0004 00 00 00 00"), other.data("12 01 b2 00 ff 00"));
    ByteBuffer limits = ByteBuffer.wrap(other.data("12 01 b0 00 ff 00"));
    assertEquals(32, limits.getInt(8));
    assertEquals(0, limits.getInt(20));
    assertEquals(0, limits.getInt(24));
    assertEquals(0, limits.getInt(32));
    assertEquals(64, limits.getLong(36));
    assertEquals(0, other.data("12 01 86 00 ff 00")[6]);
  }

  /** Hosts know a disk by it that was another target's before. */
  @Test
  void anNaaOf128BitsIsGivenWhole() {
    String naa = "6001405a1b2c3d4e5f60718293a4b5c6";
    UnitIdentity identity = new UnitIdentity("id", new Naa(naa), "s", "p");
    byte[] page =
        new GatewayPair(identity)
            .ownedBy(0)
            .login(1, UnitFixture.NEXUS.initiatorName(), 1)
            .data("12 01 83 00 ff 00");
    assertEquals("01030010" + naa, HexFormat.of().formatHex(page, 4, 24));
    assertEquals(0x02, page[24]);
  }

  @Test
  void portsOfEveryGateway() {
    ByteBuffer page = ByteBuffer.wrap(page(0x88)).position(4);
    for (int port = 1; port <= 2; port++) {
      assertEquals(port, page.getInt(), "RELATIVE PORT IDENTIFIER");
      assertEquals(0, page.getInt(), "no initiator port");
      int length = page.getInt();
      assertEquals(0x5398, page.getShort() & 0xFFFF);
      assertEquals(length - 4, page.getShort());
      assertEquals(
          "iqn.2026-01.io.moongate:t,t,0x%04x".formatted(port),
          text(page, length - 4).replace("\0", ""));
    }
    assertEquals(0, page.remaining());
  }

  @Test
  void modePagesAreShared() {
    assertArrayEquals(UnitFixture.hex("00 87 0004 3f ff 00 00"), page(0x87));
  }

  @Test
  void atomicWritesAndExplicitAlua() {
    ByteBuffer none = ByteBuffer.wrap(page(0xB0));
    assertEquals(0, none.getInt(44), "MAXIMUM ATOMIC TRANSFER LENGTH");
    VolumeGeometry atomic = new VolumeGeometry(1 << 20, 512, true, 4096, 0, true, 1 << 16);
    UnitFixture other = new UnitFixture(atomic, UnitFixture.SETTINGS).served();
    assertEquals(0x18, other.data("12 00 00 00 ff 00")[5], "TPGS: implicit, 3PC");
    other.explicitTargets.add(UnitFixture.TARGET);
    assertEquals(128, ByteBuffer.wrap(other.data("12 01 b0 00 ff 00")).getInt(44));
    assertEquals(0x38, other.data("12 00 00 00 ff 00")[5], "TPGS: both, 3PC");
    assertEquals(0x40, other.data("12 01 b1 00 ff 00")[7], "WABEREQ");
  }
}
