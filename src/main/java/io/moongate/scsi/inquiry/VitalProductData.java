package io.moongate.scsi.inquiry;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.command.DeviceServer;
import io.moongate.scsi.copy.ThirdPartyCopyPage;
import io.moongate.scsi.mode.Threshold;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** Vital product data pages (SPC-4 section 7.8, SBC-3 section 6.6), in ascending order. */
enum VitalProductData {
  /** Supported VPD pages. */
  SUPPORTED_PAGES(0x00) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      ByteBuffer out = ByteBuffer.allocate(ALL.length);
      for (VitalProductData page : ALL) {
        out.put((byte) page.code);
      }
      return out.array();
    }
  },

  /** Unit serial number. */
  UNIT_SERIAL_NUMBER(0x80) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      return Ascii.bytes(server.identity().serial());
    }
  },

  /** Device identification. */
  DEVICE_IDENTIFICATION(0x83) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      return Designators.of(server.identity(), nexus);
    }
  },

  /** Extended INQUIRY data: simple, ordered and head of queue; a volatile cache or none. */
  EXTENDED_INQUIRY(0x86) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      byte[] out = new byte[60];
      out[1] = 0x07;
      out[2] = (byte) (server.geometry().volatileCache() ? 0x01 : 0);
      return out;
    }
  },

  /** Mode page policy: every page is shared by all nexuses, through every gateway. */
  MODE_PAGE_POLICY(0x87) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      return new byte[] {0x3F, (byte) 0xFF, 0x00, 0x00};
    }
  },

  /** SCSI ports: the target port of every gateway. */
  SCSI_PORTS(0x88) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      return Designators.ofPorts(
          nexus,
          server.publishedStates().stream()
              .flatMap(states -> states.groups().stream())
              .flatMap(group -> group.relativePorts().stream())
              .toList());
    }
  },

  /** Third-party copy. */
  THIRD_PARTY_COPY(0x8F) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      return ThirdPartyCopyPage.body(server);
    }
  },

  /** Block limits. */
  BLOCK_LIMITS(0xB0) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      return BlockLimits.of(server.settings(), server.geometry());
    }
  },

  /**
   * Block device characteristics: MEDIUM ROTATION RATE says that nothing rotates; WABEREQ that
   * blocks can be read after a BLOCK ERASE without having been written first.
   */
  BLOCK_DEVICE_CHARACTERISTICS(0xB1) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      byte[] out = new byte[60];
      out[1] = 0x01;
      out[3] = (byte) (server.geometry().unmap() ? 0x40 : 0);
      return out;
    }
  },

  /**
   * Logical block provisioning: LBPU, LBPWS, LBPWS10, LBPRZ and thin, where the store deallocates;
   * and the size of a threshold set, where there is a threshold.
   */
  LOGICAL_BLOCK_PROVISIONING(0xB2) {
    @Override
    byte[] body(DeviceServer server, Nexus nexus) {
      VolumeGeometry geometry = server.geometry();
      if (!geometry.unmap()) {
        return new byte[4];
      }
      boolean threshold = Threshold.isThere(geometry, server.settings());
      int exponent = threshold ? Threshold.exponent(geometry) : 0;
      return new byte[] {(byte) exponent, (byte) 0xE4, 0x02, 0};
    }
  };

  private static final VitalProductData[] ALL = values();

  private final int code;

  VitalProductData(int code) {
    this.code = code;
  }

  static Optional<VitalProductData> of(int code) {
    return Arrays.stream(ALL).filter(page -> page.code == code).findFirst();
  }

  /** What follows PAGE LENGTH. */
  abstract byte[] body(DeviceServer server, Nexus nexus);

  /** The whole page, as a nexus sees it. */
  byte[] encode(DeviceServer server, Nexus nexus) {
    byte[] body = body(server, nexus);
    ByteBuffer out = ByteBuffer.allocate(4 + body.length);
    out.put((byte) 0x00).put((byte) code).putShort((short) body.length).put(body);
    return out.array();
  }
}
