package io.moongate.multinode.harness;

import io.moongate.session.TestInitiator;
import java.io.IOException;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** A session with a target through one gateway, for a few commands that must succeed. */
public final class Nexus implements AutoCloseable {
  private static final String INITIATOR = "iqn.2026-11.io.moongate:test-nexus";
  private static final int GOOD = 0x00;
  private static final int CHECK_CONDITION = 0x02;
  private static final int UNIT_ATTENTION = 0x06;
  private static final int ATTEMPTS = 20;

  private final TestInitiator initiator;
  private final TestLun lun;

  private Nexus(TestInitiator initiator, TestLun lun) {
    this.initiator = initiator;
    this.lun = lun;
  }

  /** Logs in. */
  public static Nexus open(TestGateway gateway, TestLun lun) throws IOException {
    TestInitiator initiator = TestInitiator.connect(gateway.portal());
    try {
      return new Nexus(initiator.login(INITIATOR, randomIsid(), lun.target()), lun);
    } catch (IOException | RuntimeException e) {
      initiator.close();
      throw e;
    }
  }

  /**
   * An ISID of the type "random" (RFC 7143 section 11.12.5), so that no session reinstates another.
   */
  public static long randomIsid() {
    return 0x8000_0000_0000L | ThreadLocalRandom.current().nextLong(1L << 40);
  }

  /** Executes a command; unit attentions are asked again. */
  public byte[] execute(byte[] cdb, byte[] dataOut, int expectedDataIn) throws IOException {
    TestInitiator.Result result = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      result = initiator.command(lun.field(), cdb, dataOut, expectedDataIn);
      if (result.status() == GOOD) {
        return result.dataIn();
      }
      if (result.status() != CHECK_CONDITION || result.senseCode() >> 16 != UNIT_ATTENTION) {
        break;
      }
    }
    throw new IOException(
        "command %s ended with status %02x, sense %s"
            .formatted(
                HexFormat.of().formatHex(cdb),
                result.status(),
                HexFormat.of().formatHex(result.sense())));
  }

  public TargetPortGroups reportTargetPortGroups(int allocationLength, boolean extended)
      throws IOException {
    byte[] cdb = Cdb.reportTargetPortGroups(allocationLength, extended);
    return TargetPortGroups.parse(execute(cdb, new byte[0], allocationLength));
  }

  public void logout() throws IOException {
    initiator.logout();
  }

  @Override
  public void close() throws IOException {
    initiator.close();
  }
}
