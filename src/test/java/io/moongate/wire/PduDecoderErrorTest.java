package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.Random;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** Wrong digests, lengths and layouts, and what each leaves of the connection. */
class PduDecoderErrorTest {
  private static final ByteString NONE = ByteString.emptyByteString();

  /** A data segment of 5 bytes: three bytes of padding. */
  private static final InitiatorPdu.DataOut DATA_OUT =
      new InitiatorPdu.DataOut(
          true, 0x0001_0000_0000_0000L, 0x1234_5678, -1, 9, 3, 512, Bytes.hex("0102030405"));

  private static final InitiatorPdu.NopOut NOP_OUT =
      new InitiatorPdu.NopOut(true, 0, -1, 77, 5, 6, NONE);

  private static PduDecoder decoder(boolean headerDigest, boolean dataDigest) {
    return new PduDecoder(Bytes.digests(headerDigest, dataDigest));
  }

  private static ByteString encoded(Pdu pdu, boolean headerDigest, boolean dataDigest) {
    return new PduEncoder(Bytes.digests(headerDigest, dataDigest)).encode(pdu);
  }

  private static ProtocolException refused(PduDecoder decoder, ByteString bytes) {
    decoder.feed(bytes);
    return assertThrows(ProtocolException.class, decoder::next);
  }

  private static void assertEnded(PduDecoder decoder, ProtocolException error) {
    assertFalse(error.connectionUsable());
    decoder.feed(encoded(NOP_OUT, false, false));
    assertSame(error, assertThrows(ProtocolException.class, decoder::next));
    assertEquals(0, decoder.bufferedBytes());
  }

  private static void assertFormatError(ByteString bytes) {
    PduDecoder decoder = decoder(false, false);
    ProtocolException error = refused(decoder, bytes);
    assertEquals(Optional.of(RejectReason.INVALID_PDU_FIELD), error.reason());
    assertEquals(bytes.take(48), error.header());
    assertEnded(decoder, error);
  }

  @Test
  void anyFlippedBitOfAHeaderEndsTheConnectionWithoutReject() {
    ByteString good = encoded(DATA_OUT, true, false);
    for (int bit = 0; bit < 52 * 8; bit++) {
      PduDecoder decoder = decoder(true, false);
      // A flipped AHS length makes the header longer: give it bytes enough to be judged.
      decoder.feed(Bytes.flipped(good, bit).concat(ByteString.fromArray(new byte[1024])));
      ProtocolException error = assertThrows(ProtocolException.class, decoder::next);
      assertEquals(Optional.empty(), error.reason());
      assertEquals(NONE, error.header());
      assertEquals(Optional.empty(), error.initiatorTaskTag());
      assertEnded(decoder, error);
    }
  }

  @Test
  void theHeaderDigestCoversAdditionalHeaderSegments() {
    Random random = Bytes.seeded();
    Pdu command =
        new InitiatorPdu.ScsiCommand(
            false, true, true, true, 1, 0, 1, 8, 1, 1, Bytes.random(32, random), 4096, NONE);
    ByteString good = encoded(command, true, true);
    assertEquals(48 + 20 + 8 + 4, good.length());
    PduDecoder accepting = decoder(true, true);
    accepting.feed(good);
    assertEquals(command, accepting.next());
    for (int bit = 48 * 8; bit < good.length() * 8; bit++) {
      ProtocolException error = refused(decoder(true, true), Bytes.flipped(good, bit));
      assertEquals(Optional.empty(), error.reason());
    }
  }

  @Test
  void anyFlippedBitOfDataPaddingOrDigestIsRejectedAndTheConnectionGoesOn() {
    ByteString good = encoded(DATA_OUT, true, true);
    int dataStart = 52;
    assertEquals(dataStart + 5 + 3 + 4, good.length());
    for (int bit = dataStart * 8; bit < good.length() * 8; bit++) {
      PduDecoder decoder = decoder(true, true);
      decoder.feed(Bytes.flipped(good, bit).concat(encoded(NOP_OUT, true, true)).concat(good));
      ProtocolException error = assertThrows(ProtocolException.class, decoder::next);
      assertEquals(Optional.of(RejectReason.DATA_DIGEST_ERROR), error.reason());
      assertTrue(error.connectionUsable());
      assertEquals(PduEncoder.basicHeader(DATA_OUT), error.header());
      assertEquals(Optional.of(0x1234_5678), error.initiatorTaskTag());
      assertEquals(Optional.of(InitiatorPdu.DataOut.OPCODE), error.opcode());
      assertEquals(NOP_OUT, decoder.next());
      assertEquals(DATA_OUT, decoder.next());
      assertNull(decoder.next());
    }
  }

