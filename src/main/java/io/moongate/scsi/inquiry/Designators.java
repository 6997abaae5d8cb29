package io.moongate.scsi.inquiry;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.UnitIdentity;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Designation descriptors of the Device Identification page (SPC-4 section 7.8.6). The first two
 * name the logical unit, and are the same through every gateway; the others name the target port.
 */
final class Designators {
  private static final int ISCSI = 5;
  private static final int BINARY = 1;
  private static final int ASCII = 2;
  private static final int UTF_8 = 3;

  private static final int OF_UNIT = 0;
  private static final int OF_TARGET_PORT = 1;

  private static final int T10_VENDOR_ID = 1;
  private static final int NAA = 3;
  private static final int RELATIVE_TARGET_PORT = 4;
  private static final int TARGET_PORT_GROUP = 5;
  private static final int SCSI_NAME_STRING = 8;

  private Designators() {}

  static byte[] of(UnitIdentity identity, Nexus nexus) {
    byte[] naa = identity.naa().bytes();
    byte[] vendor = Ascii.bytes(StandardData.VENDOR + identity.vendorSpecific());
    byte[] port = {0, 0, (byte) (nexus.portalGroupTag() >> 8), (byte) nexus.portalGroupTag()};
    byte[] name = portName(nexus);
    ByteBuffer out = ByteBuffer.allocate(5 * 4 + naa.length + vendor.length + 4 + 4 + name.length);
    put(out, OF_UNIT, NAA, BINARY, naa);
    put(out, OF_UNIT, T10_VENDOR_ID, ASCII, vendor);
    put(out, OF_TARGET_PORT, RELATIVE_TARGET_PORT, BINARY, port);
    put(out, OF_TARGET_PORT, TARGET_PORT_GROUP, BINARY, port);
    put(out, OF_TARGET_PORT, SCSI_NAME_STRING, UTF_8, name);
    return out.array();
  }

  /**
   * The descriptors of the SCSI Ports page (SPC-4 section 7.8.14): a port's name, and no initiator
   * port's.
   *
   * @param nexus whose target it is
   * @param ports relative target port identifiers; that of the nexus stands in for none
   */
  static byte[] ofPorts(Nexus nexus, List<Integer> ports) {
    List<Integer> all = ports.isEmpty() ? List.of(nexus.portalGroupTag()) : ports;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int port : all) {
      byte[] name =
          portName(new Nexus(nexus.initiatorName(), nexus.isid(), nexus.targetName(), port));
      ByteBuffer descriptor = ByteBuffer.allocate(12 + 4 + name.length);
      descriptor.putShort((short) 0).putShort((short) port).putShort((short) 0);
      descriptor.putShort((short) 0).putShort((short) 0).putShort((short) (4 + name.length));
      put(descriptor, OF_TARGET_PORT, SCSI_NAME_STRING, UTF_8, name);
      out.writeBytes(descriptor.array());
    }
    return out.toByteArray();
  }

  /** The SCSI target port name of RFC 7143 section 4.4.2, null-terminated and padded to fours. */
  private static byte[] portName(Nexus nexus) {
    byte[] name =
        "%s,t,0x%04x"
            .formatted(nexus.targetName(), nexus.portalGroupTag())
            .getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(name, (name.length + 4) / 4 * 4);
  }

  /** PIV and the protocol are given with designators of a port only. */
  private static void put(ByteBuffer out, int association, int type, int codeSet, byte[] value) {
    boolean port = association == OF_TARGET_PORT;
    out.put((byte) ((port ? ISCSI << 4 : 0) | codeSet));
    out.put((byte) ((port ? 0x80 : 0) | association << 4 | type));
    out.put((byte) 0).put((byte) value.length).put(value);
  }
}
