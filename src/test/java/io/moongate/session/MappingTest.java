package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnitNumber;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** LUNs that are mapped and unmapped while sessions are logged in, and very many of them. */
class MappingTest {
  private static final String TARGET = FakeDirectory.TARGET;
  private static final int CHECK_CONDITION = 0x02;
  private static final int ABORT_TASK = 1;
  private static final String TOLD = "REPORTED_LUNS_CHANGED 1";

  private final FakeUnit first = new FakeUnit(1 << 20);
  private final FakeUnit second = new FakeUnit(1 << 20);
  private final FakeDirectory directory = FakeDirectory.of(first);
  private final Harness host = new Harness(directory).loggedIn();

  private static ScsiCommand command(Harness host, long lun, long expected, byte[] cdb) {
    return new ScsiCommand(
        false,
        true,
        expected > 0,
        false,
        1,
        lun,
        host.nextTag(),
        expected,
        host.nextCmdSn(),
        0,
        ByteString.fromArray(Arrays.copyOf(cdb, 16)),
        0,
        ByteString.emptyByteString());
  }

  private ScsiResponse ready(int number) {
    return host.answer(
        ScsiResponse.class, command(host, LogicalUnitNumber.lun(number), 0, new byte[6]));
  }

  private List<TargetPdu> reportLuns(Harness from, int number, int length) {
    byte[] cdb = ByteBuffer.allocate(12).put((byte) 0xA0).putInt(6, length).array();
    return from.exchange(command(from, LogicalUnitNumber.lun(number), length, cdb));
  }

  /** Sense key and additional sense code of a response. */
  private static int sense(ScsiResponse response) {
    assertEquals(CHECK_CONDITION, response.status());
    byte[] data = response.data().toArray();
    // Two bytes of length stand before the sense data (RFC 7143 section 11.4.7).
    return (data[4] & 0x0F) << 16 | (data[14] & 0xFF) << 8 | data[15] & 0xFF;
  }

  @Test
  void everyNexusOfTheTargetIsToldOnWhatItUses() {
    ready(0);
    assertEquals(List.of(), first.noticed());
    directory.map(TARGET, 1L << 48, second);
    assertEquals(List.of(), first.noticed(), "nobody can see it before a command");
    ready(0);
    assertEquals(List.of(TOLD), first.noticed());
    ready(0);
    assertEquals(List.of(TOLD), first.noticed(), "once for a change");
    ready(1);
    assertEquals(List.of(TOLD), second.noticed(), "also where the nexus comes later");
    assertEquals(1, second.attached().size());
    reportLuns(host, 0, 256);
    assertEquals(List.of(TOLD, "reported"), first.noticed());
    assertEquals(List.of(TOLD, "reported"), second.noticed());
  }

  @Test
  void afterReportLunsAUnitThatComesLaterIsNotTold() {
    ready(0);
    directory.map(TARGET, 1L << 48, second);
    ready(0);
    reportLuns(host, 0, 256);
    ready(1);
    assertEquals(List.of(), second.noticed());
  }

  @Test
  void reportLunsThroughALunWithoutAUnitClearsNothing() {
    ready(0);
    directory.map(TARGET, 1L << 48, second);
    reportLuns(host, 7, 256);
    assertEquals(List.of(TOLD), first.noticed());
    // Nor does one that is refused.
    host.exchange(
        command(host, 0, 8, ByteBuffer.allocate(12).put((byte) 0xA0).putInt(6, 8).array()));
    assertEquals(List.of(TOLD), first.noticed());
  }

  @Test
  void whatIsNoMappingIsNotReported() {
    ready(0);
    directory.touch(TARGET);
    ready(0);
    directory.map(TARGET, 1L << 48, second);
    directory.map(TARGET, 1L << 48, null);
    ready(0);
    assertEquals(List.of(), first.noticed(), "mapped and unmapped unseen: all is as it was");
  }

  @Test
  void aTargetThatOffersSomethingElseSaysThatItsInquiryDataHaveChanged() {
    String told = TOLD.replace("REPORTED_LUNS_CHANGED", "INQUIRY_DATA_CHANGED");
    ready(0);
    directory.offerExplicitAlua(TARGET, true);
    ready(0);
    ready(0);
    assertEquals(List.of(told), first.noticed());
    directory.offerExplicitAlua(TARGET, false);
    ready(0);
    assertEquals(List.of(told, told), first.noticed());
  }

  @Test
  void aLunThatIsUnmappedIsNotSupportedFromThenOn() {
    directory.map(TARGET, 1L << 48, second);
    ready(0);
    ready(1);
    assertEquals(1, second.attached().size());
    directory.map(TARGET, 1L << 48, null);
    assertEquals(0x052500, sense(ready(1)));
    host.pass(Duration.ofSeconds(1));
    assertEquals(List.of(), second.attached());
    assertEquals(0, ready(0).status());

    FakeUnit third = new FakeUnit(1 << 20);
    directory.map(TARGET, 1L << 48, third);
    assertEquals(0, ready(1).status());
    assertEquals(1, third.attached().size());
    assertEquals(List.of(), second.attached());
  }

