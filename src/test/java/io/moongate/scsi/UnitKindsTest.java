package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.BLOCK;
import static io.moongate.scsi.UnitFixture.SETTINGS;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.blocks;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.moongate.scsi.GatewayPair.Host;
import io.moongate.volume.VolumeGeometry;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Units that are read-only, fully provisioned, or have physical blocks of several logical ones. */
class UnitKindsTest {
  private static final String MODE_SENSE = "1a 08 0a 00 ff 00";

  /** One block at LBA 0 by every command that writes. */
  private static final List<String> WRITES =
      List.of(
          "0a 00 00 00 01 00",
          "2a 00 00000000 00 0001 00",
          "aa 00 00000000 00000001 00 00",
          "8a 00 0000000000000000 00000001 00 00",
          "2e 02 00000000 00 0001 00",
          "ae 02 00000000 00000001 00 00",
          "8e 02 0000000000000000 00000001 00 00",
          "41 00 00000000 00 0001 00",
          "41 08 00000000 00 0001 00",
          "93 00 0000000000000000 00000001 00 00",
          "93 08 0000000000000000 00000001 00 00",
          "8b 00 0000000000000000 00000001 00 00",
          "89 00 0000000000000000 000000 01 00 00",
          "42 00 00 00 00 00 00 0018 00",
          "48 82 00 00 00 00 00 0000 00");

  private static VolumeGeometry geometry(int blockSize, boolean unmap, int physical) {
    return new VolumeGeometry(
        1024L * blockSize, blockSize, unmap, blockSize, 0, true, 1 << 20, physical);
  }

  private static UnitFixture of(int blockSize, boolean unmap, int physical) {
    UnitFixture fixture = new UnitFixture(geometry(blockSize, unmap, physical), SETTINGS).served();
    fixture.unit.attach(UnitFixture.NEXUS);
    fixture.run("00 00 00 00 00 00");
    return fixture;
  }

  // ---- read-only

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whatIsReadOnlyIsWrittenThroughNoPath(int through) {
    GatewayPair pair = new GatewayPair().ownedBy(0);
    Host host = pair.login(through, "iqn.2026-01.io.host:a", 1);
    assertEquals(0, host.data(MODE_SENSE)[2] & 0x80);
    assertEquals("GOOD", host.write());
    pair.recorded = pair.recorded.withReadOnly(true).as(1, "by the operator");
    pair.units.forEach(unit -> unit.share(pair.recorded));
    assertEquals("06/2a01", host.ready());
    assertEquals("GOOD", host.ready());
    assertEquals(0x80, host.data(MODE_SENSE)[2] & 0x80);
    for (String write : WRITES) {
      assertEquals("07/2700", host.run(write, blocks(2, 0)), write);
    }
    assertEquals("GOOD", host.read());
    assertEquals("GOOD", host.run("35 00 00000000 00 0001 00"));
    // No host changes it: SWP is another bit, and clearing it does not help.
    assertEquals("GOOD", host.run("15 10 00 00 10 00", control(0x08)));
    assertEquals("07/2700", host.write());
    assertEquals("GOOD", host.run("15 10 00 00 10 00", control(0)));
    assertEquals("07/2700", host.write());
    pair.recorded = pair.recorded.withReadOnly(false).as(9, "by the operator");
    pair.units.forEach(unit -> unit.share(pair.recorded));
    assertEquals("06/2a01", host.ready());
    assertEquals("GOOD", host.write());
  }

  @Test
  void theOwnerJudgesAlsoWhatAnotherGatewayLetsThrough() {
    GatewayPair pair = new GatewayPair().ownedBy(0);
    Host far = pair.login(1, "iqn.2026-01.io.host:a", 1);
    // Only the owner has been told yet.
    pair.units.get(0).share(pair.recorded.withReadOnly(true).as(1, "by the operator"));
    assertEquals("07/2700", far.write());
    assertEquals("GOOD", far.read());
  }

  @Test
  void softwareWriteProtectionIsCalledByItsOwnName() {
    Host host = new GatewayPair().ownedBy(0).login(1, "iqn.2026-01.io.host:a", 1);
    assertEquals("GOOD", host.run("15 10 00 00 10 00", control(0x08)));
    assertEquals("07/2702", host.write());
  }

  private static byte[] control(int swp) {
    return hex("00 00 00 00 0a 0a 02 10 %02x 00 00 00 00 00 00 00".formatted(swp));
  }

