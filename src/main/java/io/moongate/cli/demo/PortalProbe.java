package io.moongate.cli.demo;

import io.moongate.cli.probe.Inquiries;
import io.moongate.cli.probe.IscsiSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * Asks through one portal whether a disk answers: an iSCSI login, TEST UNIT READY, READ
 * CAPACITY(16), INQUIRY of VPD page 83h, logout, so that the demo can say "ready" on a host without
 * initiator tools.
 */
final class PortalProbe {

  /**
   * @param naa the NAA designator of the logical unit, in hex
   * @param blocks number of blocks
   * @param blockSize bytes
   */
  record Disk(String naa, long blocks, int blockSize) {}

  private PortalProbe() {}

  /**
   * Asks once.
   *
   * @param timeout of each step
   * @throws IOException with the reason, when the disk does not answer as a disk must
   */
  static Disk ask(String host, int port, String target, String initiator, int lun, Duration timeout)
      throws IOException {
    try (IscsiSession session = IscsiSession.connect(host, port, timeout)) {
      session.login(target, initiator);
      session.execute(lun, Inquiries.testUnitReady(), 0);
      byte[] capacity = session.execute(lun, Inquiries.readCapacity16(32), 32);
      byte[] identification = session.execute(lun, Inquiries.deviceIdentification(255), 255);
      session.logout();
      if (capacity.length < 12) {
        throw new IOException("READ CAPACITY(16) returned " + capacity.length + " bytes");
      }
      ByteBuffer parameters = ByteBuffer.wrap(capacity);
      return new Disk(
          Inquiries.naa(identification)
              .orElseThrow(() -> new IOException("VPD page 83h has no NAA designator of the LU")),
          parameters.getLong(0) + 1,
          parameters.getInt(8));
    }
  }
}
