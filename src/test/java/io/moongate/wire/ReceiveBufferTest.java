package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** What a connection keeps of the chunks that it received. */
class ReceiveBufferTest {
  private static final int CHUNK = 128 * 1024;

  private final ReceiveBuffer buffer = new ReceiveBuffer();

  @Test
  void aFewBytesDoNotKeepTheirChunkAlive() {
    byte[] chunk = new byte[CHUNK];
    chunk[CHUNK - 1] = 7;
    buffer.append(ByteString.fromArrayUnsafe(chunk));
    buffer.skip(CHUNK - 47);
    assertTrue(buffer.settle());
    assertEquals(47, buffer.length());
    assertEquals(47, buffer.firstArray().length);
    assertEquals(7, buffer.take(47).apply(46));
  }

  @Test
  void muchIsNotCopied() {
    byte[] chunk = new byte[CHUNK];
    buffer.append(ByteString.fromArrayUnsafe(chunk));
    buffer.skip(CHUNK / 2);
    assertFalse(buffer.settle());
    assertEquals(chunk, buffer.firstArray());
  }

  @Test
  void aHeaderThatWasReadIsFoundAfterItsChunkWasLeft() {
    PduDecoder decoder = new PduDecoder(Bytes.digests(false, false));
    decoder.maxDataSegmentLength(CHUNK);
    PduEncoder encoder = new PduEncoder(Bytes.digests(false, false));
    Pdu ping = new InitiatorPdu.NopOut(false, 3, 4, -1, 5, 6, Bytes.filled(CHUNK - 200, i -> i));
    Pdu second = new InitiatorPdu.NopOut(true, 7, 8, -1, 9, 10, Bytes.filled(600, i -> 7 * i));
    ByteString stream = encoder.encode(ping).concat(encoder.encode(second)).compact();
    decoder.feed(stream.take(stream.size() - 500).compact());
    assertEquals(ping, decoder.next());
    assertEquals(null, decoder.next());
    decoder.feed(stream.drop(stream.size() - 500).compact());
    assertEquals(second, decoder.next());
  }
}