  @Test
  void aCommandUnderWayInAUnitThatIsUnmappedIsAnswered() {
    second.hold();
    directory.map(TARGET, 1L << 48, second);
    assertEquals(List.of(), host.exchange(command(host, 1L << 48, 512, Harness.read10(0, 1))));
    directory.map(TARGET, 1L << 48, null);
    assertEquals(0x052500, sense(ready(1)));
    host.pass(Duration.ofSeconds(1));
    assertEquals(1, second.attached().size(), "its command is not forgotten");
    second.release();
    DataIn data = Harness.only(DataIn.class, host.sent());
    assertEquals(0, data.status());
    host.pass(Duration.ofSeconds(1));
    assertEquals(List.of(), second.attached());
  }

  @Test
  void aCommandInAUnitThatIsUnmappedCanBeAborted() {
    second.hold();
    second.holdFunctions();
    directory.map(TARGET, 1L << 48, second);
    ScsiCommand read = command(host, 1L << 48, 512, Harness.read10(0, 1));
    host.exchange(read);
    directory.map(TARGET, 1L << 48, null);
    ready(0);
    List<TargetPdu> early =
        host.exchange(host.manage(ABORT_TASK, 1L << 48, read.initiatorTaskTag(), read.cmdSn()));
    assertEquals(List.of(), early, "not complete before the unit says that it is");
    assertEquals(List.of("ABORT_TASK " + read.initiatorTaskTag()), second.managed());
    second.releaseFunctions();
    assertEquals(0, Harness.only(TaskManagementResponse.class, host.sent()).response());
  }

  @Test
  void theEndOfASessionWaitsForWhatRunsInAUnitThatIsUnmapped() {
    second.hold();
    second.holdFunctions();
    directory.map(TARGET, 1L << 48, second);
    host.exchange(command(host, 1L << 48, 512, Harness.read10(0, 1)));
    directory.map(TARGET, 1L << 48, null);
    ready(0);
    Harness again = new Harness(host.settings, directory, host.registry);
    assertEquals(
        List.of(),
        again.exchange(
            again.login(1, 3, Harness.text(TestInitiator.keys(Harness.INITIATOR, TARGET)))));
    host.settle();
    assertEquals(List.of(), again.sent(), "answered while the old session's command runs");
    second.releaseFunctions();
    assertEquals(1, again.sent().size());
    assertEquals(List.of(), second.attached());
  }

  @Test
  void aUnitThatMovesToAnotherLunStaysAttached() {
    directory.map(TARGET, 1L << 48, second);
    ready(1);
    directory.map(TARGET, 1L << 48, null);
    directory.map(TARGET, 2L << 48, second);
    assertEquals(0, ready(2).status());
    host.pass(Duration.ofSeconds(1));
    assertTrue(!second.attached().isEmpty());
    assertEquals(0x052500, sense(ready(1)));
  }

  @Test
  void bothMethodsOfAddressingLeadToTheSameUnit() {
    ready(0);
    ScsiResponse flat =
        host.answer(ScsiResponse.class, command(host, 0x4000L << 48, 0, new byte[6]));
    assertEquals(0, flat.status());
    assertEquals(1, first.attached().size(), "one nexus, one attachment");
    for (long lun : new long[] {0x0100L << 48, 0xC101L << 48, 0x8000L << 48, 1L << 32, -1L}) {
      ScsiResponse other = host.answer(ScsiResponse.class, command(host, lun, 0, new byte[6]));
      assertEquals(0x052500, sense(other), Long.toHexString(lun));
    }
  }

  @Test
  void aTargetWithAllLunsThereAre() {
    FakeUnit[] units = new FakeUnit[LogicalUnitNumber.MAX + 1];
    FakeUnit shared = new FakeUnit(4096);
    Arrays.fill(units, shared);
    FakeDirectory large = FakeDirectory.of();
    for (int number = 0; number < units.length; number++) {
      large.put(TARGET, LogicalUnitNumber.lun(number), units[number]);
    }
    Harness initiator = new Harness(large).loggedIn("MaxBurstLength", "16384");
    assertEquals(List.of(), shared.attached(), "a login attaches to nothing");

    int length = 8 + 8 * units.length;
    ByteBuffer list = ByteBuffer.allocate(length);
    for (TargetPdu pdu : reportLuns(initiator, 16_383, length)) {
      DataIn in = (DataIn) pdu;
      assertEquals(list.position(), in.bufferOffset());
      list.put(in.data().toArray());
    }
    list.flip();
    assertEquals(length, list.remaining());
    assertEquals(length - 8, list.getInt());
    list.getInt();
    for (int number = 0; number < units.length; number++) {
      assertEquals(LogicalUnitNumber.lun(number), list.getLong());
    }
    assertEquals(1, shared.attached().size());
    // A host may ask for the length first.
    DataIn head = Harness.only(DataIn.class, reportLuns(initiator, 0, 16));
    assertEquals(length - 8, ByteBuffer.wrap(head.data().toArray()).getInt());
    LogicalUnit last = units[16_383];
    assertEquals(2, ((FakeUnit) last).attached().size());
  }
}
