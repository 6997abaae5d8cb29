package io.moongate.multinode.harness;

import io.moongate.session.TestInitiator;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** A session with a target through one gateway, used by one thread. */
public final class Nexus implements AutoCloseable {
  private static final String INITIATOR = "iqn.2026-11.io.moongate:test-nexus";
  private static final int GOOD = 0x00;
  private static final int CHECK_CONDITION = 0x02;
  private static final int BUSY = 0x08;
  private static final int UNIT_ATTENTION = 0x06;
  private static final int ATTEMPTS = 20;
  private static final int MOST_TOLD = 10;
  private static final Duration BUSY_PAUSE = Duration.ofMillis(250);
  private static final byte[] NOTHING = new byte[0];

  /** The ending of a command that went well. */
  public static final String GOOD_ENDING = "GOOD";

  /** The ending of a command that a reservation keeps away. */
  public static final String CONFLICT = "RESERVATION CONFLICT";

  private final TestInitiator initiator;
  private final TestGateway gateway;
  private final TestLun lun;

  private Nexus(TestInitiator initiator, TestGateway gateway, TestLun lun) {
    this.initiator = initiator;
    this.gateway = gateway;
    this.lun = lun;
  }

  /** Logs in as an initiator port of its own. */
  public static Nexus open(TestGateway gateway, TestLun lun) throws IOException {
    return open(gateway, lun, INITIATOR, randomIsid());
  }

  /** Logs in as the named initiator port, whose session through this gateway ends if it has one. */
  public static Nexus open(TestGateway gateway, TestLun lun, String initiatorName, long isid)
      throws IOException {
    return open(gateway, lun, isid, TestInitiator.keys(initiatorName, lun.target()));
  }

  /** The same with these keys of a login to the LUN's target. */
  public static Nexus open(TestGateway gateway, TestLun lun, long isid, Map<String, String> keys)
      throws IOException {
    TestInitiator initiator = TestInitiator.connect(gateway.portal());
    try {
      return new Nexus(initiator.login(isid, keys), gateway, lun);
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

  /** The gateway that it goes through. */
  public TestGateway gateway() {
    return gateway;
  }

  /** The session, for what is not done one command at a time. */
  public TestInitiator session() {
    return initiator;
  }

  /** Executes a command; after a unit attention, and after BUSY, it is sent again. */
  public byte[] execute(byte[] cdb, byte[] dataOut, int expectedDataIn) throws IOException {
    TestInitiator.Result result = patiently(cdb, dataOut, expectedDataIn);
    if (result.status() == GOOD) {
      return result.dataIn();
    }
    throw new IOException(
        "command %s ended with status %02x, sense %s"
            .formatted(
                HexFormat.of().formatHex(cdb),
                result.status(),
                HexFormat.of().formatHex(result.sense())));
  }

  /** The same for a command that may be refused: how it ended at last, as {@link #once} says it. */
  public String atLast(byte[] cdb, byte[] dataOut, int expectedDataIn) throws IOException {
    return ending(patiently(cdb, dataOut, expectedDataIn));
  }

  private TestInitiator.Result patiently(byte[] cdb, byte[] dataOut, int expectedDataIn)
      throws IOException {
    TestInitiator.Result result = initiator.command(lun.field(), cdb, dataOut, expectedDataIn);
    for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
      if (result.status() == BUSY) {
        Await.pause(BUSY_PAUSE);
      } else if (!isUnitAttention(result)) {
        break;
      }
      result = initiator.command(lun.field(), cdb, dataOut, expectedDataIn);
    }
    return result;
  }

  /**
   * Executes a command once.
   *
   * @return how it ended: {@code GOOD}, {@code RESERVATION CONFLICT}, {@code BUSY}, or sense key,
   *     additional sense code and qualifier as {@code 06/2A03}
   */
  public String once(byte[] cdb, byte[] dataOut, int expectedDataIn) throws IOException {
    return ending(initiator.command(lun.field(), cdb, dataOut, expectedDataIn));
  }

  /** The same for a command without data: TEST UNIT READY, for one. */
  public String once(byte[] cdb) throws IOException {
    return once(cdb, NOTHING, 0);
  }

  /** TEST UNIT READY until there is nothing more to be told, or to wait for. */
  public void settle() throws IOException {
    execute(Cdb.testUnitReady(), NOTHING, 0);
  }

  /**
   * What it has to be told: the unit attentions that TEST UNIT READY takes, in their order. That
   * command passes every persistent reservation.
   *
   * @throws AssertionError when it does not end well after that
   */
  public List<String> told() throws IOException {
    List<String> told = new ArrayList<>();
    String ending = once(Cdb.testUnitReady());
    while (ending.startsWith("06/") && told.size() < MOST_TOLD) {
      told.add(ending);
      ending = once(Cdb.testUnitReady());
    }
    if (!ending.equals(GOOD_ENDING)) {
      throw new AssertionError("through %s: %s, told %s".formatted(gateway, ending, told));
    }
    return told;
  }

  /** How a command ended, in words. */
  public static String ending(TestInitiator.Result result) {
    return switch (result.status()) {
      case GOOD -> GOOD_ENDING;
      case BUSY -> "BUSY";
      case 0x18 -> CONFLICT;
      case 0x28 -> "TASK SET FULL";
      case CHECK_CONDITION ->
          "%02x/%04X".formatted(result.senseCode() >> 16, result.senseCode() & 0xFFFF);
      default -> "status %02x".formatted(result.status());
    };
  }

  private static boolean isUnitAttention(TestInitiator.Result result) {
    return result.status() == CHECK_CONDITION && result.senseCode() >> 16 == UNIT_ATTENTION;
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
