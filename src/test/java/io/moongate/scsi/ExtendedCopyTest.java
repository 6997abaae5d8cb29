package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.NEXUS;
import static io.moongate.scsi.UnitFixture.assertSense;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.CopyFixture.ListOf;
import io.moongate.scsi.CopyFixture.Unit;
import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What EXTENDED COPY copies, and what it refuses. */
class ExtendedCopyTest {
  private static final int BLOCK = 512;

  private final CopyFixture fixture = new CopyFixture();
  private final Unit a = fixture.a;
  private final Unit b = fixture.b;
  private final Unit large = fixture.large;

  private static void fill(Unit unit, Random random) {
    byte[] content = new byte[(int) unit.volume.geometry().size()];
    random.nextBytes(content);
    unit.volume.fill(0, content);
  }

  private static ListOf list() {
    return new ListOf();
  }

  @Test
  void anyRangeWithinOneUnitIsAsIfItHadBeenReadBeforeItWasWritten() {
    long seed = new Random().nextLong();
    System.out.println("ExtendedCopyTest seed " + seed);
    Random random = new Random(seed);
    fill(a, random);
    for (int i = 0; i < 500; i++) {
      int count = random.nextInt(120);
      int from = random.nextInt(1024 - count);
      int near = from + random.nextInt(61) - 30;
      int to = random.nextBoolean() ? random.nextInt(1024 - count) : near;
      to = Math.max(0, Math.min(1024 - count, to));
      byte[] expected = a.content();
      System.arraycopy(expected, from * BLOCK, expected, to * BLOCK, count * BLOCK);
      fixture.copy(a, list().unit(a).blocks(0, 0, count, from, to).list()).assertGood();
      assertArrayEquals(
          expected,
          a.content(),
          "seed %d step %d: %d+%d to %d".formatted(seed, i, from, count, to));
    }
  }

  @Test
  void segmentsAreCopiedInOrderBetweenUnits() {
    Random random = new Random(1);
    fill(a, random);
    fill(b, random);
    byte[] ofA = a.content();
    byte[] ofB = b.content();
    System.arraycopy(ofA, 3 * BLOCK, ofB, 500 * BLOCK, 100 * BLOCK);
    System.arraycopy(ofB, 550 * BLOCK, ofA, 0, 20 * BLOCK);
    System.arraycopy(ofA, 0, ofB, 1000 * BLOCK, 24 * BLOCK);
    byte[] list =
        list()
            .unit(a)
            .unit(b)
            .blocks(0, 1, 100, 3, 500)
            .bytes(1, 0, 20 * BLOCK, 550, 0)
            .blocks(0, 1, 24, 0, 1000)
            .list();
    // The unit that is asked need not be the one that is copied.
    fixture.copy(large, list).assertGood();
    assertArrayEquals(ofA, a.content());
    assertArrayEquals(ofB, b.content());
    assertTrue(
        b.volume.started.stream().allMatch(each -> bytes(each) <= CopyFixture.PIECE),
        b.volume.started::toString);
  }

  private static int bytes(String operation) {
    return Integer.parseInt(operation.substring(operation.indexOf('+') + 1));
  }

  @Test
  void blockSizesMayDifferAsLongAsTheLengthIsWhole() {
    fill(a, new Random(2));
    byte[] expected = large.content();
    System.arraycopy(a.content(), 5 * BLOCK, expected, 7 * 4096, 5 * 4096);
    fixture.copy(a, list().unit(a).unit(large).blocks(0, 1, 40, 5, 7).list()).assertGood();
    assertArrayEquals(expected, large.content());
    // DC: the count is that of the destination's blocks.
    String dc = "02020018 0000 0001 0000 0002 %016x %016x".formatted(1L, 20L);
    System.arraycopy(a.content(), BLOCK, expected, 20 * 4096, 2 * 4096);
    fixture.copy(a, list().unit(a).unit(large).segment(dc).list()).assertGood();
    assertArrayEquals(expected, large.content());
    Response inexact =
        fixture.copy(a, list().unit(a).unit(large).blocks(0, 1, 41, 5, 7).list()).response();
    assertSegment(assertSense("0a/260a", inexact), inexact, 0, 0xA0000A);
    assertArrayEquals(expected, large.content());
  }

  @Test
  void aCopyOntoItselfLeavesWhatOthersWriteMeanwhile() {
    fill(a, new Random(3));
    byte[] expected = a.content();
    a.volume.hold();
    Outcome copy = fixture.copy(a, list().unit(a).blocks(0, 0, 1024, 0, 0).list());
    byte[] other = new byte[BLOCK];
    Outcome write = fixture.start(a, UnitFixture.OTHER, "2a 00 00000000 00 0001 00", other);
    while (a.volume.pending() > 0) {
      a.volume.completeNext();
    }
    write.assertGood();
    copy.assertGood();
    System.arraycopy(other, 0, expected, 0, BLOCK);
    assertArrayEquals(expected, a.content());
  }

