package io.moongate.wire;

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

/** CRC32C of a header, a block, and a long data segment. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DigestBenchmark {
  @Param({"48", "4096", "262144"})
  public int bytes;

  private final Crc32c crc = new Crc32c();
  private ByteString data;

  @Setup
  public void prepare() {
    data = ByteString.fromArray(CodecBenchmark.bytes(bytes));
  }

  @Benchmark
  public int crc32c() {
    crc.reset();
    crc.update(data);
    return crc.wireValue();
  }
}
