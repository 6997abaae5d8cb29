package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.BLOCK;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.blocks;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MediumCommandsTest {
  private static final int CAPACITY = 1024;

  private final UnitFixture fixture = UnitFixture.serving();
  private final FakeVolume volume = fixture.volume;

  @BeforeEach
  void numberTheBlocks() {
    for (int i = 0; i < CAPACITY; i++) {
      volume.fill(i * BLOCK, blocks(1, i));
    }
  }

  private void assertStarted(String... operations) {
    assertEquals(List.of(operations), volume.started);
  }

  private long wanted(String cdb) {
    return fixture.unit.dataOutLength(UnitFixture.NEXUS, hex(cdb));
  }

  @Test
  void readCapacity() {
    assertArrayEquals(hex("000003ff 00000200"), fixture.data("25 00 00000000 00 0000 00"));
    assertArrayEquals(
        hex("00000000000003ff 00000200 00 00 c000" + "00".repeat(16)),
        fixture.data("9e 10 0000000000000000 00000020 00 00"));
    assertEquals(5, fixture.data("9e 10 0000000000000000 00000005 00 00").length);

    VolumeGeometry large = new VolumeGeometry(1 << 20, 4096, false, 0, 0, false);
    UnitFixture other = new UnitFixture(large, UnitFixture.SETTINGS).served();
    assertArrayEquals(
        hex("00000000000000ff 00001000 00 00 0000" + "00".repeat(16)),
        other.data("9e 10 0000000000000000 00000020 00 00"));
  }

  @Test
  void capacitiesBeyond32Bits() {
    // Only its geometry counts: the volume is never touched.
    VolumeGeometry huge = new VolumeGeometry(1L << 43, 512, false, 0, 0, false);
    BlockUnit unit =
        new BlockUnit(
            UnitFixture.IDENTITY,
            huge,
            () -> fixture.queried,
            now -> true,
            UnitPeers.ALONE,
            UnitFixture.SETTINGS,
            fixture.timer);
    UnitFixture.Outcome ten = new UnitFixture.Outcome(fixture.command("25 00 00000000 00 0000 00"));
    unit.execute(ten.command, ten);
    assertArrayEquals(hex("ffffffff 00000200"), UnitFixture.bytes(ten.response()));
    UnitFixture.Outcome mode = new UnitFixture.Outcome(fixture.command("1a 00 08 00 0c 00"));
    unit.execute(mode.command, mode);
    assertArrayEquals(hex("1f 00 10 08 ffffffff 00000200"), UnitFixture.bytes(mode.response()));
  }

  @Test
  void readsOfEveryLength() {
    byte[] expected = Arrays.copyOf(blocks(1, 3), 2 * BLOCK);
    System.arraycopy(blocks(1, 4), 0, expected, BLOCK, BLOCK);
    for (String cdb :
        List.of(
            "08 000003 02 00",
            "28 00 00000003 00 0002 00",
            "a8 00 00000003 00000002 00 00",
            "88 00 0000000000000003 00000002 00 00")) {
      assertArrayEquals(expected, fixture.data(cdb), cdb);
    }
    assertEquals(256 * BLOCK, fixture.data("08 000000 00 00").length);
  }

  @Test
  void writesOfEveryLength() {
    for (String cdb :
        List.of(
            "0a 000005 02 00",
            "2a 00 00000005 00 0002 00",
            "aa 00 00000005 00000002 00 00",
            "8a 00 0000000000000005 00000002 00 00")) {
      volume.fill(5 * BLOCK, blocks(2, 0));
      assertEquals(2 * BLOCK, wanted(cdb));
      Response response = fixture.run(cdb, blocks(2, 0xAB));
      assertEquals(Status.GOOD, response.status(), cdb);
      assertEquals(2 * BLOCK, response.dataOutWanted());
      assertArrayEquals(blocks(2, 0xAB), volume.bytes(5 * BLOCK, 2 * BLOCK), cdb);
      assertArrayEquals(blocks(1, 7), volume.bytes(7 * BLOCK, BLOCK), cdb);
    }
  }

  @Test
  void fuaAndDpo() {
    fixture.run("2a 08 00000001 00 0001 00", blocks(1, 1));
    fixture.run("2a 10 00000001 00 0001 00", blocks(1, 1));
    fixture.run("28 18 00000001 00 0001 00");
    assertStarted("write 512+512 stable", "write 512+512", "flush", "read 512+512");
  }

  @Test
  void protectionInformationIsRefused() {
    for (String cdb :
        List.of(
            "28 20 00000000 00 0001 00",
            "88 60 0000000000000000 00000001 00 00",
            "2a 20 00000000 00 0001 00",
            "2f 20 00000000 00 0001 00",
            "41 20 00000000 00 0001 00",
            "89 20 0000000000000000 00000001 00 00")) {
      assertSense("05/2400", fixture.run(cdb, blocks(1, 0)));
      assertEquals(0, wanted(cdb));
    }
    assertStarted();
  }

  @Test
  void rangesAreChecked() {
    for (String cdb :
        List.of(
            "08 000400 01 00",
            "0a 0003ff 02 00",
            "28 00 000003ff 00 0002 00",
            "28 00 ffffffff 00 0001 00",
            "28 00 00000401 00 0000 00",
            "88 00 ffffffffffffffff 00000001 00 00",
            "88 00 8000000000000000 00000000 00 00",
            "a8 00 00000000 ffffffff 00 00",
            "8a 00 0000000000000400 00000001 00 00",
            "2f 00 00000400 00 0001 00",
            "35 00 00000400 00 0001 00",
            "34 00 00000401 00 0000 00",
            "41 00 000003ff 00 0002 00",
            "89 00 0000000000000400 000000 01 00 00",
            "9e 12 0000000000000400 00000018 00 00")) {
      assertSense("05/2100", fixture.run(cdb, blocks(2, 0)));
      assertEquals(0, wanted(cdb), cdb);
    }
    assertStarted();
  }

  @Test
  void aTransferLengthOfZeroTransfersNothing() {
    assertEquals(0, fixture.data("28 00 00000000 00 0000 00").length);
    assertEquals(0, fixture.data("28 00 00000400 00 0000 00").length);
    assertEquals(Status.GOOD, fixture.run("2a 00 00000000 00 0000 00").status());
    assertEquals(Status.GOOD, fixture.run("2f 02 00000000 00 0000 00").status());
    assertEquals(Status.GOOD, fixture.run("89 00 0000000000000000 000000 00 00 00").status());
    assertStarted();
  }

  @Test
  void theMaximumTransferLengthIsKept() {
    assertEquals(256 * BLOCK, fixture.data("28 00 00000000 00 0100 00").length);
    assertSense("05/2400", fixture.run("28 00 00000000 00 0101 00"));
    assertSense("05/2400", fixture.run("8b 00 0000000000000000 00000101 00 00"));
    assertEquals(0, wanted("2a 00 00000000 00 0101 00"));
    assertEquals(256 * BLOCK, wanted("2a 00 00000000 00 0100 00"));
  }

  @Test
  void whatIsSentShortIsWrittenInWholeBlocks() {
    Response response = fixture.run("2a 00 00000005 00 0003 00", blocks(2, 0xCC));
    assertEquals(Status.GOOD, response.status());
    assertEquals(3 * BLOCK, response.dataOutWanted());
    assertStarted("write 2560+1024");

    Response nothing = fixture.run("2a 00 00000005 00 0003 00");
    assertEquals(Status.GOOD, nothing.status());
    assertEquals(3 * BLOCK, nothing.dataOutWanted());

    Response part = fixture.run("2a 00 00000005 00 0001 00", new byte[200]);
    assertSense("05/0e03", part);
    assertEquals(BLOCK, part.dataOutWanted());

    Response longer = fixture.run("2a 00 00000005 00 0001 00", blocks(2, 0xDD));
    assertEquals(BLOCK, longer.dataOutWanted());
    assertArrayEquals(blocks(1, 0xCC), volume.bytes(6 * BLOCK, BLOCK));
  }

  @Test
  void verify() {
    assertEquals(Status.GOOD, fixture.run("2f 00 00000002 00 0002 00").status());
    assertEquals(0, wanted("2f 00 00000002 00 0002 00"));
    assertEquals(Status.GOOD, fixture.run("2f 02 00000002 00 0001 00", blocks(1, 2)).status());
    assertEquals(Status.GOOD, fixture.run("af 02 00000002 00000001 00 00", blocks(1, 2)).status());
    assertEquals(
        Status.GOOD, fixture.run("8f 02 0000000000000002 00000001 00 00", blocks(1, 2)).status());

    byte[] different = blocks(2, 2);
    Response response = fixture.run("2f 02 00000002 00 0002 00", different);
    Sense sense = assertSense("0e/1d00", response);
    assertEquals(OptionalLong.of(BLOCK), sense.information());
    assertSense("05/2400", fixture.run("2f 04 00000002 00 0001 00", blocks(1, 2)));
  }

  @Test
  void verifyAgainstOneBlock() {
    volume.fill(0, blocks(4, 9));
    assertEquals(BLOCK, wanted("2f 06 00000000 00 0004 00"));
    assertEquals(Status.GOOD, fixture.run("2f 06 00000000 00 0004 00", blocks(1, 9)).status());
    byte[] nearly = blocks(1, 9);
    nearly[17] = 1;
    Sense sense = assertSense("0e/1d00", fixture.run("2f 06 00000000 00 0004 00", nearly));
    assertEquals(OptionalLong.of(17), sense.information());
    assertSense("0e/1d00", fixture.run("2f 06 00000000 00 0005 00", blocks(1, 9)));
  }

  @Test
  void writeAndVerify() {
    for (String cdb :
        List.of(
            "2e 02 00000001 00 0001 00",
            "ae 00 00000001 00000001 00 00",
            "8e 02 0000000000000001 00000001 00 00")) {
      volume.started.clear();
      assertEquals(Status.GOOD, fixture.run(cdb, blocks(1, 0x77)).status());
      assertStarted("write 512+512 stable", "read 512+512");
      assertArrayEquals(blocks(1, 0x77), volume.bytes(BLOCK, BLOCK));
    }
    assertSense("05/2400", fixture.run("2e 06 00000001 00 0001 00", blocks(1, 0)));
  }

  @Test
  void synchronizeCacheAndPreFetch() {
    assertEquals(Status.GOOD, fixture.run("35 00 00000000 00 0000 00").status());
    assertEquals(Status.GOOD, fixture.run("91 02 0000000000000000 00000001 00 00").status());
    assertStarted("flush", "flush");
    assertEquals(Status.GOOD, fixture.run("34 02 00000000 00 0010 00").status());
    assertEquals(Status.GOOD, fixture.run("90 00 0000000000000000 00000000 00 00").status());
    assertStarted("flush", "flush");
  }

  @Test
  void immediateSynchronizeCacheIsAnsweredAfterTheFlush() {
    volume.hold();
    UnitFixture.Outcome outcome = fixture.start("35 02 00000000 00 0000 00");
    assertEquals(false, outcome.ended());
    volume.completeNext();
    outcome.assertGood();
  }

  private static byte[] unmapList(long... ranges) {
    ByteBuffer list = ByteBuffer.allocate(8 + 8 * ranges.length);
    list.putShort((short) (6 + 8 * ranges.length)).putShort((short) (8 * ranges.length)).putInt(0);
    for (int i = 0; i < ranges.length; i += 2) {
      list.putLong(ranges[i]).putInt((int) ranges[i + 1]).putInt(0);
    }
    return list.array();
  }

  private Response unmap(byte[] list) {
    return fixture.run("42 00 00000000 00 %04x 00".formatted(list.length), list);
  }

  @Test
  void unmap() {
    byte[] list = unmapList(2, 2, 10, 1, 1024, 0);
    assertEquals(list.length, wanted("42 00 00000000 00 %04x 00".formatted(list.length)));
    Response response = unmap(list);
    assertEquals(Status.GOOD, response.status());
    assertEquals(list.length, response.dataOutWanted());
    assertStarted("unmap 1024+1024", "unmap 5120+512");
    assertArrayEquals(blocks(2, 0), volume.bytes(2 * BLOCK, 2 * BLOCK));
    assertEquals(Status.GOOD, unmap(unmapList()).status());
    assertEquals(Status.GOOD, unmap(new byte[0]).status());
  }

  @Test
  void unmapIsCheckedAsAWhole() {
    assertSense("05/2100", unmap(unmapList(0, 1, 1024, 1)));
    assertSense("05/2100", unmap(unmapList(-1, 1)));
    assertSense("05/2600", unmap(unmapList(0, 1, 1, 1, 2, 1, 3, 1, 4, 1)));
    assertSense("05/2600", unmap(unmapList(0, 512, 512, 1)));
    assertSense("05/1a00", unmap(new byte[7]));
    assertSense("05/1a00", fixture.run("42 00 00000000 00 0018 00", new byte[8]));
    byte[] lies = unmapList(0, 1);
    lies[3] = 32;
    assertSense("05/1a00", unmap(lies));
    assertSense("05/2400", fixture.run("42 01 00000000 00 0000 00"));
    assertStarted();
  }

  @Test
  void writeSame() {
    assertEquals(2 * BLOCK, wanted("41 00 00000004 00 0003 00"), "too much is to be seen");
    assertEquals(Status.GOOD, fixture.run("41 00 00000004 00 0003 00", blocks(1, 5)).status());
    assertArrayEquals(blocks(3, 5), volume.bytes(4 * BLOCK, 3 * BLOCK));
    assertArrayEquals(blocks(1, 7), volume.bytes(7 * BLOCK, BLOCK));
    assertEquals(
        Status.GOOD, fixture.run("93 00 0000000000000000 00000200 00 00", blocks(1, 6)).status());
    assertStarted("writeSame 2048+1536", "writeSame 0+131072", "writeSame 131072+131072");
  }

  @Test
  void writeSameWithUnmapDeallocatesZerosOnly() {
    fixture.run("93 08 0000000000000000 00000002 00 00", blocks(1, 0));
    fixture.run("41 08 00000002 00 0002 00", blocks(1, 1));
    fixture.run("93 09 0000000000000004 00000002 00 00");
    fixture.run("93 01 0000000000000006 00000002 00 00");
    assertStarted("unmap 0+1024", "writeSame 1024+1024", "unmap 2048+1024", "writeSame 3072+1024");
    assertArrayEquals(blocks(2, 1), volume.bytes(2 * BLOCK, 2 * BLOCK));
    assertArrayEquals(blocks(4, 0), volume.bytes(4 * BLOCK, 4 * BLOCK));
    assertEquals(0, wanted("93 09 0000000000000004 00000002 00 00"));
  }

  @Test
  void writeSameOfNoBlocksGoesToTheEnd() {
    assertEquals(Status.GOOD, fixture.run("41 08 000003fe 00 0000 00", blocks(1, 0)).status());
    assertEquals(
        Status.GOOD, fixture.run("93 00 0000000000000200 00000000 00 00", blocks(1, 6)).status());
    assertStarted("unmap 523264+1024", "writeSame 262144+131072", "writeSame 393216+131072");
  }

  @Test
  void writeSameIsChecked() {
    assertSense("05/2400", fixture.run("41 00 000001ff 00 0000 00", blocks(1, 0)));
    assertSense("05/2100", fixture.run("41 00 00000400 00 0000 00", blocks(1, 0)));
    assertSense("05/2400", fixture.run("41 10 00000000 00 0001 00", blocks(1, 0)));
    assertSense("05/2400", fixture.run("41 00 00000000 00 0201 00", blocks(1, 0)));
    assertSense("05/0e03", fixture.run("41 00 00000000 00 0001 00", blocks(2, 0)));
    assertSense("05/0e03", fixture.run("41 00 00000000 00 0001 00", new byte[256]));
    assertSense("05/0e03", fixture.run("41 00 00000000 00 0001 00"));
    assertStarted();
  }

  private static byte[] compareAndWrite(int blocks, int expected, int replacement) {
    byte[] data = Arrays.copyOf(blocks(blocks, expected), 2 * blocks * BLOCK);
    System.arraycopy(blocks(blocks, replacement), 0, data, blocks * BLOCK, blocks * BLOCK);
    return data;
  }

  @Test
  void compareAndWrite() {
    String cdb = "89 00 0000000000000008 000000 01 00 00";
    assertEquals(3 * BLOCK, wanted(cdb), "one more, to see an initiator that sends too much");
    Response response = fixture.run(cdb, compareAndWrite(1, 8, 0x99));
    assertEquals(Status.GOOD, response.status());
    assertEquals(2 * BLOCK, response.dataOutWanted());
    assertArrayEquals(blocks(1, 0x99), volume.bytes(8 * BLOCK, BLOCK));

    byte[] nearly = compareAndWrite(1, 0x99, 0x11);
    nearly[300] = 0;
    Response different = fixture.run(cdb, nearly);
    Sense sense = assertSense("0e/1d00", different);
    assertEquals(OptionalLong.of(300), sense.information());
    assertEquals(2 * BLOCK, different.dataOutWanted());
    assertArrayEquals(blocks(1, 0x99), volume.bytes(8 * BLOCK, BLOCK));
  }

  @Test
  void compareAndWriteIsAllOrNothing() {
    assertSense(
        "05/0e03", fixture.run("89 00 0000000000000008 000000 02 00 00", compareAndWrite(1, 8, 9)));
    assertSense(
        "05/2400", fixture.run("89 00 0000000000000008 000000 01 00 00", compareAndWrite(2, 8, 9)));
    assertSense(
        "05/2400", fixture.run("89 00 0000000000000008 000000 09 00 00", compareAndWrite(9, 8, 9)));
    assertStarted();
  }

  @Test
  void orWrite() {
    byte[] bits = blocks(2, 0xF0);
    assertEquals(Status.GOOD, fixture.run("8b 08 0000000000000003 00000002 00 00", bits).status());
    assertArrayEquals(blocks(1, 0xF3), volume.bytes(3 * BLOCK, BLOCK));
    assertArrayEquals(blocks(1, 0xF4), volume.bytes(4 * BLOCK, BLOCK));
    assertStarted("read 1536+1024", "write 1536+1024 stable");
  }

  @Test
  void getLbaStatus() {
    unmap(unmapList(4, 3));
    assertArrayEquals(
        hex(
            "00000034 00000000"
                + "0000000000000002 00000002 00 000000"
                + "0000000000000004 00000003 01 000000"
                + "0000000000000007 000003f9 00 000000"),
        fixture.data("9e 12 0000000000000002 000000ff 00 00"));
    byte[] cut = fixture.data("9e 12 0000000000000005 00000018 00 00");
    assertArrayEquals(hex("00000024 00000000 0000000000000005 00000002 01 000000"), cut);
  }

  @Test
  void failuresOfTheStore() {
    String read = "28 00 00000000 00 0001 00";
    String write = "2a 00 00000000 00 0001 00";
    for (VolumeException.Reason reason : VolumeException.Reason.values()) {
      volume.failWith(reason);
      String onRead = UnitFixture.sense(fixture.run(read));
      String onWrite = UnitFixture.sense(fixture.run(write, blocks(1, 0)));
      switch (reason) {
        case FULL -> assertEquals("07/2707", onWrite);
        case IO, LOST -> assertEquals("03/1100 03/0c00", onRead + " " + onWrite);
        case UNAVAILABLE, OVERLOADED, FENCED, CLOSED ->
            assertEquals("BUSY BUSY", onRead + " " + onWrite);
        case RANGE -> assertEquals("05/2100 05/2100", onRead + " " + onWrite);
        case NOT_FOUND, EXISTS, IN_USE, UNSUPPORTED ->
            assertEquals("04/4400 04/4400", onRead + " " + onWrite);
      }
    }
    volume.failWith(new IllegalStateException("a defect"));
    assertSense("04/4400", fixture.run(read));
  }

  @Test
  void whereAnotherGatewayMayServeAFailureIsNotFinal() {
    boolean[] elsewhere = {true};
    UnitFixture passing =
        new UnitFixture(
                new UnitPeers() {
                  @Override
                  public CompletionStage<Void> record(
                      String unitId, long epoch, SharedState next, String cause) {
                    return UnitPeers.ALONE.record(unitId, epoch, next, cause);
                  }

                  @Override
                  public CompletionStage<Void> tell(
                      String unitId, SharedState state, List<Notice> notices) {
                    return UnitPeers.ALONE.tell(unitId, state, notices);
                  }

                  @Override
                  public boolean mayServe(String unitId) {
                    assertEquals(UnitFixture.IDENTITY.id(), unitId);
                    return elsewhere[0];
                  }
                })
            .served();
    String read = "28 00 00000000 00 0001 00";
    String write = "2a 00 00000000 00 0001 00";
    String compareAndWrite = "89 00 0000000000000000 000000 01 00 00";
    passing.volume.failWith(VolumeException.Reason.IO);
    assertEquals(Status.BUSY, passing.run(read).status());
    assertEquals(Status.BUSY, passing.run(write, blocks(1, 0)).status());
    assertSense("03/0c00", passing.run(compareAndWrite, blocks(2, 0)));
    passing.volume.failWith(VolumeException.Reason.LOST);
    assertSense("03/0c00", passing.run(write, blocks(1, 0)));
    passing.volume.failWith(VolumeException.Reason.IO);
    elsewhere[0] = false;
    assertSense("03/1100", passing.run(read));
  }

  @Test
  void aStoreThatThrowsLeavesNothingBehind() {
    String write = "2a 00 00000000 00 0001 00";
    volume.throwing(new VolumeException(VolumeException.Reason.CLOSED, "for the test"));
    assertEquals(Status.BUSY, fixture.run(write, blocks(1, 0)).status());
    volume.throwing(new IllegalStateException("a defect"));
    assertSense("04/4400", fixture.run(write, blocks(1, 0)));
    volume.throwing(null);
    assertEquals(Status.GOOD, fixture.run(write, blocks(1, 0)).status());
    assertEquals(true, fixture.unit.drain().toCompletableFuture().isDone());
  }

  @Test
  void writeAtomic() {
    String cdb = "9c 00 0000000000000004 0000 0002 00 00";
    assertSense("05/2000", fixture.run(cdb, blocks(2, 1)));
    VolumeGeometry atomic =
        new VolumeGeometry(CAPACITY * BLOCK, BLOCK, true, 8 * BLOCK, 0, true, 4 * BLOCK);
    UnitFixture other = new UnitFixture(atomic, UnitFixture.SETTINGS).served();
    assertEquals(2 * BLOCK, other.unit.dataOutLength(UnitFixture.NEXUS, hex(cdb)));
    assertEquals(Status.GOOD, other.run(cdb, blocks(2, 1)).status());
    assertEquals(
        Status.GOOD, other.run("9c 18 0000000000000000 0000 0004 1f 00", blocks(4, 1)).status());
    assertEquals(Status.GOOD, other.run("9c 00 0000000000000000 0000 0000 00 00").status());
    assertEquals(List.of("writeAtomic 2048+1024", "writeAtomic 0+2048"), other.volume.started);
    assertSense("05/2400", other.run("9c 00 0000000000000000 0000 0005 00 00", blocks(5, 1)));
    assertSense("05/2400", other.run("9c 00 0000000000000000 0001 0001 00 00", blocks(1, 1)));
    assertSense("05/2400", other.run("9c 20 0000000000000000 0000 0001 00 00", blocks(1, 1)));
    assertSense("05/2100", other.run("9c 00 00000000000003ff 0000 0100 00 00", blocks(2, 1)));
    assertSense("05/2100", other.run("9c 00 8000000000000000 0000 0000 00 00"));
    assertSense("05/0e03", other.run(cdb, blocks(1, 1)));
  }

  @Test
  void defectListsAreEmpty() {
    assertArrayEquals(hex("00 00 0000"), fixture.data("37 00 00 00 00 00 00 0020 00"));
    assertArrayEquals(hex("00 1d 0000"), fixture.data("37 00 1d 00 00 00 00 0020 00"));
    assertArrayEquals(hex("00 08 0000 00000000"), fixture.data("b7 08 00000000 00000020 00 00"));
    assertArrayEquals(hex("00 10"), fixture.data("b7 10 00000007 00000002 00 00"));
    assertSense("05/2400", fixture.run("37 00 1e 00 00 00 00 0020 00"));
    assertSense("05/2400", fixture.run("b7 1f 00000000 00000020 00 00"));
  }

  @Test
  void theStatusOfALongMediumIsLookedAtInGrowingWindows() {
    // Only what the volume says counts: nothing of it is there.
    long size = 1L << 43;
    VolumeGeometry huge = new VolumeGeometry(size, 512, true, 4096, 0, false);
    List<Long> windows = new java.util.ArrayList<>();
    FakeVolume hole =
        new FakeVolume(UnitFixture.GEOMETRY) {
          @Override
          public java.util.concurrent.CompletionStage<List<Extent>> status(
              long offset, long length) {
            windows.add(length);
            return java.util.concurrent.CompletableFuture.completedFuture(
                List.of(new Extent(offset, length, false)));
          }
        };
    BlockUnit unit =
        new BlockUnit(
            UnitFixture.IDENTITY,
            huge,
            () -> null,
            now -> true,
            UnitPeers.ALONE,
            UnitFixture.SETTINGS,
            fixture.timer);
    unit.publish(UnitFixture.states(1, 5, true), new Route.Local(hole));
    UnitFixture.Outcome outcome =
        new UnitFixture.Outcome(fixture.command("9e 12 0000000000000001 000000ff 00 00"));
    unit.execute(outcome.command, outcome);
    outcome.assertGood();
    ByteBuffer data = ByteBuffer.wrap(UnitFixture.bytes(outcome.response()));
    data.position(8);
    long next = 1;
    while (data.hasRemaining()) {
      assertEquals(next, data.getLong());
      next += data.getInt() & 0xFFFF_FFFFL;
      assertEquals(1 << 24, data.getInt(), "deallocated");
    }
    assertEquals(size / 512, next, "all of it, with a length field of 32 bits");
    assertEquals(true, windows.size() < 20, windows::toString);
  }
}
