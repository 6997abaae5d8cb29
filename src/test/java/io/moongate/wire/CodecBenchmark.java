package io.moongate.wire;

import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.TargetPdu.DataIn;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.util.ByteString;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** PDUs from bytes and to bytes, and the digest by itself. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodecBenchmark {
  private static final int BLOCK = 4096;

  @Param({"false", "true"})
  public boolean digests;

  private PduDecoder decoder;
  private PduEncoder encoder;
  private ByteString readCommand;
  private ByteString writeCommand;
  private DataIn dataIn;

  @Setup
  public void prepare() {
    DigestSettings settings = new DigestSettings();
    settings.set(digests, digests);
    decoder = new PduDecoder(settings);
    encoder = new PduEncoder(settings);
    ByteString data = ByteString.fromArray(bytes(BLOCK));
    readCommand = compact(encoder.encode(command(true, ByteString.emptyByteString())));
    writeCommand = compact(encoder.encode(command(false, data)));
    dataIn = new DataIn(true, false, false, false, true, 0, 0, 7, -1, 1, 2, 130, 0, 0, 0, data);
  }

  private static ByteString compact(ByteString bytes) {
    return ByteString.fromArray(bytes.toArray());
  }

  static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + (i >> 8));
    }
    return bytes;
  }

  private static ScsiCommand command(boolean read, ByteString data) {
    byte[] cdb = new byte[16];
    cdb[0] = (byte) (read ? 0x88 : 0x8A);
    cdb[13] = 8;
    return new ScsiCommand(
        false, true, read, !read, 1, 0, 7, BLOCK, 1, 1, ByteString.fromArray(cdb), 0, data);
  }

  @Benchmark
  public Pdu decodeRead() {
    decoder.feed(readCommand);
    return decoder.next();
  }

  @Benchmark
  public Pdu decodeWriteOf4KiB() {
    decoder.feed(writeCommand);
    return decoder.next();
  }

  @Benchmark
  public ByteString encodeDataInOf4KiB() {
    return encoder.encode(dataIn);
  }
}
