package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeGeometry;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** LOG SENSE, REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS, and the thin provisioning threshold. */
class LogPagesTest {
  private static final long SECOND = 1_000_000_000L;

  private final UnitFixture fixture = UnitFixture.serving();

  @Test
  void supportedPages() {
    assertArrayEquals(hex("00 00 0004 00 0c 0d 2f"), fixture.data("4d 00 40 00 00 0000 00ff 00"));
    assertArrayEquals(
        hex("40 ff 000a 0000 00ff 0c00 0d00 2f00"), fixture.data("4d 00 40 ff 00 0000 00ff 00"));
    VolumeGeometry thick = new VolumeGeometry(1 << 20, 512, false, 0, 0, false);
    UnitFixture other = new UnitFixture(thick, UnitFixture.SETTINGS).served();
    assertArrayEquals(hex("00 00 0003 00 0d 2f"), other.data("4d 00 40 00 00 0000 00ff 00"));
    assertSense("05/2400", other.run("4d 00 4c 00 00 0000 00ff 00"));
  }

  @Test
  void temperatureAndExceptions() {
    assertArrayEquals(
        hex("0d 00 000c 0000 03 02 00 ff 0001 03 02 00 ff"),
        fixture.data("4d 00 4d 00 00 0000 00ff 00"));
    assertArrayEquals(
        hex("0d 00 0006 0001 03 02 00 ff"), fixture.data("4d 00 4d 00 00 0001 00ff 00"));
    assertArrayEquals(
        hex("2f 00 0008 0000 03 04 00 00 ff 00"), fixture.data("4d 00 6f 00 00 0000 00ff 00"));
    assertArrayEquals(hex("0d 00 00"), fixture.data("4d 00 0d 00 00 0000 0003 00"));
  }

  @Test
  void provisioningTellsWhatTheStoreCanTell() {
    assertArrayEquals(hex("0c 00 0000"), fixture.data("4d 00 4c 00 00 0000 00ff 00"));
    fixture.volume.space = new Volume.Space(OptionalLong.of(5 << 20), OptionalLong.of(7 << 20));
    assertArrayEquals(
        hex("0c 00 0018 0001 03 08 00000007 02 000000 0002 03 08 00000005 01 000000"),
        fixture.data("4d 00 4c 00 00 0000 00ff 00"));
    assertArrayEquals(
        hex("0c 00 000c 0002 03 08 00000005 01 000000"),
        fixture.data("4d 00 4c 00 00 0002 00ff 00"));
  }

  @Test
  void whatIsNotThereIsRefused() {
    assertSense("05/2400", fixture.run("4d 00 42 00 00 0000 00ff 00"));
    assertSense("05/2400", fixture.run("4d 00 4d 01 00 0000 00ff 00"));
    assertSense("05/2400", fixture.run("4d 00 40 01 00 0000 00ff 00"));
    assertSense("05/2400", fixture.run("4d 00 4d 00 00 0002 00ff 00"));
    assertSense("05/2400", fixture.run("4d 00 40 00 00 0001 00ff 00"));
    assertSense("05/2400", fixture.run("4d 01 4d 00 00 0000 00ff 00"));
    assertSense("05/2000", fixture.run("4c 00 00 00 00 00 00 0000 00"));
  }

  @Test
  void taskManagementFunctions() {
    assertArrayEquals(hex("da 00 00 00"), fixture.data("a3 0d 00 00 0000 000000ff 00 00"));
    assertArrayEquals(
        hex("da 00 00 0c" + "00".repeat(12)), fixture.data("a3 0d 80 00 0000 000000ff 00 00"));
  }

  @Test
  void hostsAreWarnedOnceWhenTheStoreFillsUp() {
    UnitFixture thin = new UnitFixture(UnitFixture.GEOMETRY, UnitFixture.THIN);
    thin.volume.space = new Volume.Space(OptionalLong.empty(), OptionalLong.of(4 << 20));
    thin.served();
    thin.unit.attach(UnitFixture.NEXUS);
    String ready = "00 00 00 00 00 00";
    assertSense("06/2900", thin.run(ready));
    assertEquals(Status.GOOD, thin.run(ready).status());
    thin.volume.space = new Volume.Space(OptionalLong.empty(), OptionalLong.of(3 << 20));
    thin.timer.advance(SECOND);
    assertEquals(
        OptionalLong.of(16),
        assertSense("06/3807", thin.run(ready)).information(),
        "the offset of the threshold's descriptor");
    thin.timer.advance(SECOND);
    assertEquals(Status.GOOD, thin.run(ready).status(), "once");
    thin.volume.space = new Volume.Space(OptionalLong.empty(), OptionalLong.of(9 << 20));
    thin.timer.advance(SECOND);
    thin.volume.space = new Volume.Space(OptionalLong.empty(), OptionalLong.of(1 << 20));
    thin.timer.advance(SECOND);
    assertSense("06/3807", thin.run(ready));
  }

  @Test
  void nobodyButTheOwnerLooksAtTheStore() {
    UnitFixture thin = new UnitFixture(UnitFixture.GEOMETRY, UnitFixture.THIN);
    thin.unit.publish(UnitFixture.states(1, 5, true), thin.remote());
    assertEquals(0, thin.timer.asked());
    thin.served();
    thin.unit.publish(UnitFixture.states(2, 5, true), new Route.Local(thin.volume));
    assertEquals(1, thin.timer.asked());
    int looks = thin.volume.started.size();
    thin.unit.publish(UnitFixture.states(3, 6, true), thin.remote());
    thin.timer.advance(SECOND);
    thin.timer.advance(SECOND);
    assertEquals(looks, thin.volume.started.size());
    assertEquals(0, thin.timer.asked());
  }

  @Test
  void logSenseOfAnotherGatewayIsAnsweredByTheOwner() {
    UnitFixture other = new UnitFixture();
    other.unit.publish(UnitFixture.states(1, 5, true), other.remote());
    Outcome outcome = other.start("4d 00 4d 00 00 0000 00ff 00");
    assertEquals(1, other.forwarded.size());
    assertEquals(false, outcome.ended());
  }
}
