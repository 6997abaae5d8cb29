package io.moongate.scsi.mode;

import io.moongate.volume.VolumeGeometry;

/** Mode pages (SPC-4 section 7.5, SBC-3 section 6.5), in ascending order. */
enum ModePage {
  /** WCE says whether the store has a volatile cache; it can't be changed. */
  CACHING(0x08, 0x00, 20) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, boolean descriptorSense) {
      page[2] = (byte) (geometry.volatileCache() ? 0x04 : 0);
    }
  },

  /** D_SENSE, GLTSD, and QUEUE ALGORITHM MODIFIER: simple commands may be reordered. */
  CONTROL(0x0A, 0x00, 12) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, boolean descriptorSense) {
      page[2] = (byte) (0x02 | (descriptorSense ? D_SENSE : 0));
      page[3] = 0x10;
    }

    @Override
    void markChangeable(byte[] page) {
      page[2] = D_SENSE;
    }
  },

  /** IALUAE: access states change implicitly. */
  CONTROL_EXTENSION(0x0A, 0x01, 32) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, boolean descriptorSense) {
      page[4] = 0x01;
    }
  },

  /** DEXCPT: there are no informational exceptions to report. */
  INFORMATIONAL_EXCEPTIONS(0x1C, 0x00, 12) {
    @Override
    void fill(byte[] page, VolumeGeometry geometry, boolean descriptorSense) {
      page[2] = 0x08;
    }
  };

  static final int D_SENSE = 0x04;
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

  /** Sets what is not zero in the page, behind its header. */
  abstract void fill(byte[] page, VolumeGeometry geometry, boolean descriptorSense);

  /** Sets the bits that MODE SELECT may change. */
  void markChangeable(byte[] page) {}

  /** The page with these values. */
  byte[] encode(VolumeGeometry geometry, boolean descriptorSense) {
    byte[] page = header();
    fill(page, geometry, descriptorSense);
    return page;
  }

  /** The page as a mask of what can be changed. */
  byte[] changeable() {
    byte[] page = header();
    markChangeable(page);
    return page;
  }

  /** PS is zero: nothing is saved. */
  private byte[] header() {
    byte[] page = new byte[length];
    if (subpage == 0) {
      page[0] = (byte) code;
      page[1] = (byte) (length - 2);
    } else {
      page[0] = (byte) (SPF | code);
      page[1] = (byte) subpage;
      page[3] = (byte) (length - 4);
    }
    return page;
  }
}
