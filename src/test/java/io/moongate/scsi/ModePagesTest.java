package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.assertSense;
import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.ModeValues;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import io.moongate.volume.VolumeGeometry;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModePagesTest {
  private static final String RECOVERY = "01 0a 00 00 00 00 00 00 00 00 0000";
  private static final String CACHING = "08 12 04 00 0000 0000 0000 0000 00 00 0000 00 000000";
  private static final String CONTROL = "0a 0a 02 10 00 00 0000 0000 0000";
  private static final String CONTROL_SAVEABLE = "8a 0a 02 10 00 00 0000 0000 0000";
  private static final String CONTROL_SWP = "0a 0a 02 10 08 00 0000 0000 0000";
  private static final String CONTROL_D_SENSE = "0a 0a 06 10 00 00 0000 0000 0000";
  private static final String EXTENSION = "4a 01 001c 01" + "00".repeat(27);
  private static final String EXCEPTIONS = "1c 0a 08 00 00000000 00000000";
  private static final String SHORT_DESCRIPTOR = "00000400 00000200";

  private final UnitFixture fixture = UnitFixture.serving();

  @Test
  void onePage() {
    assertArrayEquals(
        hex("1f 00 10 08" + SHORT_DESCRIPTOR + CACHING), fixture.data("1a 00 08 00 ff 00"));
    assertArrayEquals(hex("17 00 10 00" + CACHING), fixture.data("1a 08 08 00 ff 00"));
    assertArrayEquals(hex("0f 00 10 00" + CONTROL_SAVEABLE), fixture.data("1a 08 0a 00 ff 00"));
    assertArrayEquals(hex("23 00 10 00" + EXTENSION), fixture.data("1a 08 0a 01 ff 00"));
    assertArrayEquals(
        hex("2f 00 10 00" + CONTROL_SAVEABLE + EXTENSION), fixture.data("1a 08 0a ff ff 00"));
    assertArrayEquals(hex("0f 00 10 00" + EXCEPTIONS), fixture.data("1a 08 1c 00 ff 00"));
  }

  @Test
  void allPages() {
    assertArrayEquals(
        hex("3b 00 10 00" + RECOVERY + CACHING + CONTROL_SAVEABLE + EXCEPTIONS),
        fixture.data("1a 08 3f 00 ff 00"));
    assertArrayEquals(
        hex(
            "005e 00 10 00 00 0000"
                + RECOVERY
                + CACHING
                + CONTROL_SAVEABLE
                + EXTENSION
                + EXCEPTIONS),
        fixture.data("5a 08 3f ff 00 00 00 00 ff 00"));
    byte[] four = fixture.data("1a 00 3f 00 04 00");
    assertEquals(4, four.length);
    assertEquals(0x43, four[0], "MODE DATA LENGTH of everything");
  }

  @Test
  void tenByteHeaderAndLongDescriptor() {
    assertArrayEquals(
        hex("0022 00 10 00 00 0008" + SHORT_DESCRIPTOR + CACHING),
        fixture.data("5a 00 08 00 00 00 00 00 ff 00"));
    assertArrayEquals(
        hex("002a 00 10 01 00 0010 0000000000000400 00000000 00000200" + CACHING),
        fixture.data("5a 10 08 00 00 00 00 00 ff 00"));
  }

  @Test
  void changeableDefaultAndSavedValues() {
    assertArrayEquals(
        hex("0f 00 10 00 8a 0a 04 00 08 00 0000 0000 0000"), fixture.data("1a 08 4a 00 ff 00"));
    assertArrayEquals(
        hex("17 00 10 00 08 12" + "00".repeat(18)), fixture.data("1a 08 48 00 ff 00"));
    select(CONTROL_D_SENSE);
    assertArrayEquals(hex("0f 00 10 00" + CONTROL_SAVEABLE), fixture.data("1a 08 8a 00 ff 00"));
    assertArrayEquals(
        hex("0f 00 10 00 8a" + CONTROL_D_SENSE.substring(2)), fixture.data("1a 08 0a 00 ff 00"));
    assertArrayEquals(hex("0f 00 10 00" + CONTROL_SAVEABLE), fixture.data("1a 08 ca 00 ff 00"));
  }

  @Test
  void pagesThatDoNotExist() {
    assertSense("05/2400", fixture.run("1a 08 02 00 ff 00"));
    assertSense("05/2400", fixture.run("1a 08 08 01 ff 00"));
    assertSense("05/2400", fixture.run("1a 08 3f 01 ff 00"));
  }

  @Test
  void theCachingPageSaysWhetherTheStoreHasAVolatileCache() {
    VolumeGeometry durable = new VolumeGeometry(1 << 20, 512, false, 0, 0, false);
    UnitFixture other = new UnitFixture(durable, UnitFixture.SETTINGS).served();
    assertEquals(0, other.data("1a 08 08 00 ff 00")[4 + 2]);
  }

  private Response select(String pages) {
    byte[] list = hex("00 00 00 00" + pages);
    return fixture.run("15 10 00 00 %02x 00".formatted(list.length), list);
  }

  @Test
  void descriptorSenseIsSwitchedForTheUnitAndTheOthersAreTold() {
    fixture.unit.attach(UnitFixture.NEXUS);
    fixture.unit.attach(UnitFixture.OTHER);
    String ready = "00 00 00 00 00 00";
    assertSense("06/2900", fixture.run(ready));
    Command other = fixture.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, ready);
    assertSense("06/2900", fixture.start(other).response());

    assertEquals(0x70, fixture.run("28 00 ffffffff 00 0001 00").sense()[0]);
    assertEquals(Status.GOOD, select(CONTROL_D_SENSE).status());
    assertEquals(0x72, fixture.run("28 00 ffffffff 00 0001 00").sense()[0]);
    assertSense("06/2a01", fixture.start(other).response());
    assertEquals(Status.GOOD, fixture.run(ready).status());

    assertEquals(Status.GOOD, select(CONTROL_D_SENSE).status());
    assertEquals(Status.GOOD, fixture.start(other).status(), "nothing has changed");
  }

  @Test
  void selectWithTenBytesAndADescriptor() {
    byte[] list = hex("0000 00 00 01 00 0010 0000000000000400 00000000 00000200" + CONTROL);
    Response response = fixture.run("55 10 00 00 00 00 00 00 %02x 00".formatted(list.length), list);
    assertEquals(Status.GOOD, response.status());
    assertEquals(list.length, response.dataOutWanted());
  }

  @Test
  void whatCannotBeChangedIsRefusedAndNothingTakesEffect() {
    assertSense("05/2600", select("08 12 00" + "00".repeat(17)));
    assertSense("05/2600", select("0a 0a 02 10 04 00 0000 0000 0000"));
    assertSense("05/2600", select("0a 08 02 10 00 00 0000 0000"));
    assertSense("05/2600", select("01 0a" + "00".repeat(5) + "80" + "00".repeat(4)));
    assertSense("05/2600", select("02 0a" + "00".repeat(10)));
    assertSense("05/2600", select(CONTROL_D_SENSE + "08 12 00" + "00".repeat(17)));
    assertSense("05/1a00", select(CONTROL_D_SENSE + "08 12 04"));
    assertEquals(0x70, fixture.run("28 00 ffffffff 00 0001 00").sense()[0]);
    byte[] otherBlocks = hex("00 00 00 08 00000400 00001000");
    assertSense("05/2600", fixture.run("15 10 00 00 0c 00", otherBlocks));
  }

  @Test
  void vendorFormatsAndShortListsAreRefused() {
    byte[] list = hex("00 00 00 00" + CONTROL);
    assertSense("05/2400", fixture.run("15 00 00 00 10 00", list));
    assertSense("05/1a00", fixture.run("15 10 00 00 20 00", list));
    assertSense("05/1a00", fixture.run("15 10 00 00 02 00", list));
    assertEquals(Status.GOOD, fixture.run("15 10 00 00 00 00").status());
    assertEquals(16, fixture.unit.dataOutLength(UnitFixture.NEXUS, hex("15 10 00 00 10 00")));
  }

  @Test
  void withSpTheValuesAreSavedToo() {
    byte[] list = hex("00 00 00 00" + CONTROL_D_SENSE);
    assertEquals(Status.GOOD, fixture.run("15 11 00 00 10 00", list).status());
    assertEquals(0x06, fixture.data("1a 08 ca 00 ff 00")[4 + 2], "saved");
    assertEquals(Status.GOOD, select(CONTROL).status());
    assertEquals(0x06, fixture.data("1a 08 ca 00 ff 00")[4 + 2], "saved values stay");
    assertEquals(0x02, fixture.data("1a 08 0a 00 ff 00")[4 + 2], "current");
    assertEquals(0x02, fixture.data("1a 08 8a 00 ff 00")[4 + 2], "default");
  }

  @Test
  void softwareWriteProtectKeepsEveryWriteAway() {
    assertEquals(Status.GOOD, select(CONTROL_SWP).status());
    assertEquals(0x90, fixture.data("1a 08 0a 00 ff 00")[2] & 0xFF, "WP");
    byte[] one = UnitFixture.blocks(1, 1);
    for (String write :
        List.of(
            "0a 000000 01 00",
            "2a 00 00000000 00 0001 00",
            "8a 00 0000000000000000 00000000 00 00",
            "2e 00 00000000 00 0001 00",
            "41 00 00000000 00 0001 00",
            "93 08 0000000000000000 00000001 00 00",
            "8b 00 0000000000000000 00000001 00 00",
            "89 00 0000000000000000 000000 01 00 00",
            "42 00 00000000 00 0000 00",
            "48 02 00 00 00 00 00 0000 00")) {
      assertSense("07/2702", fixture.run(write, one));
      assertSense("07/2702", fixture.run(write));
    }
    assertEquals(List.of(), fixture.volume.started);
    assertEquals(Status.GOOD, fixture.run("28 00 00000000 00 0001 00").status());
    assertEquals(Status.GOOD, fixture.run("35 00 00000000 00 0000 00").status());
    assertEquals(Status.GOOD, select(CONTROL).status());
    assertEquals(Status.GOOD, fixture.run("2a 00 00000000 00 0001 00", one).status());
  }

  @Test
  void theOwnerLooksAgainWhenTheTurnOfAWriteHasCome() {
    fixture.volume.hold();
    UnitFixture.Outcome first = fixture.start("2a 00 00000000 00 0001 00", new byte[512]);
    UnitFixture.Outcome behind = fixture.start("2a 00 00000000 00 0001 00", new byte[512]);
    assertEquals(Status.GOOD, select(CONTROL_SWP).status());
    fixture.volume.completeNext();
    first.assertGood();
    assertSense("07/2702", behind.response());
    Command relayed = fixture.command("2a 00 00000000 00 0001 00", new byte[512]);
    assertSense("07/2702", fixture.startRelayed(5, relayed).response());
  }

  @Test
  void whatTheOwnerHasChangedIsTrueOnOtherGateways() {
    UnitFixture other = new UnitFixture();
    other.unit.publish(UnitFixture.states(1, 5, true), other.remote());
    other.unit.attach(UnitFixture.OTHER);
    other.start(other.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, "03 00 00 00 ff 00"));
    SharedState changed = SharedState.INITIAL.with(new ModeValues(true, true)).as(1, "a");
    other.unit.share(changed);
    other.unit.take(
        Notice.attentionForOthers(UnitAttention.MODE_PARAMETERS_CHANGED, UnitFixture.NEXUS));
    assertSense(
        "06/2a01",
        other
            .start(other.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, "00 00 00 00 00 00"))
            .response());
    assertEquals(0x90, other.data("1a 08 0a 00 ff 00")[2] & 0xFF);
    assertEquals(0x72, other.run("28 00 ffffffff 00 0001 00").sense()[0]);
    assertSense("07/2702", other.run("2a 00 00000000 00 0001 00", new byte[512]));
    assertEquals(List.of(), other.forwarded);
  }

  @Test
  void modeSelectGoesToTheOwner() {
    UnitFixture other = new UnitFixture();
    other.unit.publish(UnitFixture.states(1, 5, true), other.remote());
    byte[] list = hex("00 00 00 00" + CONTROL_SWP);
    UnitFixture.Outcome outcome = other.start("15 10 00 00 10 00", list);
    assertEquals(1, other.forwarded.size());
    assertEquals(false, outcome.ended());
    UnitFixture.Outcome atOwner =
        fixture.startRelayed(5, fixture.command("15 10 00 00 10 00", list));
    atOwner.assertGood();
    other.forwardedReplies.get(0).accept(atOwner.response());
    outcome.assertGood();
    assertEquals(0x90, fixture.data("1a 08 0a 00 ff 00")[2] & 0xFF);
  }

  @Test
  void theThresholdOfThinProvisioning() {
    assertSense("05/2400", fixture.run("1a 08 1c 02 ff 00"));
    UnitFixture thin = new UnitFixture(UnitFixture.GEOMETRY, UnitFixture.THIN).served();
    assertArrayEquals(
        hex("1b 00 10 00 5c 02 0014 00" + "00".repeat(11) + "80 01 0000 00000003"),
        thin.data("1a 08 1c 02 ff 00"));
    assertArrayEquals(
        hex("0f 00 10 00 01 0a 00 00 00 00 00 80 00 00 0000"),
        thin.data("1a 08 01 00 ff 00"),
        "LBPERE: without it the threshold is not reported");
    assertArrayEquals(hex("00 b2 0004 0b e4 02 00"), thin.data("12 01 b2 00 ff 00"));
  }
}
