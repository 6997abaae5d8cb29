package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** Digests as they stand on the wire: the standard's own examples put into PDUs. */
class PduDigestTest {
  @Test
  void headerDigestOfTheStandardsExample() {
    // The SCSI Read (10) of RFC 3720 appendix B.4, with its digest as it goes on the wire.
    ScsiCommand read =
        new ScsiCommand(
            false,
            true,
            true,
            false,
            0,
            0,
            0x14000000,
            1024,
            0x14,
            0x18,
            Bytes.hex("28000000 00000000 02000000 00000000"),
            0,
            ByteString.emptyByteString());
    assertDigests(
        read,
        """
        01 c0 00 00  00 00 00 00  00 00 00 00  00 00 00 00
        14 00 00 00  00 00 04 00  00 00 00 14  00 00 00 18
        28 00 00 00  00 00 00 00  02 00 00 00  00 00 00 00
        56 3a 96 d9
        """,
        true);
  }

  @Test
  void dataDigestOfTheStandardsExamples() {
    String header =
        """
        05 80 00 00  00 00 00 20  00 00 00 00  00 00 00 00
        00 00 00 01  ff ff ff ff  00 00 00 00  00 00 00 00
        00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
        """;
    ByteString zeros = ByteString.fromArray(new byte[32]);
    assertDigests(
        new DataOut(true, 0, 1, -1, 0, 0, 0, zeros), header + "00".repeat(32) + "aa36918a", false);
    // 31 zeros and one byte of padding have the digest of 32 zeros: padding is covered.
    assertDigests(
        new DataOut(true, 0, 1, -1, 0, 0, 0, zeros.take(31)),
        header.replace("00 00 00 20", "00 00 00 1f") + "00".repeat(32) + "aa36918a",
        false);
  }

  private static void assertDigests(Pdu pdu, String hex, boolean header) {
    DigestSettings digests = Bytes.digests(header, true);
    assertEquals(Bytes.hex(hex), new PduEncoder(digests).encode(pdu));
    PduDecoder decoder = new PduDecoder(digests);
    decoder.feed(Bytes.hex(hex));
    assertEquals(pdu, decoder.next());
  }
}
