package io.moongate.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moongate.fuzz.Mutations;
import io.moongate.fuzz.Script;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Any bytes in any chunks: frames or a refusal, the same however the bytes are cut, and what is
 * decoded is decoded to the same again.
 */
class FrameFuzzTest {
  private static final int MAX_DATA = 1024;

  @FuzzTest(maxDuration = "5m")
  void fuzz(byte[] input) {
    Script script = new Script(input);
    int flags = script.u8();
    int maxData = (flags & 1) != 0 ? MAX_DATA : 0;
    int cut = 1 + script.u8();
    byte[] stream = (flags & 2) != 0 ? script.rest() : frames(script);
    List<Object> whole = decode(stream, maxData, 0);
    assertEquals(whole, decode(stream, maxData, cut));
  }

  @Test
  @Timeout(300)
  void mutations() {
    Mutations.run(FrameFuzzTest.class, 50_000, this::fuzz);
  }

  /** Frames whose lengths are right, with any content. */
  private static byte[] frames(Script script) {
    ByteBuffer out = ByteBuffer.allocate(1 << 16);
    while (script.hasMore() && out.remaining() > 300) {
      int type = script.below(8);
      byte[] content = script.take(script.u8());
      out.putInt(1 + content.length).put((byte) type).put(content);
    }
    return java.util.Arrays.copyOf(out.array(), out.position());
  }

  private static List<Object> decode(byte[] stream, int maxData, int cut) {
    FrameDecoder decoder = new FrameDecoder(maxData);
    List<Object> results = new ArrayList<>();
    int at = 0;
    int step = cut == 0 ? stream.length : cut;
    while (at < stream.length) {
      int length = Math.min(step, stream.length - at);
      decoder.feed(ByteString.fromArray(stream, at, length));
      at += length;
      step = cut == 0 ? step : 1 + (step * 31 + cut) % 700;
      try {
        Optional<Frame> frame = decoder.next();
        while (frame.isPresent()) {
          results.add(again(frame.get(), maxData));
          frame = decoder.next();
        }
      } catch (RelayProtocolException refused) {
        results.add(refused.getMessage());
        return results;
      }
    }
    return results;
  }

  /** The frame's own bytes: what they are decoded to has the same ones. */
  private static ByteString again(Frame frame, int maxData) {
    ByteString bytes = FrameEncoder.encode(frame).compact();
    FrameDecoder decoder = new FrameDecoder(maxData);
    decoder.feed(bytes);
    assertEquals(bytes, FrameEncoder.encode(decoder.next().orElseThrow()).compact());
    assertEquals(Optional.empty(), decoder.next());
    return bytes;
  }
}
