package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** Whatever arrives, only a ProtocolException is thrown and memory stays within the limits. */
class PduDecoderFuzzTest {
  private static final int LIMIT = 2048;

  /** The longest PDU within the limit: basic header, AHSs, digest, data, padding, digest. */
  private static final int LONGEST_PDU = 48 + 1020 + 4 + LIMIT + 3 + 4;

  private static final int MIB = 1 << 20;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private long allocated() {
    return threads.getCurrentThreadAllocatedBytes();
  }

  @Test
  void randomBytes() {
    Random random = Bytes.seeded();
    for (int round = 0; round < 3_000; round++) {
      PduDecoder decoder = decoder(random);
      int chunks = 1 + random.nextInt(20);
      for (int i = 0; i < chunks; i++) {
        ByteString chunk = Bytes.random(random.nextInt(400), random);
        if (random.nextBoolean() && chunk.length() >= 8) {
          // Small lengths, so that the decoder gets past the header.
          byte[] bytes = chunk.toArray();
          bytes[4] = 0;
          bytes[5] = 0;
          bytes[6] = (byte) random.nextInt(9);
          chunk = ByteString.fromArrayUnsafe(bytes);
        }
        drain(decoder, chunk);
      }
    }
  }

  @Test
  void validStreamsWithSomeBytesChanged() {
    Random random = Bytes.seeded();
    List<Class<?>> kinds = PduSamples.kinds();
    for (int round = 0; round < 2_000; round++) {
      DigestSettings digests = Bytes.digests(random.nextBoolean(), random.nextBoolean());
      PduEncoder encoder = new PduEncoder(digests);
      ByteString stream = ByteString.emptyByteString();
      for (int i = 0; i < 5; i++) {
        Class<?> kind = kinds.get(random.nextInt(kinds.size()));
        stream = stream.concat(encoder.encode(PduSamples.random(kind, LIMIT, random)));
      }
      byte[] bytes = stream.toArray();
      int changes = 1 + random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      PduDecoder decoder = new PduDecoder(digests);
      decoder.maxDataSegmentLength(LIMIT);
      ByteString rest = ByteString.fromArrayUnsafe(bytes);
      while (!rest.isEmpty()) {
        int step = Math.min(rest.length(), 1 + random.nextInt(700));
        drain(decoder, rest.take(step));
        rest = rest.drop(step);
      }
    }
  }

  private static PduDecoder decoder(Random random) {
    PduDecoder decoder =
        new PduDecoder(Bytes.digests(random.nextInt(4) == 0, random.nextInt(4) == 0));
    decoder.maxDataSegmentLength(LIMIT);
    return decoder;
  }

  private static void drain(PduDecoder decoder, ByteString chunk) {
    decoder.feed(chunk);
    while (true) {
      try {
        Pdu pdu = decoder.next();
        if (pdu == null) {
          break;
        }
        assertTrue(pdu.data().length() <= LIMIT);
      } catch (ProtocolException e) {
        if (!e.connectionUsable()) {
          assertEquals(0, decoder.bufferedBytes());
          return;
        }
      }
    }
    assertTrue(decoder.bufferedBytes() < LONGEST_PDU, () -> "buffered " + decoder.bufferedBytes());
  }

  @Test
  void anAnnouncedLengthCostsNoMemory() {
    byte[] header = new byte[48];
    header[1] = (byte) 0x80;
    header[5] = (byte) 0xFF;
    header[6] = (byte) 0xFF;
    header[7] = (byte) 0xFF;
    ByteString chunk = ByteString.fromArrayUnsafe(header);
    PduDecoder refusing = new PduDecoder(Bytes.digests(false, false));
    PduDecoder waiting = new PduDecoder(Bytes.digests(false, false));
    waiting.maxDataSegmentLength((1 << 24) - 1);
    long before = allocated();
    refusing.feed(chunk);
    assertThrows(ProtocolException.class, refusing::next);
    waiting.feed(chunk);
    assertNull(waiting.next());
    long spent = allocated() - before;
    assertTrue(spent < MIB, () -> spent + " bytes for headers of 48");
  }

  @Test
  void singleBytesCostLittleMoreThanThemselves() {
    int length = MIB;
    Pdu pdu =
        new InitiatorPdu.DataOut(
            true, 0, 1, -1, 0, 0, 0, ByteString.fromArrayUnsafe(new byte[length]));
    byte[] bytes = new PduEncoder(Bytes.digests(false, false)).encode(pdu).toArray();
    List<ByteString> chunks = new ArrayList<>(bytes.length);
    for (byte b : bytes) {
      chunks.add(ByteString.fromArrayUnsafe(new byte[] {b}));
    }
    PduDecoder decoder = new PduDecoder(Bytes.digests(false, false));
    decoder.maxDataSegmentLength(length);
    long before = allocated();
    Pdu decoded = null;
    for (ByteString chunk : chunks) {
      assertNull(decoded);
      decoder.feed(chunk);
      decoded = decoder.next();
    }
    long spent = allocated() - before;
    assertEquals(pdu, decoded);
    assertTrue(spent < 4L * length, () -> spent + " bytes for " + length);
  }
}
