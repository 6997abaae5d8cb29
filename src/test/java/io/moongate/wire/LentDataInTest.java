package io.moongate.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LentDataIn;
import java.nio.ByteBuffer;
import java.util.Random;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;
import org.junit.jupiter.api.Test;

/** What is sent from where it is has the same bytes as what is copied. */
class LentDataInTest {
  @Test
  void itIsOnTheWireAsAnyOther() {
    Random random = Bytes.seeded();
    for (int turn = 0; turn < 400; turn++) {
      DigestSettings digests = Bytes.digests(random.nextBoolean(), random.nextBoolean());
      ByteString data = Bytes.random(1 + random.nextInt(70_000), random);
      int before = random.nextInt(100);
      ByteBuffer buffer = ByteBuffer.allocateDirect(before + data.length() + random.nextInt(100));
      buffer.position(before).put(data.toArray());
      ByteBuffer segment = buffer.flip().position(before);
      boolean last = random.nextBoolean();
      LentDataIn lent =
          new LentDataIn(dataIn(last, turn, ByteString.emptyByteString()), segment, () -> {});
      DataIn copied = dataIn(last, turn, data);
      assertEquals(copied.dataLength(), lent.dataLength());
      PduEncoder encoder = new PduEncoder(digests);
      ByteString expected = encoder.encode(copied);
      ByteStringBuilder header = ByteString.createBuilder();
      encoder.headerTo(lent, header);
      ByteStringBuilder trailer = ByteString.createBuilder();
      encoder.trailerTo(lent, trailer);
      assertEquals(
          expected,
          header.result().concat(ByteString.fromByteBuffer(segment)).concat(trailer.result()));
      segment.position(before);
      assertEquals(expected, encoder.encode(lent), "also by whoever knows nothing of it");
    }
  }

  private static DataIn dataIn(boolean last, int number, ByteString data) {
    return new DataIn(
        last,
        false,
        false,
        last,
        last,
        0,
        0,
        number,
        -1,
        last ? 7 : 0,
        8,
        9,
        number,
        512L * number,
        last ? 3 : 0,
        data);
  }
}
