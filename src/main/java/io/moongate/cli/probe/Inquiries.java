package io.moongate.cli.probe;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Commands that only ask, and what is in their answers. */
public final class Inquiries {
  private static final int OF_UNIT = 0;
  private static final int OF_PORT = 1;
  private static final int NAA = 3;
  private static final int PORT_GROUP = 5;

  /** Access states by their codes (SPC-4 table 266), as the API calls them. */
  private static final Map<Integer, String> STATES =
      Map.of(
          0x0,
          "active-optimized",
          0x1,
          "active-non-optimized",
          0x2,
          "standby",
          0x3,
          "unavailable",
          0xe,
          "offline",
          0xf,
          "transitioning");

  private Inquiries() {}

  public static byte[] testUnitReady() {
    return new byte[16];
  }

  /** SBC-3 5.15. */
  public static byte[] readCapacity16(int allocation) {
    return ByteBuffer.allocate(16).put((byte) 0x9e).put((byte) 0x10).putInt(10, allocation).array();
  }

  /** SPC-4 6.6, standard data. */
  public static byte[] standardInquiry(int allocation) {
    return ByteBuffer.allocate(16).put((byte) 0x12).putShort(3, (short) allocation).array();
  }

  /** SPC-4 6.6, EVPD set, page 83h. */
  public static byte[] deviceIdentification(int allocation) {
    return ByteBuffer.allocate(16)
        .put((byte) 0x12)
        .put((byte) 0x01)
        .put((byte) 0x83)
        .putShort(3, (short) allocation)
        .array();
  }

  /** SPC-4 6.37, all of a target's LUNs. */
  public static byte[] reportLuns(int allocation) {
    return ByteBuffer.allocate(16).put((byte) 0xa0).putInt(6, allocation).array();
  }

  /** SPC-4 6.39, without the extended header. */
  public static byte[] reportTargetPortGroups(int allocation) {
    return ByteBuffer.allocate(16).put((byte) 0xa3).put((byte) 0x0a).putInt(6, allocation).array();
  }

  /** Vendor and product of standard data, without the blanks at their ends. */
  public static Optional<String> vendor(byte[] data) {
    return data.length < 32
        ? Optional.empty()
        : Optional.of(new String(data, 8, 8, StandardCharsets.US_ASCII).strip());
  }

  /** SPC-4 7.8.6: the first designator of type NAA that is associated with the logical unit. */
  public static Optional<String> naa(byte[] page) {
    return designator(page, OF_UNIT, NAA).map(HexFormat.of()::formatHex);
  }

  /** The target port group of the port through which the page was read. */
  public static OptionalInt portGroup(byte[] page) {
    Optional<byte[]> designator = designator(page, OF_PORT, PORT_GROUP);
    return designator.isPresent() && designator.get().length >= 4
        ? OptionalInt.of(ByteBuffer.wrap(designator.get()).getShort(2) & 0xffff)
        : OptionalInt.empty();
  }

  private static Optional<byte[]> designator(byte[] page, int ofWhat, int wanted) {
    int end =
        page.length < 4
            ? 0
            : Math.min(page.length, 4 + (ByteBuffer.wrap(page).getShort(2) & 0xffff));
    for (int at = 4; at + 4 <= end; at += 4 + (page[at + 3] & 0xff)) {
      int length = page[at + 3] & 0xff;
      int association = (page[at + 1] >> 4) & 0x3;
      int type = page[at + 1] & 0xf;
      if (association == ofWhat && type == wanted && at + 4 + length <= end) {
        byte[] value = new byte[length];
        System.arraycopy(page, at + 4, value, 0, length);
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }

  /** The LUNs of REPORT LUNS, in either addressing method (SAM-5 4.7.7). */
  public static List<Integer> luns(byte[] data) {
    List<Integer> luns = new ArrayList<>();
    int end = data.length < 8 ? 0 : (int) Math.min(data.length, 8 + unsigned(data, 0));
    for (int at = 8; at + 8 <= end; at += 8) {
      luns.add((data[at] & 0x3f) << 8 | data[at + 1] & 0xff);
    }
    return luns;
  }

  /** The access state of each target port group, by the group's id. */
  public static Map<Integer, String> states(byte[] data) {
    Map<Integer, String> states = new LinkedHashMap<>();
    int end = data.length < 4 ? 0 : (int) Math.min(data.length, 4 + unsigned(data, 0));
    for (int at = 4; at + 8 <= end; at += 8 + 4 * (data[at + 7] & 0xff)) {
      int state = data[at] & 0xf;
      states.put(
          ByteBuffer.wrap(data).getShort(at + 2) & 0xffff,
          STATES.getOrDefault(state, "state 0x%x".formatted(state)));
    }
    return states;
  }

  private static long unsigned(byte[] data, int at) {
    return Integer.toUnsignedLong(ByteBuffer.wrap(data).getInt(at));
  }
}
