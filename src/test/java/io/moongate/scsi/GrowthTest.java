package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.BLOCK;
import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.shared.Notice;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.memory.MemoryVolumeStore;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A unit that grows, and one that is as large as one can be. */
class GrowthTest {
  private static final String TUR = "00 00 00 00 00 00";
  private static final String CAPACITY_10 = "25 00 00000000 0000 00 00";
  private static final String CAPACITY_16 = "9e 10 0000000000000000 00000020 00 00";
  private static final String READ_LAST_OF_2048 = "28 00 000007ff 00 0001 00";

  @Test
  void whatIsAcceptedAndWhatIsAnnounced() {
    UnitFixture fixture = new UnitFixture();
    fixture.unit.publish(UnitFixture.states(1, 5, true), fixture.remote());
    fixture.unit.attach(UnitFixture.NEXUS);
    fixture.unit.attach(UnitFixture.OTHER);
    assertSense("06/2900", fixture.run(TUR));
    assertSense("05/2100", fixture.run(READ_LAST_OF_2048));

    fixture.unit.grow(1024 * BLOCK, 2048 * BLOCK);
    assertArrayEquals(hex("000003ff 00000200"), fixture.data(CAPACITY_10));
    fixture.start(READ_LAST_OF_2048);
    assertEquals(1, fixture.forwarded.size(), "another gateway may have told its hosts already");

    fixture.unit.grow(2048 * BLOCK, 2048 * BLOCK);
    assertSense("06/2a09", fixture.run(TUR));
    assertEquals(Status.GOOD, fixture.run(TUR).status(), "once");
    assertArrayEquals(hex("000007ff 00000200"), fixture.data(CAPACITY_10));
    assertArrayEquals(hex("00000000000007ff 00000200"), head(fixture.data(CAPACITY_16), 12));
    Command other = fixture.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, TUR);
    assertSense("06/2900", fixture.start(other).response());
    other = fixture.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, TUR);
    assertSense("06/2a09", fixture.start(other).response());
    assertSense("05/2100", fixture.run("28 00 00000800 00 0001 00"));
  }

  @Test
  void nothingShrinksAndWhatIsKnownIsNotToldAgain() {
    UnitFixture fixture = UnitFixture.serving();
    fixture.unit.attach(UnitFixture.NEXUS);
    assertSense("06/2900", fixture.run(TUR));
    fixture.unit.grow(2048 * BLOCK, 0);
    fixture.unit.grow(2048 * BLOCK, 2048 * BLOCK);
    fixture.unit.grow(512 * BLOCK, 512 * BLOCK);
    assertSense("06/2a09", fixture.run(TUR));
    assertEquals(Status.GOOD, fixture.run(TUR).status());
    assertArrayEquals(hex("000007ff 00000200"), fixture.data(CAPACITY_10));
  }

  @Test
  void changedLunsAreReportedAfterTheResetAndClearedByReportLuns() {
    UnitFixture fixture = UnitFixture.serving();
    fixture.unit.attach(UnitFixture.NEXUS);
    fixture.unit.attach(UnitFixture.OTHER);
    Notice changed =
        Notice.attention(
            io.moongate.scsi.sense.UnitAttention.REPORTED_LUNS_CHANGED, List.of(UnitFixture.NEXUS));
    fixture.unit.take(changed);
    fixture.unit.grow(2048 * BLOCK, 0);
    assertSense("06/2900", fixture.run(TUR));
    assertSense("06/2a09", fixture.run(TUR));
    assertEquals(0x12, fixture.command("12 00 00 00 24 00").operationCode());
    assertEquals(Status.GOOD, fixture.run("12 00 00 00 24 00").status(), "INQUIRY passes");
    assertSense("06/3f0e", fixture.run(TUR));
    assertEquals(Status.GOOD, fixture.run(TUR).status());

    fixture.unit.take(changed);
    fixture.unit.lunsReported(UnitFixture.OTHER);
    fixture.unit.lunsReported(UnitFixture.NEXUS);
    fixture.unit.lunsReported(UnitFixture.NEXUS);
    assertEquals(Status.GOOD, fixture.run(TUR).status(), "REPORT LUNS has cleared it");
    Command other = fixture.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, TUR);
    assertSense("06/2900", fixture.start(other).response());
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void theLargestMedium(int block) {
    long size = Long.MAX_VALUE / block * block;
    long last = size / block - 1;
    MemoryVolumeStore store = new MemoryVolumeStore(16 << 20);
    store.create("largest", size, block).toCompletableFuture().join();
    Volume volume = store.open("largest").toCompletableFuture().join();
    VolumeGeometry small = new VolumeGeometry(1024L * block, block, true, 4096, 0, true);
    UnitFixture fixture = new UnitFixture(small, UnitFixture.SETTINGS);
    fixture.unit.grow(size, size);
    fixture.unit.publish(UnitFixture.states(1, 5, true), new Route.Local(volume));

    assertArrayEquals(
        ByteBuffer.allocate(8).putInt(-1).putInt(block).array(), fixture.data(CAPACITY_10));
    assertArrayEquals(
        ByteBuffer.allocate(12).putLong(last).putInt(block).array(),
        head(fixture.data(CAPACITY_16), 12));

    byte[] data = new byte[2 * block];
    java.util.Arrays.fill(data, (byte) 0x5A);
    assertEquals(Status.GOOD, fixture.run(cdb(0x8A, last - 1, 2), data).status());
    assertArrayEquals(data, fixture.data(cdb(0x88, last - 1, 2)));
    assertEquals(Status.GOOD, fixture.run(cdb(0x8F, last, 1)).status());
    assertEquals(Status.GOOD, fixture.run(cdb(0x91, last, 0)).status());
    byte[] status = fixture.data(cdb(0x9E, 0x12, last, 512));
    assertArrayEquals(
        ByteBuffer.allocate(24).putInt(20).putInt(0).putLong(last).putInt(1).array(), status);
    byte[] unmap =
        ByteBuffer.allocate(24)
            .putShort((short) 22)
            .putShort((short) 16)
            .putInt(0)
            .putLong(last)
            .putInt(1)
            .array();
    assertEquals(Status.GOOD, fixture.run("42 00 00000000 00 0018 00", unmap).status());
    assertArrayEquals(new byte[block], fixture.data(cdb(0x88, last, 1)));

    for (long[] beyond :
        new long[][] {
          {last, 2}, {last + 1, 1}, {last + 2, 0}, {Long.MAX_VALUE, 1}, {-1, 1}, {-1, 0}
        }) {
      assertSense("05/2100", fixture.run(cdb(0x88, beyond[0], (int) beyond[1])));
    }
    assertEquals(Status.GOOD, fixture.run(cdb(0x88, last + 1, 0)).status());
  }

  private static byte[] head(byte[] data, int length) {
    return java.util.Arrays.copyOf(data, length);
  }

  private static String cdb(int code, long lba, int count) {
    return cdb(code, 0, lba, count);
  }

  private static String cdb(int code, int service, long lba, int count) {
    return "%02x %02x %016x %08x 00 00".formatted(code, service, lba, count);
  }
}
