package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LentDataIn;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.Reject;
import io.moongate.wire.TargetPdu.ScsiResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;

/** Data transfer, residuals, memory and deadlines of SCSI commands. */
class ScsiTasksTest {
  private static final ByteString NOTHING = ByteString.emptyByteString();
  private static final int BUSY = 0x08;
  private static final int CHECK_CONDITION = 0x02;

  private final FakeUnit unit = new FakeUnit(16 << 20);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final Harness host = new Harness(directory).loggedIn();

  private static byte[] stored(FakeUnit unit, int offset, int length) {
    return Arrays.copyOfRange(unit.blocks(), offset, offset + length);
  }

  @Test
  void readsWithTheStatusInTheLastDataIn() {
    System.arraycopy(Harness.bytes(4096, 9).toArray(), 0, unit.blocks(), 512, 4096);
    DataIn data = host.answer(DataIn.class, host.read(1, 8, 4096));
    assertTrue(data.finalBit());
    assertTrue(data.statusBit());
    assertEquals(0, data.status());
    assertEquals(Harness.bytes(4096, 9), data.data());
    assertEquals(0, data.residualCount());
    assertFalse(data.underflow() || data.overflow());
  }

  @Test
  void splitsByDataSegmentAndBurst() {
    Harness small =
        new Harness(directory)
            .loggedIn("MaxRecvDataSegmentLength", "1000", "MaxBurstLength", "2048");
    List<TargetPdu> pdus = small.exchange(small.read(0, 10, 5120));
    List<String> shape = new ArrayList<>();
    for (TargetPdu pdu : pdus) {
      DataIn in = (DataIn) pdu;
      shape.add(
          "%d %d+%d%s%s"
              .formatted(
                  in.dataSn(),
                  in.bufferOffset(),
                  in.data().size(),
                  in.finalBit() ? " F" : "",
                  in.statusBit() ? " S" : ""));
    }
    assertEquals(
        List.of(
            "0 0+1000",
            "1 1000+1000",
            "2 2000+48 F",
            "3 2048+1000",
            "4 3048+1000",
            "5 4048+48 F",
            "6 4096+1000",
            "7 5096+24 F S"),
        shape);
  }

  @Test
  void tellsTheUnderflowOfARead() {
    DataIn data = host.answer(DataIn.class, host.read(0, 1, 4096));
    assertTrue(data.underflow());
    assertEquals(4096 - 512, data.residualCount());
    assertEquals(512, data.data().size());
  }

  @Test
  void tellsTheOverflowOfARead() {
    DataIn data = host.answer(DataIn.class, host.read(0, 8, 1000));
    assertTrue(data.overflow());
    assertEquals(4096 - 1000, data.residualCount());
    assertEquals(1000, data.data().size());
  }

  @Test
  void answersErrorsWithSense() {
    ScsiResponse response = host.answer(ScsiResponse.class, host.read(1 << 20, 1, 512));
    assertEquals(CHECK_CONDITION, response.status());
    ByteBuffer segment = response.data().asByteBuffer();
    assertEquals(18, segment.getShort(0));
    assertEquals(20, segment.remaining());
    assertEquals(0x05, segment.get(2 + 2));
    assertEquals(0x2100, segment.getShort(2 + 12));
    assertTrue(response.underflow());
    assertEquals(512, response.residualCount());
  }

  @Test
  void answersForALunWithoutAUnit() {
    ScsiCommand read = host.read(0, 1, 512);
    ScsiCommand elsewhere =
        new ScsiCommand(
            false,
            true,
            true,
            false,
            1,
            5L << 48,
            read.initiatorTaskTag(),
            512,
            read.cmdSn(),
            0,
            read.cdb(),
            0,
            NOTHING);
    ScsiResponse response = host.answer(ScsiResponse.class, elsewhere);
    assertEquals(CHECK_CONDITION, response.status());
    assertEquals(0x2500, response.data().asByteBuffer().getShort(2 + 12));
  }

