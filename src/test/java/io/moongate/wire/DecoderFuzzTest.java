package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moongate.fuzz.Mutations;
import io.moongate.fuzz.Script;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Any bytes in any chunks: the decoder gives PDUs and refusals, the same however the bytes are cut,
 * keeps less than a PDU, and what it gives can be encoded and is decoded to the same again.
 */
class DecoderFuzzTest {
  private static final int LIMIT = 2048;
  private static final int LONGEST_PDU = 48 + 1020 + 4 + LIMIT + 3 + 4;

  @FuzzTest(maxDuration = "10m")
  void fuzz(byte[] input) {
    Script script = new Script(input);
    int flags = script.u8();
    boolean header = (flags & 1) != 0;
    boolean data = (flags & 2) != 0;
    int cuts = script.u8();
    byte[] stream = (flags & 4) != 0 ? script.rest() : pdus(script, header, data);
    List<Object> whole = decode(stream, header, data, 0);
    assertEquals(whole, decode(stream, header, data, 1 + cuts));
    for (Object each : whole) {
      if (each instanceof Pdu pdu) {
        roundTrip(pdu, header, data);
      }
    }
  }

  @Test
  @Timeout(300)
  void mutations() {
    Mutations.run(DecoderFuzzTest.class, 20_000, this::fuzz);
  }

  /** PDUs whose lengths, padding and digests are right, with any header. */
  private static byte[] pdus(Script script, boolean header, boolean data) {
    ByteBuffer out = ByteBuffer.allocate(1 << 18);
    while (script.hasMore() && out.remaining() > 2 * LONGEST_PDU) {
      byte[] basic = script.padded(48);
      int ahs = (basic[4] & 0xFF) % 65 * 4;
      int length = ((basic[6] & 0xFF) << 8 | basic[7] & 0xFF) % (LIMIT + 8);
      basic[4] = (byte) (ahs / 4);
      basic[5] = 0;
      basic[6] = (byte) (length >> 8);
      basic[7] = (byte) length;
      byte[] segments = script.padded(ahs);
      byte[] bytes = script.padded(Math.min(length, 512));
      byte[] segment = java.util.Arrays.copyOf(bytes, length + (-length & 3));
      out.put(basic).put(segments);
      if (header) {
        digest(out, ByteString.fromArray(basic).concat(ByteString.fromArray(segments)));
      }
      out.put(segment);
      if (data && length > 0) {
        digest(out, ByteString.fromArray(segment));
      }
    }
    return java.util.Arrays.copyOf(out.array(), out.position());
  }

  private static void digest(ByteBuffer out, ByteString covered) {
    Crc32c crc = new Crc32c();
    crc.reset();
    crc.update(covered);
    out.putInt(crc.wireValue());
  }

  /** PDUs, and what refusals say; {@code cut} 0: in one chunk. */
  private static List<Object> decode(byte[] stream, boolean header, boolean data, int cut) {
    PduDecoder decoder = decoder(header, data);
    List<Object> results = new ArrayList<>();
    int at = 0;
    int step = cut == 0 ? stream.length : 1 + cut % 97;
    while (at < stream.length) {
      int length = Math.min(step, stream.length - at);
      decoder.feed(ByteString.fromArray(stream, at, length));
      at += length;
      step = cut == 0 ? step : 1 + (step * 31 + cut) % 1500;
      if (!drain(decoder, results)) {
        assertEquals(0, decoder.bufferedBytes());
        assertThrows(ProtocolException.class, decoder::next);
        return results;
      }
      assertTrue(decoder.bufferedBytes() < LONGEST_PDU, () -> "kept " + decoder.bufferedBytes());
    }
    return results;
  }

  /** False when nothing after it can be read. */
  private static boolean drain(PduDecoder decoder, List<Object> results) {
    while (true) {
      try {
        Pdu pdu = decoder.next();
        if (pdu == null) {
          return true;
        }
        results.add(pdu);
      } catch (ProtocolException refused) {
        results.add(refused.getMessage());
        assertTrue(refused.header().isEmpty() || refused.header().size() == 48);
        if (!refused.connectionUsable()) {
          return false;
        }
      }
    }
  }

  private static PduDecoder decoder(boolean header, boolean data) {
    PduDecoder decoder = new PduDecoder(Bytes.digests(header, data));
    decoder.maxDataSegmentLength(LIMIT);
    return decoder;
  }

  private static void roundTrip(Pdu pdu, boolean header, boolean data) {
    boolean login =
        pdu instanceof InitiatorPdu.LoginRequest || pdu instanceof TargetPdu.LoginResponse;
    PduEncoder encoder = new PduEncoder(Bytes.digests(header, data));
    PduDecoder decoder = decoder(header && !login, data && !login);
    decoder.feed(encoder.encode(pdu));
    assertEquals(pdu, decoder.next());
    assertNull(decoder.next());
    assertEquals(0, decoder.bufferedBytes());
    assertEquals(Pdu.BASIC_HEADER_LENGTH, PduEncoder.basicHeader(pdu).size());
  }
}
