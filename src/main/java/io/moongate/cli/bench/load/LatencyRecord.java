package io.moongate.cli.bench.load;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/** How long each of many operations took, to three digits. Confined to one thread. */
public final class LatencyRecord {
  private static final long LEAST_NANOS = 1_000;
  private static final long MOST_NANOS = 3_600_000_000_000L;
  private static final double NANOS_OF_MICRO = 1000.0;

  private final Histogram nanos;

  /** An empty one. */
  public LatencyRecord() {
    this(new Histogram(LEAST_NANOS, MOST_NANOS, 3));
  }

  private LatencyRecord(Histogram nanos) {
    this.nanos = nanos;
  }

  /** Adds one; more than an hour counts as an hour. */
  public void add(long took) {
    nanos.recordValue(Math.max(0, Math.min(took, MOST_NANOS)));
  }

  /** Adds those of another. */
  public void add(LatencyRecord other) {
    nanos.add(other.nanos);
  }

  /** How many there are. */
  public long count() {
    return nanos.getTotalCount();
  }

  /** The microseconds that so many percent of them did not exceed; 0 of none. */
  public double micros(double percent) {
    return nanos.getTotalCount() == 0 ? 0 : nanos.getValueAtPercentile(percent) / NANOS_OF_MICRO;
  }

  /** The longest, in microseconds. */
  public double mostMicros() {
    return nanos.getMaxValue() / NANOS_OF_MICRO;
  }

  /** As text, for another process. */
  public String encoded() {
    ByteBuffer bytes = ByteBuffer.allocate(nanos.getNeededByteBufferCapacity());
    int length = nanos.encodeIntoCompressedByteBuffer(bytes);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(bytes.array(), length));
  }

  /**
   * From {@link #encoded}.
   *
   * @throws IllegalArgumentException when the text is no such thing
   */
  public static LatencyRecord decode(String text) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(text));
      return new LatencyRecord(Histogram.decodeFromCompressedByteBuffer(bytes, MOST_NANOS));
    } catch (DataFormatException | BufferUnderflowException e) {
      throw new IllegalArgumentException("no record of latencies: " + e, e);
    }
  }
}
