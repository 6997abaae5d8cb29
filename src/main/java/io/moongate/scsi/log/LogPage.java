package io.moongate.scsi.log;

import io.moongate.scsi.mode.Threshold;
import io.moongate.volume.Volume;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Log pages with parameters, in ascending order. Every parameter is a binary list, to which neither
 * the page control nor thresholds apply.
 */
enum LogPage {
  /** Logical block provisioning (SBC-3 section 6.4.4): what the store can tell, and no more. */
  LOGICAL_BLOCK_PROVISIONING(0x0C) {
    @Override
    List<Parameter> parameters(Volume.Space space) {
      List<Parameter> out = new ArrayList<>();
      resource(space.available()).ifPresent(count -> out.add(resource(0x0001, count, SHARED)));
      resource(space.used()).ifPresent(count -> out.add(resource(0x0002, count, DEDICATED)));
      return out;
    }
  },

  /** Temperature (SPC-4 section 7.3.21): a volume has none that could be told. */
  TEMPERATURE(0x0D) {
    @Override
    List<Parameter> parameters(Volume.Space space) {
      byte[] none = {0, UNKNOWN};
      return List.of(new Parameter(0x0000, none), new Parameter(0x0001, none));
    }
  },

  /** Informational exceptions (SPC-4 section 7.3.11): there is none. */
  INFORMATIONAL_EXCEPTIONS(0x2F) {
    @Override
    List<Parameter> parameters(Volume.Space space) {
      return List.of(new Parameter(0x0000, new byte[] {0, 0, UNKNOWN, 0}));
    }
  };

  private static final byte UNKNOWN = (byte) 0xFF;
  private static final int DEDICATED = 0x01;
  private static final int SHARED = 0x02;

  /** FORMAT AND LINKING: a binary list. */
  private static final int BINARY_LIST = 0x03;

  /** A log parameter (SPC-4 section 7.3.2.2). */
  record Parameter(int code, byte[] value) {}

  private final int code;

  LogPage(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  /** Its parameters, in ascending order of their codes. */
  abstract List<Parameter> parameters(Volume.Space space);

  /** The parameters from a code on, as they are sent. */
  static byte[] encode(List<Parameter> parameters, int from) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Parameter each : parameters) {
      if (each.code() >= from) {
        ByteBuffer head = ByteBuffer.allocate(4);
        head.putShort((short) each.code()).put((byte) BINARY_LIST).put((byte) each.value().length);
        out.writeBytes(head.array());
        out.writeBytes(each.value());
      }
    }
    return out.toByteArray();
  }

  private static OptionalLong resource(OptionalLong bytes) {
    return bytes.isPresent()
        ? OptionalLong.of(Threshold.sets(bytes.getAsLong()) & 0xFFFF_FFFFL)
        : bytes;
  }

  private static Parameter resource(int code, long count, int scope) {
    byte[] value = ByteBuffer.allocate(8).putInt((int) count).put((byte) scope).array();
    return new Parameter(code, value);
  }
}