  // ---- provisioning

  @Test
  void whatIsFullyProvisionedDeallocatesNothingAndSaysSo() {
    UnitFixture full = of(512, false, 4096);
    byte[] capacity = full.data("9e 10 0000000000000000 00000020 00 00");
    assertEquals(0, capacity[14] & 0xC0, "LBPME and LBPRZ");
    assertArrayEquals(hex("00 b2 0004 00 00 00 00"), full.data("12 01 b2 00 ff 00"));
    ByteBuffer limits = ByteBuffer.wrap(full.data("12 01 b0 00 ff 00"));
    assertEquals(0, limits.getInt(20), "MAXIMUM UNMAP LBA COUNT");
    assertEquals(0, limits.getInt(24), "MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT");
    assertEquals(0, limits.getInt(28), "OPTIMAL UNMAP GRANULARITY");
    assertSense("05/2000", full.run("42 00 00 00 00 00 00 0000 00"));
    assertSense("05/2400", full.run("9e 12 0000000000000000 00000018 00 00"));
    assertSense("05/2400", full.run("41 08 00000000 00 0001 00", blocks(1, 0)));
    assertSense("05/2400", full.run("93 08 0000000000000000 00000001 00 00", blocks(1, 0)));
    full.start("41 00 00000000 00 0001 00", blocks(1, 0)).assertGood();
    assertFalse(full.volume.started.stream().anyMatch(each -> each.startsWith("unmap")));
  }

  // ---- physical blocks

  @ParameterizedTest
  @ValueSource(ints = {512, 4096, 65_536})
  void hostsAreToldOfThePhysicalBlocks(int physical) {
    UnitFixture fixture = of(512, true, physical);
    int blocks = physical / 512;
    byte[] capacity = fixture.data("9e 10 0000000000000000 00000020 00 00");
    assertEquals(blocks, 1 << (capacity[13] & 0x0F));
    assertEquals(0, ByteBuffer.wrap(capacity).getShort(14) & 0x3FFF, "lowest aligned LBA");
    ByteBuffer limits = ByteBuffer.wrap(fixture.data("12 01 b0 00 ff 00"));
    int told = blocks == 1 ? 0 : blocks;
    assertEquals(told, limits.getShort(6), "OPTIMAL TRANSFER LENGTH GRANULARITY");
    assertEquals(blocks, limits.getInt(28), "OPTIMAL UNMAP GRANULARITY");
    assertEquals(told, limits.getInt(48), "ATOMIC ALIGNMENT");
    assertEquals(told, limits.getInt(52), "ATOMIC TRANSFER LENGTH GRANULARITY");
  }

  @Test
  void aLogicalBlockOf4096IsAPhysicalOne() {
    UnitFixture fixture = of(4096, true, 4096);
    assertEquals(0, fixture.data("9e 10 0000000000000000 00000020 00 00")[13]);
  }

  @Test
  void whatIsNotAlignedIsWrittenAndDeallocatedAllTheSame() {
    UnitFixture fixture = of(512, true, 4096);
    fixture.start("2a 00 00000003 00 0001 00", blocks(1, 7)).assertGood();
    byte[] list = hex("0016 0010 00000000 0000000000000003 00000002 00000000");
    fixture.start("42 00 00 00 00 00 00 0018 00", list).assertGood();
    assertArrayEquals(new byte[BLOCK], fixture.volume.bytes(3 * BLOCK, BLOCK));
    for (int first = 1; first < 8; first++) {
      int count = 8 - first;
      fixture.start("41 08 %08x 00 %04x 00".formatted(first, count), blocks(1, 0xA6)).assertGood();
      fixture.start("93 09 %016x %08x 00 00".formatted(first, count)).assertGood();
    }
  }

  @Test
  void anAtomicWriteIsOfWholePhysicalBlocks() {
    UnitFixture fixture = of(512, true, 4096);
    fixture.start("9c 00 0000000000000008 0000 0010 00 00", blocks(16, 7)).assertGood();
    assertSense("05/2400", fixture.run("9c 00 0000000000000001 0000 0008 00 00", blocks(8, 7)));
    assertSense("05/2400", fixture.run("9c 00 0000000000000000 0000 0001 00 00", blocks(1, 7)));
    fixture.start("9c 00 0000000000000000 0000 0000 00 00").assertGood();
    assertSense("05/2100", fixture.run("9c 00 0000000000000401 0000 0001 00 00", blocks(1, 7)));
  }
}
