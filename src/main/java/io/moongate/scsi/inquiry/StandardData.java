package io.moongate.scsi.inquiry;

import io.moongate.scsi.UnitIdentity;
import java.nio.ByteBuffer;

/** Standard INQUIRY data (SPC-4 section 6.6.2). */
final class StandardData {
  static final String VENDOR = "MOONGATE";
  private static final String REVISION = "0001";

  private static final int LENGTH = 96;
  private static final int NO_PRODUCT = 0x7F; // peripheral qualifier 011b, device type 1Fh
  private static final int RMB = 0x80;
  private static final int SPC_4 = 0x06;
  private static final int HISUP_AND_FORMAT_2 = 0x12;
  private static final int TPGS_IMPLICIT = 0x10;
  private static final int THIRD_PARTY_COPY = 0x08;
  private static final int TPGS_BOTH = 0x30;
  private static final int CMDQUE = 0x02;

  /** A target has a port in every gateway. */
  private static final int MULTIP = 0x10;

  private static final int VERSION_DESCRIPTORS_AT = 58;

  /** SAM-5, SPC-4, SBC-3, iSCSI (SPC-4 table 142), none with a version claimed. */
  private static final short[] VERSION_DESCRIPTORS = {0x00A0, 0x0460, 0x04C0, 0x0960};

  private StandardData() {}

  static byte[] ofUnit(UnitIdentity identity, boolean explicitAlua) {
    return encode(
        0x00,
        identity.removable() ? RMB : 0,
        explicitAlua ? TPGS_BOTH | THIRD_PARTY_COPY : TPGS_IMPLICIT | THIRD_PARTY_COPY,
        identity.product());
  }

  static byte[] ofAbsent() {
    return encode(NO_PRODUCT, 0, 0, "");
  }

  private static byte[] encode(int peripheral, int removable, int flags, String product) {
    ByteBuffer out = ByteBuffer.allocate(LENGTH);
    out.put((byte) peripheral)
        .put((byte) removable)
        .put((byte) SPC_4)
        .put((byte) HISUP_AND_FORMAT_2);
    out.put((byte) (LENGTH - 5)).put((byte) flags).put((byte) MULTIP).put((byte) CMDQUE);
    Ascii.put(out, VENDOR, 8);
    Ascii.put(out, product, 16);
    Ascii.put(out, REVISION, 4);
    out.position(VERSION_DESCRIPTORS_AT);
    for (short each : VERSION_DESCRIPTORS) {
      out.putShort(each);
    }
    return out.array();
  }
}