  @Test
  void writesImmediateData() {
    ByteString data = Harness.bytes(1024, 4);
    ScsiResponse response = host.answer(ScsiResponse.class, host.write(2, 2, 1024, true, data));
    assertEquals(0, response.status());
    assertFalse(response.underflow() || response.overflow());
    assertArrayEquals(data.toArray(), stored(unit, 1024, 1024));
    assertEquals(0, response.expDataSn());
  }

  @Test
  void asksForDataInSeveralBurstsAtOnce() {
    Harness bursts =
        new Harness(directory).loggedIn("MaxBurstLength", "4096", "MaxOutstandingR2T", "2");
    ByteString data = Harness.bytes(12 * 1024, 7);
    ScsiCommand write = bursts.write(0, 24, 12 * 1024, true, data.take(1024));
    List<TargetPdu> asked = bursts.exchange(write);
    assertEquals(2, asked.size());
    ReadyToTransfer first = (ReadyToTransfer) asked.get(0);
    ReadyToTransfer second = (ReadyToTransfer) asked.get(1);
    assertEquals(
        List.of(0, 1024L, 4096L),
        List.of(first.r2tSn(), first.bufferOffset(), first.desiredDataTransferLength()));
    assertEquals(List.of(1, 5120L), List.of(second.r2tSn(), second.bufferOffset()));
    assertEquals(first.statSn(), second.statSn(), "an R2T takes no StatSN");

    assertEquals(
        List.of(),
        bursts.exchange(
            bursts.data(write, first.targetTransferTag(), 0, 1024, false, data.slice(1024, 3072))));
    ReadyToTransfer third =
        bursts.answer(
            ReadyToTransfer.class,
            bursts.data(write, first.targetTransferTag(), 1, 3072, true, data.slice(3072, 5120)));
    assertEquals(9216, third.bufferOffset());
    assertEquals(12 * 1024 - 9216, third.desiredDataTransferLength());
    bursts.exchange(
        bursts.data(write, second.targetTransferTag(), 0, 5120, true, data.slice(5120, 9216)));
    ScsiResponse response =
        bursts.answer(
            ScsiResponse.class,
            bursts.data(write, third.targetTransferTag(), 0, 9216, true, data.drop(9216)));
    assertEquals(0, response.status());
    assertEquals(3, response.expDataSn());
    assertArrayEquals(data.toArray(), stored(unit, 0, 12 * 1024));
  }

  private Harness unsolicited() {
    return new Harness(Harness.settings("moongate.iscsi.initial-r2t = no"), directory)
        .loggedIn("InitialR2T", "No", "FirstBurstLength", "4096");
  }

  @Test
  void takesUnsolicitedData() {
    Harness eager = unsolicited();
    ByteString data = Harness.bytes(6144, 2);
    ScsiCommand write = eager.write(0, 12, 6144, false, data.take(1024));
    assertEquals(List.of(), eager.exchange(write));
    assertEquals(
        List.of(), eager.exchange(eager.data(write, -1, 0, 1024, false, data.slice(1024, 2048))));
    ReadyToTransfer rest =
        eager.answer(
            ReadyToTransfer.class, eager.data(write, -1, 1, 2048, true, data.slice(2048, 4096)));
    assertEquals(4096, rest.bufferOffset());
    assertEquals(2048, rest.desiredDataTransferLength());
    eager.answer(
        ScsiResponse.class,
        eager.data(write, rest.targetTransferTag(), 0, 4096, true, data.drop(4096)));
    assertArrayEquals(data.toArray(), stored(unit, 0, 6144));
  }

  private void assertViolation(Harness violator, DataOut pdu) {
    Reject reject = violator.answer(Reject.class, pdu);
    assertEquals(RejectReason.PROTOCOL_ERROR.code(), reject.reason());
    assertTrue(violator.connection.over());
    assertEquals(List.of(), unit.executed());
  }