  @Test
  void anUnknownOpcodeIsRejectedAndTheConnectionGoesOn() {
    ByteString nop = encoded(DATA_OUT, false, false);
    for (int opcode = 0; opcode < 0x40; opcode++) {
      int candidate = opcode;
      boolean known = PduSamples.kinds().stream().anyMatch(kind -> opcodeOf(kind) == candidate);
      if (known) {
        continue;
      }
      byte[] bytes = nop.toArray();
      bytes[0] = (byte) (opcode | 0x40);
      PduDecoder decoder = decoder(false, false);
      decoder.feed(ByteString.fromArray(bytes).concat(encoded(NOP_OUT, false, false)));
      ProtocolException error = assertThrows(ProtocolException.class, decoder::next);
      assertEquals(Optional.of(RejectReason.COMMAND_NOT_SUPPORTED), error.reason());
      assertTrue(error.connectionUsable());
      assertEquals(ByteString.fromArray(bytes, 0, 48), error.header());
      assertEquals(NOP_OUT, decoder.next());
    }
  }

  private static int opcodeOf(Class<?> kind) {
    try {
      return kind.getField("OPCODE").getInt(null);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anOversizeDataSegmentIsRefusedByItsHeaderAlone() {
    PduDecoder decoder = decoder(false, true);
    decoder.maxDataSegmentLength(4096);
    Pdu longest =
        new InitiatorPdu.NopOut(true, 0, 1, -1, 5, 6, ByteString.fromArray(new byte[4096]));
    decoder.feed(encoded(longest, false, true));
    assertEquals(longest, decoder.next());
    Pdu longer =
        new InitiatorPdu.NopOut(true, 0, 1, -1, 5, 6, ByteString.fromArray(new byte[4097]));
    ProtocolException error = refused(decoder, encoded(longer, false, true).take(48));
    assertEquals(Optional.of(RejectReason.PROTOCOL_ERROR), error.reason());
    assertEquals(PduEncoder.basicHeader(longer), error.header());
    assertEnded(decoder, error);
  }

  @Test
  void theDefaultLimitIsThatOfALogin() {
    PduDecoder decoder = decoder(false, false);
    Pdu longer =
        new InitiatorPdu.NopOut(true, 0, 1, -1, 5, 6, ByteString.fromArray(new byte[8193]));
    assertFalse(refused(decoder, encoded(longer, false, false)).connectionUsable());
  }

  @Test
  void withAHeaderDigestLengthsAreJudgedOnlyOnceItWasChecked() {
    PduDecoder decoder = decoder(true, false);
    Pdu longer =
        new InitiatorPdu.NopOut(true, 0, 1, -1, 5, 6, ByteString.fromArray(new byte[8193]));
    ByteString bytes = encoded(longer, true, false);
    decoder.feed(bytes.take(51));
    assertNull(decoder.next());
    ProtocolException error = refused(decoder, bytes.slice(51, 52));
    assertEquals(Optional.of(RejectReason.PROTOCOL_ERROR), error.reason());
    assertEnded(decoder, error);
  }

  @Test
  void limitsOutsideTheStandardsRangeAreRefused() {
    PduDecoder decoder = decoder(false, false);
    assertThrows(IllegalArgumentException.class, () -> decoder.maxDataSegmentLength(511));
    assertThrows(IllegalArgumentException.class, () -> decoder.maxDataSegmentLength(1 << 24));
    decoder.maxDataSegmentLength(512);
    decoder.maxDataSegmentLength((1 << 24) - 1);
  }

  @Test
  void additionalHeaderSegmentOnAPduThatHasNone() {
    byte[] bytes =
        encoded(NOP_OUT, false, false).concat(Bytes.hex("0005 02 00 00001000")).toArray();
    bytes[4] = 2;
    assertFormatError(ByteString.fromArray(bytes));
  }

  @Test
  void dataSegmentOnAPduThatHasNone() {
    Pdu function = new InitiatorPdu.TaskManagementRequest(true, 1, 0, 1, 2, 3, 4, 5, 6);
    byte[] bytes = encoded(function, false, false).concat(Bytes.hex("01020304")).toArray();
    bytes[7] = 4;
    assertFormatError(ByteString.fromArray(bytes));
  }

  @Test
  void missingFinalBitWhereItIsAlwaysOne() {
    byte[] bytes = encoded(NOP_OUT, false, false).toArray();
    bytes[1] = 0;
    assertFormatError(ByteString.fromArray(bytes));
  }

  @Test
  void scsiCommandFlagsThatContradict() {
    assertFormatError(command(0x01, 0, ""));
    assertFormatError(command(0x85, 0, ""));
  }

  @Test
  void additionalHeaderSegmentsThatDoNotFit() {
    // Unknown types 0 and 3; lengths beyond, zero, too long a CDB, a read length of 6 bytes; twice.
    assertFormatError(command(0x81, 1, "0001 00 00"));
    assertFormatError(command(0x81, 1, "0001 03 00"));
    assertFormatError(command(0x81, 2, "0006 01 00 00000000"));
    assertFormatError(command(0x81, 1, "0000 01 00"));
    assertFormatError(command(0x81, 1, "0001 01 00"));
    assertFormatError(command(0x81, 63, "00f6 01 00" + "00".repeat(248)));
    assertFormatError(command(0x81, 3, "0006 02 00 00000000 00000000"));
    assertFormatError(command(0x81, 4, "0005 02 00 00000000 0005 02 00 00000000"));
    assertFormatError(command(0x81, 4, "0005 01 00 00000000 0005 01 00 00000000"));
    assertFormatError(command(0x81, 255, "ffff 01 00" + "00".repeat(1016)));
  }

  @Test
  void additionalHeaderSegmentsThatNoCommandNeedsAreRefusedByTheHeaderAlone() {
    PduDecoder longest = decoder(false, false);
    longest.feed(command(0x81, 64, ""));
    assertNull(longest.next());
    assertFormatError(command(0x81, 65, ""));
  }

  @Test
  void reservedBitsOfAnAhsTypeAreIgnored() {
    PduDecoder decoder = decoder(false, false);
    decoder.feed(command(0xE1, 2, "0005 c2 ff 80000001"));
    assertEquals(
        0x8000_0001L, ((InitiatorPdu.ScsiCommand) decoder.next()).bidirectionalReadLength());
  }

  /** A SCSI Command with these flags, TotalAHSLength in words and AHS bytes. */
  private static ByteString command(int flags, int ahsWords, String ahs) {
    byte[] header = new byte[48];
    header[0] = 0x01;
    header[1] = (byte) flags;
    header[4] = (byte) ahsWords;
    return ByteString.fromArray(header).concat(Bytes.hex(ahs));
  }

  @Test
  void paddingIsIgnoredWithoutDigest() {
    byte[] bytes = encoded(DATA_OUT, false, false).toArray();
    bytes[bytes.length - 1] = 0x55;
    PduDecoder decoder = decoder(false, false);
    decoder.feed(ByteString.fromArray(bytes));
    assertEquals(DATA_OUT, decoder.next());
  }

  @Test
  void rejectedCarriesWhatTheSessionFound() {
    ProtocolException error =
        ProtocolException.rejected(
            RejectReason.TASK_IN_PROGRESS, "tag in use", true, PduEncoder.basicHeader(DATA_OUT));
    assertEquals(Optional.of(RejectReason.TASK_IN_PROGRESS), error.reason());
    assertEquals(Optional.of(0x1234_5678), error.initiatorTaskTag());
    assertThrows(
        IllegalArgumentException.class,
        () -> ProtocolException.rejected(RejectReason.TASK_IN_PROGRESS, "", true, NONE));
  }
}
