package io.moongate.scsi.copy;

import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.SenseKey;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameter list of EXTENDED COPY (LID1) (SPC-4 sections 6.4 and 6.5), whose structure is
 * sound. What its descriptors ask for is judged when it is their turn.
 *
 * @param listId LIST IDENTIFIER
 * @param identified whether that identifies the copy
 * @param resultsWanted whether the results are to be held
 * @param cscds CSCD descriptors
 * @param segments segment descriptors
 * @param length bytes of the whole
 */
record ParameterList(
    int listId,
    boolean identified,
    boolean resultsWanted,
    List<CscdDescriptor> cscds,
    List<SegmentDescriptor> segments,
    int length) {
  static final int HEADER = 16;
  static final int MAX_CSCDS = 16;

  private static final int HOLD = 0;
  private static final int DISCARD = 2;
  private static final int UNIDENTIFIED = 3;

  private static final int LONGEST_SEGMENT = 32;

  /** MAXIMUM DESCRIPTOR LIST LENGTH: there is room for one more of each kind, to tell so. */
  static int maxDescriptors(CopySettings settings) {
    return (MAX_CSCDS + 1) * CscdDescriptor.LENGTH + (settings.maxSegments() + 1) * LONGEST_SEGMENT;
  }

  /** Reads a whole list of at least a header, and refuses one that is not sound. */
  static ParameterList of(byte[] data, CopySettings settings) {
    Cdb in = new Cdb(data);
    int cscds = in.u16(2);
    long segments = in.u32(8);
    long inline = in.u32(12);
    if (HEADER + cscds + segments + inline > data.length
        || cscds + segments > maxDescriptors(settings)) {
      throw new CheckCondition(Sense.PARAMETER_LIST_LENGTH_ERROR, data.length);
    }
    if (inline > 0) {
      throw refused(0x260B, 12, data.length); // INLINE DATA LENGTH EXCEEDED
    }
    int usage = in.u8(1) >> 3 & 0x03;
    if (usage != HOLD && usage != DISCARD && usage != UNIDENTIFIED) {
      throw refused(0x2600, 1, data.length);
    }
    if (usage == UNIDENTIFIED && in.u8(0) != 0) {
      throw refused(0x2600, 0, data.length);
    }
    return new ParameterList(
        in.u8(0),
        usage != UNIDENTIFIED,
        usage == HOLD,
        cscds(in, HEADER + cscds),
        segments(in, HEADER + cscds, HEADER + cscds + (int) segments, settings.maxSegments()),
        data.length);
  }

  private static List<CscdDescriptor> cscds(Cdb in, int end) {
    int length = in.bytes().length;
    if ((end - HEADER) / CscdDescriptor.LENGTH > MAX_CSCDS) {
      throw refused(0x2606, 2, length); // TOO MANY TARGET DESCRIPTORS
    }
    List<CscdDescriptor> all = new ArrayList<>();
    for (int at = HEADER; at < end; at += CscdDescriptor.LENGTH) {
      if (!CscdDescriptor.isSupported(in.u8(at))) {
        throw refused(0x2607, at, length); // UNSUPPORTED TARGET DESCRIPTOR TYPE CODE
      }
      if (end - at < CscdDescriptor.LENGTH) {
        throw refused(0x2600, 2, length);
      }
      all.add(CscdDescriptor.of(in, at));
    }
    return List.copyOf(all);
  }

  private static List<SegmentDescriptor> segments(Cdb in, int from, int end, int most) {
    int length = in.bytes().length;
    List<SegmentDescriptor> all = new ArrayList<>();
    for (int at = from; at < end; ) {
      if (all.size() == most) {
        throw refused(0x2608, 8, length); // TOO MANY SEGMENT DESCRIPTORS
      }
      int expected = SegmentDescriptor.length(in.u8(at));
      if (expected == 0) {
        throw refused(0x2609, at, length); // UNSUPPORTED SEGMENT DESCRIPTOR TYPE CODE
      }
      if (end - at < expected) {
        throw refused(0x2600, 8, length);
      }
      if (in.u16(at + 2) != expected - 4) {
        throw refused(0x2600, at + 2, length);
      }
      all.add(SegmentDescriptor.of(in, at, all.size()));
      at += expected;
    }
    return List.copyOf(all);
  }

  private static CheckCondition refused(int additional, int at, int length) {
    Sense sense = Sense.of(SenseKey.ILLEGAL_REQUEST, additional).withSpecific(0x80 << 16 | at);
    return new CheckCondition(sense, length);
  }
}