  @Test
  void endsOnUnsolicitedDataThatWasNotAgreedTo() {
    Reject reject = host.answer(Reject.class, host.write(0, 2, 1024, false, Harness.bytes(512, 1)));
    assertEquals(RejectReason.PROTOCOL_ERROR.code(), reject.reason());
    assertTrue(host.connection.over());
  }

  @Test
  void endsOnImmediateDataThatWasNotAgreedTo() {
    Harness strict = new Harness(directory).loggedIn("ImmediateData", "No");
    strict.answer(Reject.class, strict.write(0, 1, 512, true, Harness.bytes(512, 1)));
    assertTrue(strict.connection.over());
  }

  @Test
  void endsOnTooMuchUnsolicitedData() {
    Harness eager = unsolicited();
    ScsiCommand write = eager.write(0, 32, 16384, false, NOTHING);
    eager.receive(write);
    assertViolation(eager, eager.data(write, -1, 0, 0, true, Harness.bytes(4608, 1)));
  }

  @Test
  void aWrongDataSnFailsTheTaskOnceItsDataHasCome() {
    Harness eager = unsolicited();
    ScsiCommand write = eager.write(0, 4, 2048, false, NOTHING);
    eager.receive(write);
    ReadyToTransfer rest =
        eager.answer(
            ReadyToTransfer.class, eager.data(write, -1, 1, 0, true, Harness.bytes(512, 1)));
    ScsiResponse failed =
        eager.answer(
            ScsiResponse.class,
            eager.data(write, rest.targetTransferTag(), 0, 512, true, Harness.bytes(1536, 1)));
    assertEquals(2, failed.status());
    assertEquals(List.of(), unit.executed());
  }

  @Test
  void endsOnAGapInUnsolicitedData() {
    Harness eager = unsolicited();
    ScsiCommand write = eager.write(0, 4, 2048, false, NOTHING);
    eager.receive(write);
    assertViolation(eager, eager.data(write, -1, 0, 512, true, Harness.bytes(512, 1)));
  }

  @Test
  void endsOnDataAtAnotherOffsetThanWasAskedFor() {
    ScsiCommand write = host.write(0, 2, 1024, true, NOTHING);
    ReadyToTransfer asked = host.answer(ReadyToTransfer.class, write);
    assertViolation(
        host, host.data(write, asked.targetTransferTag(), 0, 512, true, Harness.bytes(512, 1)));
  }

  @Test
  void endsOnASequenceThatIsTooShortOrTooLong() {
    ScsiCommand write = host.write(0, 2, 1024, true, NOTHING);
    ReadyToTransfer asked = host.answer(ReadyToTransfer.class, write);
    assertViolation(
        host, host.data(write, asked.targetTransferTag(), 0, 0, true, Harness.bytes(512, 1)));
    Harness other = new Harness(directory).loggedIn();
    ScsiCommand again = other.write(0, 2, 1024, true, NOTHING);
    ReadyToTransfer askedAgain = other.answer(ReadyToTransfer.class, again);
    assertViolation(
        other,
        other.data(again, askedAgain.targetTransferTag(), 0, 0, true, Harness.bytes(1536, 1)));
  }

  @Test
  void endsOnDataForNothing() {
    ScsiCommand write = host.write(0, 2, 1024, true, NOTHING);
    assertViolation(host, host.data(write, 4711, 0, 0, true, Harness.bytes(512, 1)));
  }

  @Test
  void asksOnlyForWhatTheCdbNeeds() {
    ScsiCommand write = host.write(0, 1, 4096, true, NOTHING);
    ReadyToTransfer asked = host.answer(ReadyToTransfer.class, write);
    assertEquals(512, asked.desiredDataTransferLength());
    ScsiResponse response =
        host.answer(
            ScsiResponse.class,
            host.data(write, asked.targetTransferTag(), 0, 0, true, Harness.bytes(512, 1)));
    assertTrue(response.underflow());
    assertEquals(4096 - 512, response.residualCount());
  }

