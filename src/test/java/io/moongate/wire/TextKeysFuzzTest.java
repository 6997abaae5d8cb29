package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.moongate.fuzz.Mutations;
import java.util.Arrays;
import java.util.Optional;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Any text: it is refused, or it is exactly its keys and values, in any number of segments. */
class TextKeysFuzzTest {
  @DictionaryEntries({"=", "\u0000", "X#", "TargetName=", "iSCSIProtocolLevel=", "0x", "0b", "=="})
  @FuzzTest(maxDuration = "5m")
  void fuzz(byte[] input) {
    int segment = 1 + (input.length == 0 ? 0 : input[0] & 0xFF);
    ByteString text =
        ByteString.fromArray(input, Math.min(1, input.length), Math.max(0, input.length - 1));
    assertEquals(text, joined(text, segment));
    keys(text);
    BinaryValue.parse(new String(text.toArray(), java.nio.charset.StandardCharsets.UTF_8), 64)
        .ifPresent(
            value -> {
              assertTrue(value.length > 0 && value.length <= 64);
              assertArrayEquals(
                  value, BinaryValue.parse(BinaryValue.format(value), 64).orElseThrow());
            });
  }

  @Test
  @Timeout(300)
  void mutations() {
    Mutations.run(TextKeysFuzzTest.class, 50_000, this::fuzz);
  }

  private static ByteString joined(ByteString text, int segment) {
    LogicalTextDataSegment gathered = new LogicalTextDataSegment();
    for (ByteString part : LogicalTextDataSegment.split(text, segment)) {
      assertTrue(part.size() <= segment);
      gathered.add(part);
    }
    return gathered.take();
  }

  private static void keys(ByteString text) {
    for (boolean repeated : new boolean[] {false, true}) {
      try {
        TextKeys keys = repeated ? TextKeys.parseSendTargets(text) : TextKeys.parse(text);
        assertEquals(text, keys.format());
        for (TextKeys.Pair pair : keys.pairs()) {
          Optional<String> first = keys.value(pair.key());
          assertTrue(first.isPresent() && (repeated || first.get().equals(pair.value())));
        }
        assertTrue(keys.pairs().size() <= Arrays.stream(boxed(text)).filter(b -> b == 0).count());
      } catch (ProtocolException refused) {
        assertTrue(refused.connectionUsable());
      }
    }
  }

  private static int[] boxed(ByteString text) {
    byte[] bytes = text.toArray();
    int[] all = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      all[i] = bytes[i];
    }
    return all;
  }
}