  @Test
  void nothingToCopyIsNoError() {
    fixture.copy(a).assertGood();
    fixture.copy(a, list().list()).assertGood();
    fixture.copy(a, list().unit(a).list()).assertGood();
    fixture.copy(a, list().unit(a).blocks(0, 0, 0, 1024, 0).list()).assertGood();
    fixture.copy(a, list().unit(a).unit(b).bytes(0, 1, 0, 0, 1024).list()).assertGood();
    assertEquals(List.of(), b.volume.started);
  }

  @Test
  void theParameterListIsRefusedAsAWhole() {
    refused("05/1a00", 0, Arrays.copyOf(list().list(), 15));
    byte[] whole = list().unit(a).blocks(0, 0, 1, 0, 1).list();
    refused("05/1a00", 0, Arrays.copyOf(whole, 16 + 31));
    refused("05/1a00", 0, Arrays.copyOf(whole, 16 + 32 + 27));
    refused("05/1a00", 0, Arrays.copyOf(whole, 16 + (17 + 4) * 32 + 1));
    assertSense(
        "05/1a00",
        fixture.start(a, NEXUS, "8300 0000000000000000 00000050 0000", new byte[79]).response());
    refused("05/2606", 2, repeat(17, each -> each.unit(a)).blocks(0, 0, 1, 0, 1).list());
    refused("05/2608", 8, repeat(4, each -> each.blocks(0, 0, 1, 0, 1)).list());
    refused("05/2607", 16, list().cscd("e0" + "00".repeat(31)).blocks(0, 0, 1, 0, 1).list());
    refused("05/2607", 48, list().unit(a).cscd("ff" + "00".repeat(31)).list());
    refused("05/2600", 2, list().cscd("e4" + "00".repeat(27)).list());
    refused("05/2609", 48, list().unit(a).segment("03000010" + "00".repeat(16)).list());
    refused("05/2600", 50, list().unit(a).segment("02000014" + "00".repeat(24)).list());
    refused("05/2600", 8, list().unit(a).segment("02000018" + "00".repeat(23)).list());
    refused("05/2600", 1, list().unit(a).blocks(0, 0, 1, 0, 1).id(1, 1).list());
    refused("05/2600", 0, list().unit(a).blocks(0, 0, 1, 0, 1).id(1, 3).list());
    ListOf inline = list().unit(a).blocks(0, 0, 1, 0, 1);
    inline.inline = 4;
    refused("05/260b", 12, Arrays.copyOf(inline.list(), 16 + 32 + 28 + 4));
    assertEquals(List.of(), a.volume.started);
  }

  private static ListOf repeat(int count, Consumer<ListOf> step) {
    ListOf list = list();
    for (int i = 0; i < count; i++) {
      step.accept(list);
    }
    return list;
  }

  private void refused(String expected, int at, byte[] list) {
    Sense sense = assertSense(expected, fixture.copy(a, list).response());
    assertEquals(expected.startsWith("05/26") ? 0x80_0000 | at : 0, sense.specific());
  }

  @Test
  void aParameterListThatIsTooLongIsNotAskedFor() {
    byte[] cdb = UnitFixture.hex("8300 0000000000000000 00000310 0000");
    int most = 16 + 17 * 32 + 4 * 32;
    ByteBuffer.wrap(cdb).putInt(10, most);
    assertEquals(most, a.unit.dataOutLength(UnitFixture.NEXUS, cdb));
    ByteBuffer.wrap(cdb).putInt(10, most + 1);
    assertEquals(0, a.unit.dataOutLength(UnitFixture.NEXUS, cdb));
  }

  @Test
  void aWrongSegmentIsToldAfterThoseBeforeItWereCopied() {
    fill(a, new Random(4));
    ListOf twoUnits = list().unit(a).unit(b).blocks(0, 1, 8, 0, 0);
    byte[] wanted = a.volume.bytes(0, 8 * BLOCK);
    Response response = fixture.copy(a, twoUnits.blocks(2, 1, 1, 0, 0).list()).response();
    assertSegment(assertSense("0a/0804", response), response, 1, 0xA00004);
    assertArrayEquals(wanted, b.volume.bytes(0, wanted.length));
    segmentFails("0a/0804", 0xA00006, list().unit(a).blocks(0, 1, 1, 0, 0));
    segmentFails("0a/0000", 0xA0000C, list().unit(a).blocks(0, 0, 2, 1023, 0));
    segmentFails("0a/0000", 0xA00014, list().unit(a).blocks(0, 0, 2, 0, 1023));
    segmentFails("0a/0000", 0xA0000C, list().unit(a).blocks(0, 0, 1, -1, 0));
    segmentFails("0a/0000", 0xA00014, list().unit(a).blocks(0, 0, 1, 0, Long.MAX_VALUE));
    segmentFails("0a/2600", 0xA0000A, list().unit(a).blocks(0, 0, 2049, 0, 0));
    segmentFails("0a/2600", 0xA00008, list().unit(a).bytes(0, 0, (1 << 20) + 512, 0, 0));
    segmentFails("0a/260a", 0xA00008, list().unit(a).bytes(0, 0, 513, 0, 0));
    String offset = "0a00001c 0000 0000 00000200 %016x %016x".formatted(0, 1);
    segmentFails("0a/2600", 0xA0001C, list().unit(a).segment(offset + "0001 0000"));
    segmentFails("0a/2600", 0xA0001E, list().unit(a).segment(offset + "0000 0001"));
  }