  @Test
  void tellsTheOverflowOfAWrite() {
    ScsiResponse response =
        host.answer(ScsiResponse.class, host.write(0, 4, 512, true, Harness.bytes(512, 1)));
    assertTrue(response.overflow());
    assertEquals(2048 - 512, response.residualCount());
  }

  @Test
  void refusesBidirectionalCommands() {
    ScsiCommand plain = host.read(0, 1, 512);
    ScsiCommand both =
        new ScsiCommand(
            false,
            true,
            true,
            true,
            1,
            0,
            plain.initiatorTaskTag(),
            512,
            plain.cmdSn(),
            0,
            plain.cdb(),
            512,
            NOTHING);
    ScsiResponse response = host.answer(ScsiResponse.class, both);
    assertEquals(CHECK_CONDITION, response.status());
    assertEquals(List.of(), unit.executed());
    host.answer(DataIn.class, host.read(0, 1, 512));
  }

  @Test
  void givesCommandsTheirDeadline() {
    host.exchange(host.read(0, 1, 512));
    assertEquals(host.settings.commandDeadline().toNanos(), unit.executed().get(0).deadlineNanos());
    assertEquals(Harness.INITIATOR, unit.executed().get(0).nexus().initiatorName());
    assertEquals(FakeDirectory.GROUP, unit.executed().get(0).nexus().portalGroupTag());
  }

  @Test
  void neverExecutesWhatIsPastItsDeadline() {
    ScsiCommand write = host.write(0, 2, 1024, true, NOTHING);
    ReadyToTransfer asked = host.answer(ReadyToTransfer.class, write);
    host.pass(host.settings.commandDeadline());
    assertEquals(List.of(), host.sent(), "data that was asked for is still due");
    assertEquals(0, host.registry.bytes());
    ScsiResponse response =
        host.answer(
            ScsiResponse.class,
            host.data(write, asked.targetTransferTag(), 0, 0, true, Harness.bytes(1024, 1)));
    assertEquals(BUSY, response.status());
    assertEquals(List.of(), unit.executed());
  }

  @Test
  void dropsAConnectionWhoseDataNeverComes() {
    host.answer(ReadyToTransfer.class, host.write(0, 2, 1024, true, NOTHING));
    host.pass(host.settings.commandDeadline());
    for (int i = 0; i < 3; i++) {
      host.exchange(host.ping(true, NOTHING));
      host.pass(host.settings.nopInterval().minusSeconds(1));
    }
    assertEquals(Connection.Phase.ENDED, host.connection.phase());
  }

  @Test
  void failsATaskWhoseDataWasDamaged() {
    ScsiCommand write = host.write(0, 4, 2048, true, NOTHING);
    ReadyToTransfer asked = host.answer(ReadyToTransfer.class, write);
    DataOut damaged =
        host.data(write, asked.targetTransferTag(), 0, 0, false, Harness.bytes(1024, 1));
    host.connection.malformed(
        ProtocolException.rejected(
            RejectReason.DATA_DIGEST_ERROR, "damaged", true, PduEncoder.basicHeader(damaged)));
    Reject reject = Harness.only(Reject.class, host.sent());
    assertEquals(RejectReason.DATA_DIGEST_ERROR.code(), reject.reason());
    ScsiResponse response =
        host.answer(
            ScsiResponse.class,
            host.data(write, asked.targetTransferTag(), 1, 1024, true, Harness.bytes(1024, 1)));
    assertEquals(CHECK_CONDITION, response.status());
    assertEquals(0x4705, response.data().asByteBuffer().getShort(2 + 12));
    assertEquals(List.of(), unit.executed());
    assertFalse(host.connection.over());
  }

