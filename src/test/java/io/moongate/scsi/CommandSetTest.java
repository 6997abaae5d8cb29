package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.sense.Sense;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** REPORT SUPPORTED OPERATION CODES, and that it tells the truth. */
class CommandSetTest {
  private final UnitFixture fixture = UnitFixture.serving();

  private record Supported(int code, int action, boolean hasAction, int length) {}

  private static List<Supported> all(UnitFixture fixture) {
    ByteBuffer data = ByteBuffer.wrap(fixture.data("a3 0c 00 00 0000 0000ffff 00 00"));
    assertEquals(data.capacity() - 4, data.getInt());
    List<Supported> out = new ArrayList<>();
    while (data.hasRemaining()) {
      int code = data.get() & 0xFF;
      data.get();
      int action = data.getShort();
      data.get();
      int flags = data.get();
      assertEquals(0, flags & 0x02, "CTDP");
      out.add(new Supported(code, action, (flags & 1) != 0, data.getShort()));
    }
    return out;
  }

  @Test
  void everyCommandIsReportedAloneToo() {
    List<Supported> all = all(fixture);
    assertTrue(all.size() > 30);
    for (Supported each : all) {
      String which = "%02x %04x".formatted(each.code(), each.action());
      int right = each.hasAction() ? 2 : 1;
      byte[] one = fixture.data("a3 0c %02x %s 000000ff 00 00".formatted(right, which));
      assertEquals(3, one[1] & 0x07, which);
      assertEquals(each.length(), ByteBuffer.wrap(one).getShort(2), which);
      assertEquals(4 + each.length(), one.length, which);
      assertEquals(each.code(), one[4] & 0xFF, which);
      assertEquals(0x04, one[one.length - 1], which + ": NACA is evaluated");
      if (each.hasAction()) {
        assertEquals(each.action(), one[5] & 0x1F, which);
      }
      assertArrayEquals(one, fixture.data("a3 0c 03 %s 000000ff 00 00".formatted(which)), which);
      assertSense(
          "05/2400", fixture.run("a3 0c %02x %s 000000ff 00 00".formatted(3 - right, which)));
    }
  }

  @Test
  void whatIsNotSupportedIsReportedAsSuch() {
    assertArrayEquals(hex("00 01 00 00"), fixture.data("a3 0c 02 5f 0008 000000ff 00 00"));
    assertArrayEquals(hex("00 01 00 00"), fixture.data("a3 0c 02 a4 000a 000000ff 00 00"));
    assertArrayEquals(hex("00 01 00 00"), fixture.data("a3 0c 02 a3 001f 000000ff 00 00"));
    assertArrayEquals(hex("00 01 00 00"), fixture.data("a3 0c 03 9e ffff 000000ff 00 00"));
    assertSense("05/2400", fixture.run("a3 0c 04 28 0000 000000ff 00 00"));
  }

  @Test
  void timeouts() {
    byte[] one = fixture.data("a3 0c 81 28 0000 000000ff 00 00");
    assertEquals(0x83, one[1] & 0xFF);
    assertArrayEquals(
        hex("28 18 ffffffff 00 ffff 04 000a 0000 00000000 0000001e"),
        java.util.Arrays.copyOfRange(one, 4, one.length));
    ByteBuffer all = ByteBuffer.wrap(fixture.data("a3 0c 80 00 0000 0000ffff 00 00"));
    assertEquals(all.capacity() - 4, all.getInt(0));
    assertEquals(0x02, all.get(4 + 5));
    assertEquals(20 * all(fixture).size(), all.getInt(0));
  }

  /** Any bit that the usage data has zero is refused, but for two fields that are ignored. */
  @Test
  void bitsThatAreNotEvaluatedAreRefused() {
    for (Supported each : all(fixture)) {
      String which = "%02x %04x".formatted(each.code(), each.action());
      byte[] usage = fixture.data("a3 0c 03 %s 000000ff 00 00".formatted(which));
      for (int at = 1; at < each.length(); at++) {
        for (int bit = 0; bit < 8; bit++) {
          boolean evaluated = (usage[4 + at] >> bit & 1) != 0;
          boolean ofAction = each.hasAction() && at == 1 && bit < 5;
          boolean groupNumber =
              !isOfReservations(each.code())
                  && bit < 6
                  && at == (each.length() == 10 ? 6 : each.length() - 2)
                  && each.length() > 6;
          boolean fuaNv = at == 1 && bit == 1 && (each.code() & 0x1D) == 0x08;
          boolean ignored = each.code() == 0x5f && at == 2;
          if (evaluated || ofAction || groupNumber || fuaNv || ignored) {
            continue;
          }
          byte[] cdb = new byte[each.length()];
          cdb[0] = (byte) each.code();
          cdb[1] = (byte) (each.hasAction() ? each.action() : 0);
          cdb[at] |= (byte) (1 << bit);
          String where = which + " byte " + at + " bit " + bit;
          Response response = fixture.run(HexFormat.of().formatHex(cdb));
          Sense sense = assertSense("05/2400", response);
          assertEquals((0xC8 | bit) << 16 | at, sense.specific(), where);
        }
      }
    }
  }

