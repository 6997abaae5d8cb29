package io.moongate.scsi.reservation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.sense.CheckCondition;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InitiatorPortTest {
  private static final Nexus NEXUS = new Nexus("iqn.a:b", 0x00023D000001L, "t", 1);

  /** A TransportID with any text. */
  static byte[] transportId(int first, String text, int additional) {
    byte[] out = new byte[4 + additional];
    out[0] = (byte) first;
    out[2] = (byte) (additional >> 8);
    out[3] = (byte) additional;
    byte[] name = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(name, 0, out, 4, Math.min(name.length, additional));
    return out;
  }

  private static List<InitiatorPort> parse(byte[]... ids) {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    list.writeBytes(new byte[28]);
    for (byte[] id : ids) {
      list.writeBytes(id);
    }
    return InitiatorPort.parse(new Cdb(list.toByteArray()), 28, list.size());
  }

  private static int refusedAt(byte[]... ids) {
    CheckCondition refused = assertThrows(CheckCondition.class, () -> parse(ids));
    assertEquals(0x2600, refused.sense().additional());
    return refused.sense().specific() & 0xFFFF;
  }

  @Test
  void golden() {
    assertArrayEquals(
        HexFormat.of()
            .parseHex(
                "4500001c" // format 01b, iSCSI; 28 bytes follow
                    + "69716e2e613a62" // iqn.a:b
                    + "2c692c3078" // ,i,0x
                    + "303030323364303030303031" // 00023d000001
                    + "00000000"),
        InitiatorPort.transportId(NEXUS));
  }

  @Test
  void alwaysTerminatedAndAligned() {
    for (int length = 1; length <= 223; length++) {
      Nexus nexus = new Nexus("n".repeat(length), 0xFFFF_FFFF_FFFFL, "t", 1);
      byte[] id = InitiatorPort.transportId(nexus);
      assertEquals(0, id.length % 4);
      assertEquals(0, id[id.length - 1]);
      assertEquals(List.of(new InitiatorPort(nexus.initiatorName(), nexus.isid())), parse(id));
    }
  }

  @Test
  void shortIsidsAndNamesInCapitals() {
    assertEquals(
        List.of(
            new InitiatorPort("iqn.a:b", 0xAB),
            new InitiatorPort("iqn.a:node-a", 0xAB),
            new InitiatorPort("iqn.a:b", 0xFFFF_FFFF_FFFFL)),
        parse(
            transportId(0x45, "iqn.a:b,i,0xAB", 20),
            transportId(0x45, "iqn.a:Node-A,i,0xab", 20),
            transportId(0x45, "iqn.a:b,i,0xffffffffffff", 32)));
    assertEquals(List.of(), parse());
  }

  @Test
  void otherProtocolsAndFormats() {
    assertEquals(28, refusedAt(transportId(0x46, "iqn.a:b,i,0x1", 20)));
    assertEquals(28, refusedAt(transportId(0x85, "iqn.a:b,i,0x1", 20)));
    assertEquals(28, refusedAt(transportId(0x05, "iqn.a:b", 20)), "an initiator without a port");
    assertEquals(52, refusedAt(transportId(0x45, "iqn.a:b,i,0x1", 20), transportId(0x00, "x", 20)));
  }

  @Test
  void cutOffOrOfAWrongLength() {
    byte[] whole = transportId(0x45, "iqn.a:b,i,0x1", 24);
    assertEquals(30, refusedAt(java.util.Arrays.copyOf(whole, 24)));
    assertEquals(28, refusedAt(new byte[] {0x45}));
    assertEquals(28, refusedAt(new byte[] {0x45, 0, 0, 20, 65, 0, 0, 0}));
    assertEquals(30, refusedAt(transportId(0x45, "iqn.a:b,i,0x1", 21)));
    byte[] tooShort = transportId(0x45, "iqn.a:b,i,0x1", 20);
    tooShort[3] = 16;
    assertEquals(30, refusedAt(tooShort));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "iqn.a:b",
        "iqn.a:b,i,0x",
        "iqn.a:b,i,0x1234567890abc",
        "iqn.a:b,i,0x12g",
        "iqn.a:b,i,0x-1",
        ",i,0x1"
      })
  void portsWithoutAProperIsid(String text) {
    assertEquals(32, refusedAt(transportId(0x45, text, 32)));
  }

  @Test
  void namesThatDoNotEndOrAreTooLong() {
    assertEquals(32, refusedAt(transportId(0x45, "a".repeat(20), 20)));
    assertEquals(32, refusedAt(transportId(0x45, "", 20)));
    assertEquals(32, refusedAt(transportId(0x45, "a".repeat(224) + ",i,0x1", 232)));
  }
}
