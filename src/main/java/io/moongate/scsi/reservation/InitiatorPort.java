package io.moongate.scsi.reservation;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.command.Cdb;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * What an iSCSI TransportID names (SPC-4 section 7.6.4.6).
 *
 * @param name the iSCSI name, in the form in which names are compared: case does not matter (RFC
 *     7143 section 4.2.7)
 * @param isid 48 bits
 */
record InitiatorPort(String name, long isid) {
  private static final int HEADER = 4;
  private static final int LEAST_ADDITIONAL = 20;
  private static final int ISCSI = 0x5;
  private static final int FORMAT_PORT = 0x1;
  private static final String SEPARATOR = ",i,0x";
  private static final int LONGEST_NAME = 223;

  /** The TransportID of a nexus' initiator port, format 01b. */
  static byte[] transportId(Nexus nexus) {
    byte[] text = nexus.initiatorPort().getBytes(StandardCharsets.UTF_8);
    int additional = Math.max(LEAST_ADDITIONAL, text.length + 1 + 3 & ~3);
    byte[] out = Arrays.copyOf(new byte[] {(byte) (FORMAT_PORT << 6 | ISCSI)}, HEADER + additional);
    out[2] = (byte) (additional >> 8);
    out[3] = (byte) additional;
    System.arraycopy(text, 0, out, HEADER, text.length);
    return out;
  }

  /**
   * The TransportIDs of a parameter list from one byte to another. Format 00b, which names an
   * initiator and none of its ports, is not taken: which ports it has would depend on the gateway
   * that is asked.
   *
   * @throws CheckCondition INVALID FIELD IN PARAMETER LIST when one is cut off or isn't one of an
   *     iSCSI initiator port
   */
  static List<InitiatorPort> parse(Cdb list, int from, int to) {
    List<InitiatorPort> ports = new ArrayList<>();
    for (int at = from; at < to; at += HEADER + list.u16(at + 2)) {
      require(to - at >= HEADER + LEAST_ADDITIONAL, at);
      require((list.u8(at) & 0x0F) == ISCSI && list.u8(at) >> 6 == FORMAT_PORT, at);
      int additional = list.u16(at + 2);
      require(additional >= LEAST_ADDITIONAL && additional % 4 == 0, at + 2);
      require(additional <= to - at - HEADER, at + 2);
      ports.add(port(text(list.bytes(), at + HEADER, additional), at + HEADER));
    }
    return ports;
  }

  private static String text(byte[] bytes, int from, int length) {
    int end = from;
    while (end < from + length && bytes[end] != 0) {
      end++;
    }
    require(end < from + length, from);
    return new String(bytes, from, end - from, StandardCharsets.UTF_8);
  }

  private static InitiatorPort port(String text, int at) {
    int split = text.lastIndexOf(SEPARATOR);
    require(split > 0 && split <= LONGEST_NAME, at);
    String name = text.substring(0, split).toLowerCase(Locale.ROOT);
    String isid = text.substring(split + SEPARATOR.length());
    require(
        !isid.isEmpty() && isid.length() <= 12 && isid.chars().allMatch(HexFormat::isHexDigit), at);
    return new InitiatorPort(name, HexFormat.fromHexDigitsToLong(isid));
  }

  private static void require(boolean valid, int at) {
    if (!valid) {
      throw new CheckCondition(Sense.invalidParameter(at));
    }
  }
}