  private void segmentFails(String expected, int specific, ListOf list) {
    Response response = fixture.copy(a, list.list()).response();
    assertSegment(assertSense(expected, response), response, 0, specific);
  }

  /** The segment number in fixed format sense data, and the field pointer. */
  private static void assertSegment(Sense sense, Response response, int segment, int specific) {
    assertEquals(segment, ByteBuffer.wrap(response.sense()).getInt(8), "COMMAND-SPECIFIC");
    assertEquals(Integer.toHexString(specific), Integer.toHexString(sense.specific()));
    assertTrue(sense.information().isEmpty(), "VALID");
  }

  @Test
  void unitsThatTheInitiatorCannotReach() {
    fixture.masked.add(b);
    segmentFails("0a/0d02", 0x800030, list().unit(a).unit(b).blocks(0, 1, 1, 0, 0));
    segmentFails("0a/0d02", 0x800030, list().unit(a).unit(b).blocks(1, 0, 1, 0, 0));
    fixture.masked.clear();
    String naa = "%s 000000000000000000000000 00 000200".formatted(b.identity.naa());
    for (String other :
        List.of(
            "e4000000 02030008", "e4000000 01130008", "e4000000 01020008", "e4000000 0103000c")) {
      segmentFails("0a/0d02", 0x800010, list().cscd(other + naa).blocks(0, 0, 1, 0, 0));
    }
    segmentFails("0a/0d03", 0x800010, list().cscd("e4010000 01030008" + naa).blocks(0, 0, 1, 0, 0));
    String length = "%s 000000000000000000000000 00 001000".formatted(b.identity.naa());
    segmentFails(
        "0a/2600", 0x80002D, list().cscd("e4000000 01030008" + length).blocks(0, 0, 1, 0, 0));
    assertEquals(List.of(), b.volume.started);
    // LU ID TYPE and the relative initiator port say nothing here; no block length is no wrong one.
    String none = "%s 000000000000000000000000 00 000000".formatted(b.identity.naa());
    fixture
        .copy(a, list().cscd("e4c00001 01030008" + none).blocks(0, 0, 1, 0, 1).list())
        .assertGood();
    // What no segment refers to is not looked for.
    fixture.masked.add(b);
    fixture.copy(a, list().unit(a).unit(b).blocks(0, 0, 1, 0, 1).list()).assertGood();
  }

  @Test
  void theParametersThatHostsAreTold() {
    byte[] told = UnitFixture.bytes(fixture.receive(a, NEXUS, 3, 0));
    ByteBuffer data = ByteBuffer.wrap(told);
    assertEquals(told.length - 4, data.getInt(0));
    assertEquals(1, data.get(4), "SNLID");
    assertEquals(16, data.getShort(8));
    assertEquals(3, data.getShort(10));
    assertEquals(17 * 32 + 4 * 32, data.getInt(12));
    assertEquals(1 << 20, data.getInt(16));
    assertEquals(0, data.getInt(20), "inline data");
    assertEquals(0, data.getInt(24), "held data");
    assertEquals(2, data.getShort(34));
    assertEquals(2, data.get(36));
    assertEquals(9, data.get(37));
    assertEquals("03020ae4", java.util.HexFormat.of().formatHex(told, 43, told.length));
    byte[] page = UnitFixture.bytes(fixture.start(large, NEXUS, "12 01 8f 00 ff 00").response());
    assertEquals(
        "008f005c"
            + "0001000c 09 830100 840400010304 0000".replace(" ", "")
            + "0004001c 00000000 0010 0003 000002a0 00000000 000000000000000000000000"
                .replace(" ", "")
            + "00080004 03020ae4".replace(" ", "")
            + ("80010020 00000002 00000002 00100000 0c" + "00".repeat(19)).replace(" ", ""),
        java.util.HexFormat.of().formatHex(page));
    assertFalse((fixture.start(a, NEXUS, "12 00 00 00 ff 00").response().dataIn().get(5) & 8) == 0);
  }
}
