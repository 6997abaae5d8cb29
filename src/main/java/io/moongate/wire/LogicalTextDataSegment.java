package io.moongate.wire;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;

/**
 * Text that comes or goes in several PDUs: all but the last have the C bit set (RFC 7143 sections
 * 6.1 and 6.2). A pair may span PDUs. Not thread-safe.
 */
public final class LogicalTextDataSegment {
  /** The bound in bytes where no other is given: what section 6.1 obliges a receiver to take. */
  public static final int MAX_LENGTH = 64 * 1024;

  private final int maxLength;
  private ByteStringBuilder gathered = ByteString.createBuilder();
  private int length;

  /** Gathers up to {@link #MAX_LENGTH} bytes. */
  public LogicalTextDataSegment() {
    this(MAX_LENGTH);
  }

  /** Gathers up to {@code maxLength} bytes. */
  public LogicalTextDataSegment(int maxLength) {
    this.maxLength = maxLength;
  }

  /**
   * Adds the data segment of one PDU.
   *
   * @throws ProtocolException when the whole becomes longer than the bound; what was gathered is
   *     dropped
   */
  public void add(ByteString data) {
    if (data.length() > maxLength - length) {
      take();
      throw ProtocolException.text("text of more than " + maxLength + " bytes");
    }
    // Copied: the parts are short, and slices would keep whole received chunks.
    gathered.putBytes(data.toArrayUnsafe());
    length += data.length();
  }

  /** Bytes gathered since the last {@link #take}. */
  public int length() {
    return length;
  }

  /** What was gathered, and begins anew. */
  public ByteString take() {
    ByteString text = gathered.result();
    gathered = ByteString.createBuilder();
    length = 0;
    return text;
  }

  /**
   * Cuts a text to send into data segments that the peer takes; at least one, maybe empty. All but
   * the last go with the C bit.
   *
   * @param maxDataSegmentLength what the peer declared, bytes
   */
  public static List<ByteString> split(ByteString text, int maxDataSegmentLength) {
    if (maxDataSegmentLength <= 0) {
      throw new IllegalArgumentException("MaxRecvDataSegmentLength " + maxDataSegmentLength);
    }
    List<ByteString> segments = new ArrayList<>();
    ByteString rest = text;
    while (rest.length() > maxDataSegmentLength) {
      segments.add(rest.take(maxDataSegmentLength));
      rest = rest.drop(maxDataSegmentLength);
    }
    segments.add(rest);
    return List.copyOf(segments);
  }
}