  private static boolean isOfReservations(int code) {
    return List.of(0x16, 0x17, 0x56, 0x57, 0x5e, 0x5f).contains(code);
  }

  @Test
  void groupNumberAndFuaNvAreIgnored() {
    assertEquals(Status.GOOD, fixture.run("28 02 00000000 1f 0001 00").status());
    assertEquals(Status.GOOD, fixture.run("88 00 0000000000000000 00000001 1f 00").status());
    assertEquals(Status.GOOD, fixture.run("35 00 00000000 05 0001 00").status());
  }

  @Test
  void nacaIsRefused() {
    Sense sense = assertSense("05/2400", fixture.run("00 00 00 00 00 04"));
    assertEquals(0xCA0005, sense.specific());
    assertSense("05/2400", fixture.run("28 00 00000000 00 0001 04"));
  }

  @Test
  void otherOperationCodesAndServiceActions() {
    for (String cdb :
        List.of(
            "a4 0a 00 00 00 00 00 00 00 08 00 00",
            "c0 00 00 00 00 00",
            "7f 00 00 00 00 00 00 00 00 00")) {
      assertSense("05/2000", fixture.run(cdb));
    }
    assertSense("05/2400", fixture.run("5e 04 00 00 00 00 00 00 ff 00"));
    assertSense("05/2400", fixture.run("5f 08 00 00 00 00 00 00 18 00", new byte[24]));
    assertSense("05/2400", fixture.run("83 01 0000 0000 0000 0000 00000000 00 00"));
    assertSense("05/2400", fixture.run("84 05 0000 0000 0000 0000 00000000 00 00"));
    assertSense("05/2400", fixture.run("a3 05 00 00 00 00 00 00 00 ff 00 00"));
    assertSense("05/2400", fixture.run("9e 11 0000000000000000 00000020 00 00"));
    assertSense("05/2000", fixture.run("28 00 00 00 00 00"));
  }

  @Test
  void deallocationIsThereOnlyWithAStoreThatDoesIt() {
    VolumeGeometry thick = new VolumeGeometry(1 << 20, 512, false, 0, 0, false);
    UnitFixture other = new UnitFixture(thick, UnitFixture.SETTINGS).served();
    assertSense("05/2000", other.run("42 00 00000000 00 0000 00"));
    assertSense("05/2400", other.run("9e 12 0000000000000000 00000018 00 00"));
    assertSense("05/2400", other.run("41 08 00000000 00 0001 00", new byte[512]));
    assertTrue(all(other).stream().noneMatch(each -> each.code() == 0x42));
    assertTrue(all(other).stream().noneMatch(each -> each.action() == 0x12));
    assertArrayEquals(hex("00 01 00 00"), other.data("a3 0c 01 42 0000 000000ff 00 00"));
  }

  @Test
  void acaIsRefused() {
    Command aca =
        fixture.command(UnitFixture.NEXUS, TaskAttribute.ACA, "28 00 00000000 00 0001 00");
    assertSense("05/4900", fixture.start(aca).response());
  }

  @Test
  void startStopUnitAndMediumRemoval() {
    assertEquals(Status.GOOD, fixture.run("1b 00 00 00 01 00").status());
    assertEquals(Status.GOOD, fixture.run("1b 01 00 00 05 00").status());
    assertSense("05/2400", fixture.run("1b 00 00 00 00 00"));
    assertSense("05/2400", fixture.run("1b 00 00 00 03 00"));
    assertSense("05/2400", fixture.run("1b 00 00 00 20 00"));
    assertSense("05/2400", fixture.run("1b 00 00 01 01 00"));
    assertEquals(Status.GOOD, fixture.run("1e 00 00 00 01 00").status());
    assertEquals(Status.GOOD, fixture.run("1e 00 00 00 00 00").status());
    assertSense("05/2400", fixture.run("1e 00 00 00 02 00"));
  }
}
