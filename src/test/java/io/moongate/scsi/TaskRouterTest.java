package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TaskRouterTest {
  private final UnitFixture fixture = UnitFixture.serving();

  private final TargetDevice target =
      new TargetDevice() {
        @Override
        public String name() {
          return UnitFixture.TARGET;
        }

        @Override
        public int portalGroupTag() {
          return 1;
        }

        @Override
        public Optional<LogicalUnit> unit(long lun) {
          return lun == 1L << 48 ? Optional.of(fixture.unit) : Optional.empty();
        }

        @Override
        public long generation() {
          return 0;
        }

        @Override
        public long inventory() {
          return 0;
        }

        @Override
        public List<Long> luns() {
          return List.of(1L << 48, 0x4100L << 48);
        }
      };

  private final TaskRouter router = new TaskRouter(target);

  private Response run(Optional<LogicalUnit> unit, String cdb) {
    UnitFixture.Outcome outcome = new UnitFixture.Outcome(fixture.command(cdb));
    router.execute(unit, outcome.command, outcome);
    return outcome.response();
  }

  private Response absent(String cdb) {
    return run(Optional.empty(), cdb);
  }

  @Test
  void reportLuns() {
    byte[] all = hex("00000010 00000000 0001000000000000 4100000000000000");
    for (Optional<LogicalUnit> unit : List.of(target.unit(1L << 48), target.unit(0))) {
      assertArrayEquals(all, UnitFixture.bytes(run(unit, "a0 00 00 000000 000000ff 00 00")));
      assertArrayEquals(all, UnitFixture.bytes(run(unit, "a0 00 02 000000 000000ff 00 00")));
      assertArrayEquals(
          new byte[8], UnitFixture.bytes(run(unit, "a0 00 01 000000 000000ff 00 00")));
      assertArrayEquals(
          java.util.Arrays.copyOf(all, 16),
          UnitFixture.bytes(run(unit, "a0 00 00 000000 00000010 00 00")));
      assertSense("05/2400", run(unit, "a0 00 00 000000 0000000f 00 00"));
      assertSense("05/2400", run(unit, "a0 00 03 000000 000000ff 00 00"));
      assertSense("05/2400", run(unit, "a0 01 00 000000 000000ff 00 00"));
      assertSense("05/2400", run(unit, "a0 00 00 000000 000000ff 00 04"));
    }
  }

  @Test
  void reportLunsNeitherReportsNorClearsAUnitAttention() {
    fixture.unit.attach(UnitFixture.NEXUS);
    Optional<LogicalUnit> unit = target.unit(1L << 48);
    assertEquals(Status.GOOD, run(unit, "a0 00 00 000000 000000ff 00 00").status());
    assertSense("06/2900", run(unit, "00 00 00 00 00 00"));
  }

  @Test
  void commandsGoToTheirUnit() {
    Optional<LogicalUnit> unit = target.unit(1L << 48);
    assertEquals(Status.GOOD, run(unit, "00 00 00 00 00 00").status());
    assertEquals(
        512, router.dataOutLength(unit, UnitFixture.NEXUS, hex("2a 00 00000000 00 0001 00")));
    assertEquals(
        0,
        router.dataOutLength(
            Optional.empty(), UnitFixture.NEXUS, hex("2a 00 00000000 00 0001 00")));
  }

  @Test
  void aLunWithoutAUnit() {
    byte[] data = UnitFixture.bytes(absent("12 00 00 00 ff 00"));
    assertEquals(0x7F, data[0]);
    assertEquals(96, data.length);
    assertSense("05/2400", absent("12 01 83 00 ff 00"));
    assertSense("05/2400", absent("12 00 83 00 ff 00"));
    assertSense("05/2500", absent("00 00 00 00 00 00"));
    assertSense("05/2500", absent("28 00 00000000 00 0001 00"));
    assertSense("05/2500", absent("ff 00 00000000 00 0001 00"));
    assertSense("05/2500", absent("a3 0a 00 00 00 00 00 00 00 ff 00 00"));
    assertArrayEquals(
        hex("70 00 05 00000000 0a 00000000 2500 00 000000"),
        UnitFixture.bytes(absent("03 00 00 00 ff 00")));
    assertArrayEquals(hex("72 05 2500 00000000"), UnitFixture.bytes(absent("03 01 00 00 ff 00")));
  }
}
