package io.moongate.scsi.mode;

import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.shared.ModeValues;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Mode pages (SPC-4 section 7.5, SBC-3 section 6.5), in ascending order. */
enum ModePage {
  /** LBPERE: hosts are told when a threshold of logical block provisioning is reached. */
  READ_WRITE_ERROR_RECOVERY(0x01, 0x00, 12) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, ScsiSettings settings, ModeValues values) {
      page[7] = (byte) (Threshold.isThere(geometry, settings) ? 0x80 : 0);
    }
  },

  /** WCE says whether the store has a volatile cache; it can't be changed. */
  CACHING(0x08, 0x00, 20) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, ScsiSettings settings, ModeValues values) {
      page[2] = (byte) (geometry.volatileCache() ? 0x04 : 0);
    }
  },

  /** D_SENSE and SWP; GLTSD, and QUEUE ALGORITHM MODIFIER: simple commands may be reordered. */
  CONTROL(0x0A, 0x00, 12) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, ScsiSettings settings, ModeValues values) {
      page[2] = (byte) (0x02 | (values.descriptorSense() ? D_SENSE : 0));
      page[3] = 0x10;
      page[4] = (byte) (values.writeProtect() ? SWP : 0);
    }

    @Override
    void markChangeable(byte[] page) {
      page[2] = D_SENSE;
      page[4] = SWP;
    }

    @Override
    ModeValues values(byte[] page) {
      return new ModeValues((page[2] & D_SENSE) != 0, (page[4] & SWP) != 0);
    }
  },

  /** IALUAE: access states change implicitly. */
  CONTROL_EXTENSION(0x0A, 0x01, 32) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, ScsiSettings settings, ModeValues values) {
      page[4] = 0x01;
    }
  },

  /** DEXCPT: there are no informational exceptions to report. */
  INFORMATIONAL_EXCEPTIONS(0x1C, 0x00, 12) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, ScsiSettings settings, ModeValues values) {
      page[2] = 0x08;
    }
  },

  /**
   * Logical block provisioning: one threshold, of the available resources, armed while they
   * decrease. It is a setting of the gateways, and is there when it is not 0.
   */
  LOGICAL_BLOCK_PROVISIONING(0x1C, 0x02, 24) {
    private static final int AT = 16;

    @Override
    boolean isThere(VolumeGeometry geometry, ScsiSettings settings) {
      return Threshold.isThere(geometry, settings);
    }

    @Override
    void fill(byte[] page, VolumeGeometry geometry, ScsiSettings settings, ModeValues values) {
      page[AT] = (byte) ENABLED;
      page[AT + 1] = AVAILABLE;
      ByteBuffer.wrap(page).putInt(AT + 4, Threshold.count(settings));
    }
  };

  private static final int D_SENSE = 0x04;
  private static final int SWP = 0x08;
  private static final int ENABLED = 0x80;
  private static final int AVAILABLE = 0x01;
  private static final int PS = 0x80;
  private static final int SPF = 0x40;

  private final int code;
  private final int subpage;
  private final int length;

  ModePage(int code, int subpage, int length) {
    this.code = code;
    this.subpage = subpage;
    this.length = length;
  }

  int code() {
    return code;
  }

  int subpage() {
    return subpage;
  }

  /** Bytes of the page's header. */
  int headerLength() {
    return subpage == 0 ? 2 : 4;
  }

  /** Whether a unit has the page. */
  boolean isThere(VolumeGeometry geometry, ScsiSettings settings) {
    return true;
  }

  /** Sets what is not zero in the page, behind its header. */
  abstract void fill(
      byte[] page, VolumeGeometry geometry, ScsiSettings settings, ModeValues values);

  /** Sets the bits that MODE SELECT may change. */
  void markChangeable(byte[] page) {}

  /** The values that the page has, for one of which some can be changed. */
  ModeValues values(byte[] page) {
    throw new IllegalStateException(this + " can't be changed");
  }

  /** Whether MODE SELECT may change any of it; it can be saved then. */
  boolean hasChangeable() {
    byte[] marked = new byte[length];
    markChangeable(marked);
    return !Arrays.equals(marked, new byte[length]);
  }

  /** The page with these values. */
  byte[] encode(VolumeGeometry geometry, ScsiSettings settings, ModeValues values) {
    byte[] page = header();
    fill(page, geometry, settings, values);
    return page;
  }

  /** The page as a mask of what can be changed. */
  byte[] changeable() {
    byte[] page = header();
    markChangeable(page);
    return page;
  }

  private byte[] header() {
    byte[] page = new byte[length];
    int saveable = hasChangeable() ? PS : 0;
    if (subpage == 0) {
      page[0] = (byte) (saveable | code);
      page[1] = (byte) (length - 2);
    } else {
      page[0] = (byte) (saveable | SPF | code);
      page[1] = (byte) subpage;
      page[3] = (byte) (length - 4);
    }
    return page;
  }
}