  @Test
  void holdsCommandsUntilThereIsMemory() {
    SessionSettings tight = Harness.settings("moongate.iscsi.max-connection-bytes = 1 MiB");
    Harness small = new Harness(tight, directory).loggedIn();
    unit.hold();
    ScsiCommand first = small.read(0, 1536, 768 << 10);
    ScsiCommand second = small.read(0, 1536, 768 << 10);
    ScsiCommand third = small.ready(small.nextCmdSn());
    small.receive(first, second, third);
    assertEquals(1, unit.held().size(), "in order: what is small waits behind what is large");
    unit.release();
    List<TargetPdu> all = small.sent();
    assertEquals(3, unit.executed().size());
    assertEquals(third.initiatorTaskTag(), all.get(all.size() - 1).initiatorTaskTag());
    assertEquals(0, small.registry.bytes());
  }

  private static DataIn header(TargetPdu pdu) {
    return pdu instanceof LentDataIn lent ? lent.header() : (DataIn) pdu;
  }

  @Test
  void keepsTheWindowShutWhileMemoryIsShortAndTellsWhenItOpens() {
    SessionSettings tight =
        Harness.settings("moongate.iscsi { max-connection-bytes = 1 MiB, queue-depth = 2 }");
    Harness small = new Harness(tight, directory).loggedIn();
    unit.hold();
    ScsiCommand large = small.read(0, 2048, 1 << 20);
    ScsiCommand next = small.read(0, 2048, 1 << 20);
    small.receive(large, next);
    unit.release();
    small.settle();
    List<TargetPdu> batch = new ArrayList<>();
    small.connection.take(batch);
    DataIn part = header(batch.get(0));
    assertEquals(part.expCmdSn() - 1, part.maxCmdSn(), "shut");
    List<TargetPdu> rest = small.sent();
    TargetPdu last = rest.get(rest.size() - 1);
    int maxCmdSn = last instanceof NopIn told ? told.maxCmdSn() : header(last).maxCmdSn();
    assertEquals(next.cmdSn() + 2, maxCmdSn);
  }

  @Test
  void answersBusyWhenMemoryDoesNotComeFreeInTime() {
    SessionSettings tight = Harness.settings("moongate.iscsi.max-connection-bytes = 1 MiB");
    Harness small = new Harness(tight, directory).loggedIn();
    unit.hold();
    small.receive(small.read(0, 1536, 768 << 10), small.read(0, 1536, 768 << 10));
    small.pass(tight.commandDeadline());
    ScsiResponse busy = Harness.only(ScsiResponse.class, small.sent());
    assertEquals(BUSY, busy.status());
    assertEquals(1, unit.held().size());
  }

  @Test
  void waitsForMemoryOfTheGateway() {
    SessionSettings tight = Harness.settings("moongate.iscsi.max-gateway-bytes = 1 MiB");
    Harness one = new Harness(tight, directory).loggedIn();
    FakeUnit other = new FakeUnit(1 << 20);
    Harness two = new Harness(tight, FakeDirectory.of(other), one.registry);
    two.exchange(
        two.login(
            1,
            3,
            Harness.text("InitiatorName", "iqn.2026-11.b", "TargetName", FakeDirectory.TARGET)));
    unit.hold();
    one.receive(one.read(0, 1536, 768 << 10));
    two.receive(two.read(0, 1536, 768 << 10));
    assertEquals(List.of(), other.executed());
    unit.release();
    one.sent();
    two.settle();
    assertEquals(1, other.executed().size());
  }

  @Test
  void forgetsATaskThatTheUnitDoesNotKnowAnyMore() {
    unit.hold();
    host.receive(host.read(0, 1, 512));
    unit.manage(
        io.moongate.scsi.LogicalUnit.TaskManagement.LOGICAL_UNIT_RESET,
        unit.held().get(0).command().nexus(),
        0,
        done -> {});
    host.pass(host.settings.commandDeadline());
    host.exchange(host.ping(true, NOTHING));
    host.pass(java.time.Duration.ofSeconds(5));
    assertEquals(0, host.registry.bytes());
    assertEquals(Connection.Phase.FULL_FEATURE, host.connection.phase());
    assertEquals(0, host.registry.sessions().get(0).commands());
  }
}
