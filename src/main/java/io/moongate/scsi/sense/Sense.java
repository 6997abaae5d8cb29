package io.moongate.scsi.sense;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Sense data (SPC-4 section 4.5), independent of the format that it is sent in.
 *
 * @param key the SENSE KEY, as a number because sense data is also read back
 * @param additional ADDITIONAL SENSE CODE in the high byte, QUALIFIER in the low one
 * @param information the INFORMATION field when it is valid
 * @param specific the 24 SENSE KEY SPECIFIC bits with SKSV set, or 0 when there are none
 * @param copy where a third-party copy stood when it was aborted; not read back
 */
public record Sense(
    int key, int additional, OptionalLong information, int specific, Optional<CopyProgress> copy) {
  private static final int FIXED_CURRENT = 0x70;
  private static final int DESCRIPTOR_CURRENT = 0x72;
  private static final int FIXED_LENGTH = 18;
  private static final int INFORMATION_DESCRIPTOR = 0x00;
  private static final int SPECIFIC_DESCRIPTOR = 0x02;

  public Sense(int key, int additional, OptionalLong information, int specific) {
    this(key, additional, information, specific, Optional.empty());
  }

  private static final int NO_ADDITIONAL_SENSE = 0x0000;

  /** Nothing to report. */
  public static final Sense NONE = of(SenseKey.NO_SENSE, NO_ADDITIONAL_SENSE);

  /** The operation code isn't one of the device server's. */
  public static final Sense INVALID_OPERATION_CODE = of(SenseKey.ILLEGAL_REQUEST, 0x2000);

  /** The range is not within the medium. */
  public static final Sense LBA_OUT_OF_RANGE = of(SenseKey.ILLEGAL_REQUEST, 0x2100);

  /** There is no logical unit at the LUN. */
  public static final Sense LOGICAL_UNIT_NOT_SUPPORTED = of(SenseKey.ILLEGAL_REQUEST, 0x2500);

  /** The ACA task attribute, when there is no ACA condition. */
  public static final Sense INVALID_MESSAGE_ERROR = of(SenseKey.ILLEGAL_REQUEST, 0x4900);

  /** PARAMETER LIST LENGTH ERROR: the parameter data is cut short. */
  public static final Sense PARAMETER_LIST_LENGTH_ERROR = of(SenseKey.ILLEGAL_REQUEST, 0x1A00);

  /** RELEASE with another type than the reservation has. */
  public static final Sense INVALID_RELEASE_OF_PERSISTENT_RESERVATION =
      of(SenseKey.ILLEGAL_REQUEST, 0x2604);

  /** There is no room for another registration. */
  public static final Sense INSUFFICIENT_REGISTRATION_RESOURCES =
      of(SenseKey.ILLEGAL_REQUEST, 0x5504);

  /** The amount of data-out is not what the CDB needs, and a part of it can't be used. */
  public static final Sense INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT =
      of(SenseKey.ILLEGAL_REQUEST, 0x0E03);

  /** LOGICAL UNIT NOT READY, OPERATION IN PROGRESS. */
  public static final Sense OPERATION_IN_PROGRESS = of(SenseKey.NOT_READY, 0x0407);

  /** An asymmetric access state transition is under way. */
  public static final Sense TRANSITION = of(SenseKey.NOT_READY, 0x040A);

  /** The target port is in the standby state. */
  public static final Sense STANDBY = of(SenseKey.NOT_READY, 0x040B);

  /** The target port is in the unavailable state. */
  public static final Sense UNAVAILABLE = of(SenseKey.NOT_READY, 0x040C);

  /** The target port is in the offline state. */
  public static final Sense OFFLINE = of(SenseKey.NOT_READY, 0x0412);

  /** UNRECOVERED READ ERROR. */
  public static final Sense READ_ERROR = of(SenseKey.MEDIUM_ERROR, 0x1100);

  /** WRITE ERROR. */
  public static final Sense WRITE_ERROR = of(SenseKey.MEDIUM_ERROR, 0x0C00);

  /** LOGICAL UNIT NOT READY, SANITIZE IN PROGRESS; without the progress. */
  public static final Sense SANITIZE_IN_PROGRESS = of(SenseKey.NOT_READY, 0x041B);

  /** SANITIZE COMMAND FAILED. */
  public static final Sense SANITIZE_FAILED = of(SenseKey.MEDIUM_ERROR, 0x3103);

  /** WRITE PROTECTED: the unit is read-only. */
  public static final Sense WRITE_PROTECTED = of(SenseKey.DATA_PROTECT, 0x2700);

  /** LOGICAL UNIT SOFTWARE WRITE PROTECTED: SWP of the control mode page is set. */
  public static final Sense SOFTWARE_WRITE_PROTECTED = of(SenseKey.DATA_PROTECT, 0x2702);

  /** MEDIUM NOT PRESENT: it was ejected. */
  public static final Sense MEDIUM_NOT_PRESENT = of(SenseKey.NOT_READY, 0x3A00);

  /** MEDIUM REMOVAL PREVENTED. */
  public static final Sense MEDIUM_REMOVAL_PREVENTED = of(SenseKey.ILLEGAL_REQUEST, 0x5302);

  /** INSUFFICIENT RESOURCES. */
  public static final Sense INSUFFICIENT_RESOURCES = of(SenseKey.ILLEGAL_REQUEST, 0x5503);

  /** SET TARGET PORT GROUPS COMMAND FAILED. */
  public static final Sense SET_GROUPS_FAILED = of(SenseKey.HARDWARE_ERROR, 0x670A);

  /** SPACE ALLOCATION FAILED WRITE PROTECT: a thin store is full. */
  public static final Sense SPACE_ALLOCATION_FAILED = of(SenseKey.DATA_PROTECT, 0x2707);

  /** INTERNAL TARGET FAILURE. */
  public static final Sense INTERNAL_TARGET_FAILURE = of(SenseKey.HARDWARE_ERROR, 0x4400);

  /** Sense data without further fields. */
  public static Sense of(SenseKey key, int additional) {
    return new Sense(key.code(), additional, OptionalLong.empty(), 0);
  }

  /** INVALID FIELD IN CDB, pointing at a byte. */
  public static Sense invalidCdb(int at) {
    return fieldPointer(0x2400, 0xC0, at);
  }

  /** INVALID FIELD IN CDB, pointing at the most significant bit of a field. */
  public static Sense invalidCdb(int at, int bit) {
    return fieldPointer(0x2400, 0xC8 | bit, at);
  }

  /** INVALID FIELD IN PARAMETER LIST, pointing at a byte. */
  public static Sense invalidParameter(int at) {
    return fieldPointer(0x2600, 0x80, at);
  }

  /**
   * MISCOMPARE DURING VERIFY OPERATION.
   *
   * @param offset bytes from the start of the data-out buffer to the first that differs
   */
  public static Sense miscompare(long offset) {
    return of(SenseKey.MISCOMPARE, 0x1D00).withInformation(offset);
  }

  /**
   * The same with the PROGRESS INDICATION field (SPC-4 section 4.5.2.4.4).
   *
   * @param done from 0 to 1
   */
  public Sense withProgress(double done) {
    int progress = (int) Math.min(0xFFFF, Math.max(0, done * 0x1_0000));
    return new Sense(key, additional, information, 0x80 << 16 | progress);
  }

  private static Sense fieldPointer(int additional, int flags, int at) {
    return new Sense(
        SenseKey.ILLEGAL_REQUEST.code(), additional, OptionalLong.empty(), flags << 16 | at);
  }

  /** The same with an INFORMATION field. */
  public Sense withInformation(long value) {
    return new Sense(key, additional, OptionalLong.of(value), specific, copy);
  }

  /** The same with SENSE KEY SPECIFIC bits. */
  public Sense withSpecific(int bits) {
    return new Sense(key, additional, information, bits, copy);
  }

  /** The same with the progress of a copy. */
  public Sense with(CopyProgress progress) {
    return new Sense(key, additional, information, specific, Optional.of(progress));
  }

  /** In the format that the D_SENSE bit asks for. */
  public byte[] encode(boolean descriptorFormat) {
    return descriptorFormat ? descriptors() : fixed();
  }

  /** SPC-4 section 4.5.3. Information that needs more than 32 bits is left out, not truncated. */
  private byte[] fixed() {
    int reported = copy.map(CopyProgress::fixedLength).orElse(0);
    ByteBuffer out = ByteBuffer.allocate(FIXED_LENGTH + reported);
    boolean fits = information.isPresent() && information.getAsLong() >>> 32 == 0;
    out.put(0, (byte) (FIXED_CURRENT | (fits ? 0x80 : 0)));
    out.put(2, (byte) key);
    if (fits) {
      out.putInt(3, (int) information.getAsLong());
    }
    out.put(7, (byte) (out.capacity() - 8));
    copy.ifPresent(progress -> progress.putFixed(out, FIXED_LENGTH));
    out.putShort(12, (short) additional);
    out.put(15, (byte) (specific >> 16));
    out.putShort(16, (short) specific);
    return out.array();
  }

  /** SPC-4 section 4.5.2. */
  private byte[] descriptors() {
    int reported = copy.map(CopyProgress::descriptorsLength).orElse(0);
    int length = 8 + (information.isPresent() ? 12 : 0) + (specific != 0 ? 8 : 0) + reported;
    ByteBuffer out = ByteBuffer.allocate(length);
    out.put((byte) DESCRIPTOR_CURRENT).put((byte) key).putShort((short) additional);
    out.putShort((short) 0).put((byte) 0).put((byte) (length - 8));
    if (information.isPresent()) {
      out.put((byte) INFORMATION_DESCRIPTOR).put((byte) 0x0A).put((byte) 0x80).put((byte) 0);
      out.putLong(information.getAsLong());
    }
    if (specific != 0) {
      out.put((byte) SPECIFIC_DESCRIPTOR).put((byte) 0x06).putShort((short) 0);
      out.put((byte) (specific >> 16)).putShort((short) specific).put((byte) 0);
    }
    copy.ifPresent(progress -> progress.putDescriptors(out));
    return out.array();
  }

  /** Reads what {@link #encode} has written, in either format; empty when it is anything else. */
  public static Optional<Sense> decode(byte[] data) {
    ByteBuffer in = ByteBuffer.wrap(data);
    if (data.length >= FIXED_LENGTH && (data[0] & 0x7F) == FIXED_CURRENT) {
      OptionalLong information =
          data[0] < 0 ? OptionalLong.of(in.getInt(3) & 0xFFFF_FFFFL) : OptionalLong.empty();
      int specific = (data[15] & 0xFF) << 16 | in.getShort(16) & 0xFFFF;
      return Optional.of(
          new Sense(data[2] & 0x0F, in.getShort(12) & 0xFFFF, information, specific));
    }
    if (data.length >= 8 && (data[0] & 0x7F) == DESCRIPTOR_CURRENT) {
      OptionalLong information = OptionalLong.empty();
      int specific = 0;
      for (int at = 8; at + 8 <= data.length; at += 2 + (data[at + 1] & 0xFF)) {
        if (data[at] == INFORMATION_DESCRIPTOR && at + 12 <= data.length) {
          information = OptionalLong.of(in.getLong(at + 4));
        } else if (data[at] == SPECIFIC_DESCRIPTOR) {
          specific = (data[at + 4] & 0xFF) << 16 | in.getShort(at + 5) & 0xFFFF;
        }
      }
      return Optional.of(new Sense(data[1] & 0x0F, in.getShort(2) & 0xFFFF, information, specific));
    }
    return Optional.empty();
  }
}
