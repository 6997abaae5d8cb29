package io.moongate.scsi;

import static io.moongate.scsi.UnitFixture.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.GatewayPair.Host;
import io.moongate.scsi.UnitFixture.Outcome;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.reservation.ReservationType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reservations as two hosts find them, through one gateway or two. */
class ReservationsThroughGatewaysTest {
  private static final String A = "iqn.2026-01.io.host:a";
  private static final String B = "iqn.2026-01.io.host:b";
  private static final long KEY_1 = 0x1111_2222_3333_4444L;
  private static final long KEY_2 = 0x9111_2222_3333_4444L;

  private final GatewayPair pair = new GatewayPair();

  static Stream<Arguments> paths() {
    return Stream.of(ReservationType.values())
        .flatMap(
            type ->
                Stream.of(
                    Arguments.of(type, 0, 0, 0),
                    Arguments.of(type, 0, 0, 1),
                    Arguments.of(type, 1, 0, 1),
                    Arguments.of(type, 1, 0, 0)));
  }

  private static byte[] readKeys(Host host) {
    return host.data("5e 00 00 00 00 00 00 40 00 00");
  }

  private static byte[] readReservation(Host host) {
    return host.data("5e 01 00 00 00 00 00 40 00 00");
  }

  // ---- access

  @ParameterizedTest
  @MethodSource("paths")
  void access(ReservationType type, int owner, int first, int second) {
    pair.ownedBy(owner);
    Host one = pair.login(first, A, 1);
    Host two = pair.login(second, B, 2);
    assertEquals("GOOD", one.out(6, 0, 0, KEY_1, 0));
    assertEquals("GOOD", two.out(6, 0, 0, KEY_2, 0));
    assertEquals("GOOD", one.out(1, type.code(), KEY_1, 0, 0));

    ByteBuffer reservation = ByteBuffer.wrap(readReservation(two));
    assertEquals(24, reservation.capacity());
    assertEquals(2, reservation.getInt(0));
    assertEquals(16, reservation.getInt(4));
    assertEquals(type.heldByAllRegistrants() ? 0 : KEY_1, reservation.getLong(8));
    assertEquals(type.code(), reservation.get(21));

    assertEquals("GOOD", one.read());
    assertEquals("GOOD", one.write());
    String conflict = "RESERVATION_CONFLICT";
    boolean shared = type.includesRegistrants();
    assertEquals(shared || !type.excludesReads() ? "GOOD" : conflict, two.read());
    assertEquals(shared ? "GOOD" : conflict, two.write());
    assertEquals(shared || !type.excludesReads() ? "GOOD" : conflict, two.run("1a 00 3f 00 ff 00"));
    assertEquals("GOOD", two.ready());
    assertEquals("GOOD", two.out(0, 0, KEY_2, 0, 0));
    assertEquals(type.excludesReads() ? conflict : "GOOD", two.read());
    assertEquals(conflict, two.write());
    assertEquals(type.excludesReads() ? conflict : "GOOD", two.run("1a 00 3f 00 ff 00"));
    assertEquals(conflict, two.run("15 10 00 00 00 00"));
    assertEquals("GOOD", two.ready());
    assertEquals("GOOD", two.run("25 00 00 00 00 00 00 00 00 00"));

    assertEquals("GOOD", one.out(2, type.code(), KEY_1, 0, 0));
    assertEquals("GOOD", two.write());
    assertEquals("GOOD", one.out(0, 0, KEY_1, 0, 0));
    assertEquals(8, readKeys(two).length);
  }

  @ParameterizedTest
  @MethodSource("paths")
  void ownership(ReservationType type, int owner, int first, int second) {
    pair.ownedBy(owner);
    Host one = pair.login(first, A, 1);
    Host two = pair.login(second, B, 2);
    one.out(6, 0, 0, KEY_1, 0);
    two.out(6, 0, 0, KEY_2, 0);
    one.out(1, type.code(), KEY_1, 0, 0);
    assertEquals("GOOD", one.out(0, 0, KEY_1, 0, 0));
    if (type.heldByAllRegistrants()) {
      assertEquals(24, readReservation(one).length);
      assertEquals("GOOD", two.out(2, type.code(), KEY_2, 0, 0));
    } else {
      assertEquals(8, readReservation(one).length);
      assertEquals(type.includesRegistrants() ? "06/2a04" : "GOOD", two.ready());
      assertEquals("GOOD", two.ready());
    }
    assertEquals("GOOD", two.out(0, 0, KEY_2, 0, 0));
  }

  @Test
  void theSameInitiatorPortThroughAnotherGatewayIsAnotherNexus() {
    pair.ownedBy(0);
    Host here = pair.login(0, A, 1);
    Host there = pair.login(1, A, 1);
    Host sibling = pair.login(0, A, 2);
    here.out(0, 0, 0, KEY_1, 0);
    here.out(1, 6, KEY_1, 0, 0);
    assertEquals("RESERVATION_CONFLICT", there.read());
    assertEquals("RESERVATION_CONFLICT", sibling.read());
    assertEquals("RESERVATION_CONFLICT", there.out(1, 6, KEY_1, 0, 0));
    assertEquals("GOOD", there.out(0, 0, 0, KEY_1, 0));
    assertEquals("GOOD", there.write());
  }

  // ---- preempting

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void preemptRemovesARegistrationAndTells(int second) {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(second, B, 2);
    one.out(6, 0, 0, KEY_1, 0);
    two.out(6, 0, 0, KEY_2, 0);
    assertArrayEquals(hex("00000002 00000010 1111222233334444 9111222233334444"), readKeys(one));
    assertEquals("GOOD", two.out(4, 3, KEY_2, KEY_1, 0));
    assertEquals("06/2a05", one.ready());
    assertEquals("GOOD", one.ready());
    assertEquals("GOOD", two.ready());
    assertArrayEquals(hex("00000003 00000008 9111222233334444"), readKeys(one));
    assertEquals(
        List.of(
            "PERSISTENT RESERVE OUT, PREEMPT by "
                + B
                + ",i,0x000000000002 through"
                + " port "
                + (second + 1)),
        pair.causes.subList(2, 3));
  }

  @Test
  void clearTellsTheOthers() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    one.out(6, 0, 0, KEY_1, 0);
    two.out(6, 0, 0, KEY_2, 0);
    one.out(1, 3, KEY_1, 0, 0);
    assertEquals("GOOD", one.out(3, 0, KEY_1, 0, 0));
    assertEquals("06/2a03", two.ready());
    assertEquals("GOOD", one.ready());
    assertArrayEquals(hex("00000003 00000000"), readReservation(two));
    assertArrayEquals(hex("00000003 00000000"), readKeys(two));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void preemptAndAbortIsAnsweredOnceTheAbortedCommandsHaveEnded(int victimsGateway) {
    pair.ownedBy(0);
    Host one = pair.login(1 - victimsGateway, A, 1);
    Host victim = pair.login(victimsGateway, B, 2);
    one.out(6, 0, 0, KEY_1, 0);
    victim.out(6, 0, 0, KEY_2, 0);
    pair.volume.hold();
    Outcome running = victim.start("2a 00 00000001 00 0001 00", UnitFixture.blocks(1, 1));
    Outcome waiting = victim.start("2a 00 00000001 00 0001 00", UnitFixture.blocks(1, 2));
    Outcome preempt = one.startOut(5, 3, KEY_1, KEY_2, 0);
    assertFalse(preempt.ended());
    pair.volume.completeNext();
    preempt.assertGood();
    assertFalse(running.ended());
    assertEquals(1, pair.volume.started.size());
    if (victimsGateway == 0) {
      assertFalse(waiting.ended());
    }
    assertEquals("06/2a05", victim.ready());
  }

  /** Each is to be aborted by the other: whoever is recorded first wins, and both end. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void twoThatPreemptAndAbortEachOtherDoNotWaitForOneAnother(int second) {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(second, B, 2);
    one.out(6, 0, 0, KEY_1, 0);
    two.out(6, 0, 0, KEY_2, 0);
    one.out(1, 5, KEY_1, 0, 0);
    pair.slow = new ArrayList<>();
    Outcome first = one.startOut(5, 5, KEY_1, KEY_2, 0);
    Outcome late = two.startOut(5, 5, KEY_2, KEY_1, 0);
    assertFalse(first.ended());
    assertEquals(1, pair.slow.size());
    pair.slow.get(0).complete(null);
    first.assertGood();
    assertEquals(1, pair.slow.size(), "the second has changed nothing");
    assertTrue(!late.ended() || late.status() != Status.GOOD);
    pair.slow = null;
    assertEquals("06/2a05", two.ready());
    assertArrayEquals(hex("00000003 00000008 1111222233334444"), readKeys(two));
  }

  @Test
  void commandsThatWaitAreComparedWithWhatHoldsWhenTheirTurnHasCome() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    one.out(6, 0, 0, KEY_1, 0);
    pair.volume.hold();
    Outcome running = two.start("2a 00 00000001 00 0001 00", UnitFixture.blocks(1, 1));
    Outcome waiting = two.start("2a 00 00000001 00 0001 00", UnitFixture.blocks(1, 2));
    assertEquals("GOOD", one.out(1, 3, KEY_1, 0, 0));
    pair.volume.completeNext();
    running.assertGood();
    assertEquals(Status.RESERVATION_CONFLICT, waiting.status());
    assertEquals(1, pair.volume.started.size());
  }

  @Test
  void theNextOwnerKnows() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    one.out(6, 0, 0, KEY_1, 1);
    one.out(1, 3, KEY_1, 0, 0);
    pair.ownedBy(1);
    one.ready();
    two.ready();
    assertEquals("RESERVATION_CONFLICT", two.write());
    assertEquals("GOOD", one.write());
    assertEquals("GOOD", one.out(2, 3, KEY_1, 0, 0));
    assertEquals("GOOD", two.write());
  }

  // ---- parameter lists and data

  @Test
  void capabilities() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    assertArrayEquals(hex("0008 1d b0 ea01 0000"), one.data("5e 02 00 00 00 00 00 40 00 00"));
    one.out(0, 0, 0, KEY_1, 1);
    assertArrayEquals(hex("0008 1d b1 ea01 0000"), one.data("5e 02 00 00 00 00 00 40 00 00"));
  }

  @Test
  void lengthsAreThoseOfEverything() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    one.out(0, 0, 0, KEY_1, 0);
    assertArrayEquals(hex("00000001 00000008"), one.data("5e 00 00 00 00 00 00 00 08 00"));
    assertArrayEquals(hex("000000"), one.data("5e 00 00 00 00 00 00 00 03 00"));
    assertArrayEquals(hex(""), one.data("5e 00 00 00 00 00 00 00 00 00"));
  }

  @Test
  void fullStatus() {
    pair.ownedBy(0);
    Host one = pair.login(0, "iqn.a:b", 0x00023D000001L);
    Host two = pair.login(1, "iqn.a:b", 0x00023D000001L);
    one.out(0, 0, 0, KEY_1, 0);
    two.out(0, 0, 0, KEY_2, 0);
    two.out(1, 6, KEY_2, 0, 0);
    String id = "4500001c 69716e2e613a62 2c692c3078 303030323364303030303031 00000000";
    assertArrayEquals(
        hex(
            "00000002 00000070"
                + "1111222233334444 00000000 00 00 00000000 0001 00000020"
                + id
                + "9111222233334444 00000000 01 06 00000000 0002 00000020"
                + id),
        one.data("5e 03 00 00 00 00 00 40 00 00"));
  }

  @Test
  void allTargetPorts() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, A, 1);
    assertEquals("GOOD", one.out(0, 0, 0, KEY_1, 0x04));
    assertEquals(24, readKeys(one).length);
    assertEquals("GOOD", two.out(1, 3, KEY_1, 0, 0));
    assertEquals("RESERVATION_CONFLICT", one.write());
    assertEquals("GOOD", two.write());
    assertEquals("GOOD", one.out(6, 0, 0, 0, 0x04));
    assertEquals(8, readKeys(one).length);
    assertEquals(8, readReservation(one).length);
  }

  private static byte[] transportId(int first, String text) {
    byte[] out = new byte[4 + (text.length() + 4 & ~3)];
    out[0] = (byte) first;
    out[3] = (byte) (out.length - 4);
    System.arraycopy(text.getBytes(StandardCharsets.UTF_8), 0, out, 4, text.length());
    return out;
  }

  private static byte[] specifying(long newKey, int flags, byte[]... ids) {
    int length = Arrays.stream(ids).mapToInt(id -> id.length).sum();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(GatewayPair.list(0, newKey, flags));
    out.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
    for (byte[] id : ids) {
      out.writeBytes(id);
    }
    return out.toByteArray();
  }

  private static String out(int action, byte[] list) {
    return "5f %02x 00 00 00 %08x 00".formatted(action, list.length);
  }

  @Test
  void specifiedInitiatorPorts() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    pair.login(0, B, 9);
    byte[] list =
        specifying(
            KEY_1,
            0x0C,
            transportId(0x45, B + ",i,0x2"),
            transportId(0x45, B.toUpperCase(Locale.ROOT).replace("IQN", "iqn") + ",i,0x9"),
            transportId(0x45, A + ",i,0x1"));
    assertEquals("GOOD", one.run(out(0, list), list));
    assertEquals(8 + 6 * 8, readKeys(one).length, "three initiator ports by two target ports");
    byte[] again = specifying(0, 0x08);
    ByteBuffer.wrap(again).putLong(0, KEY_1);
    assertEquals("05/2600", one.run(out(0, again), again));
    byte[] portless = specifying(KEY_2, 0x08, transportId(0x05, "iqn.2026-01.io.host:unknown"));
    Host two = pair.login(0, "iqn.c:d", 3);
    assertEquals("05/2600", two.run(out(0, portless), portless));
    byte[] registered = specifying(KEY_2, 0x08, transportId(0x45, B + ",i,0x2"));
    assertEquals("05/2600", two.run(out(0, registered), registered));
    assertEquals(8 + 6 * 8, readKeys(one).length, "nothing was registered");
    byte[] ignoring = specifying(KEY_2, 0x08, transportId(0x45, "iqn.c:d,i,0x4"));
    assertEquals("05/2600", two.run(out(6, ignoring), ignoring), "for REGISTER only");
    byte[] tooLong = specifying(KEY_2, 0x08, transportId(0x45, B + ",i,0x2"));
    ByteBuffer.wrap(tooLong).putInt(24, tooLong.length);
    assertEquals("05/1a00", two.run(out(0, tooLong), tooLong));
    byte[] basic = GatewayPair.list(0, KEY_2, 0x08);
    assertEquals("05/1a00", two.run(out(0, basic), basic));
    assertEquals("05/2600", two.run(out(1, basic), basic));
  }

  @Test
  void registerAndMove() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    one.out(0, 0, 0, KEY_1, 0);
    one.out(1, 5, KEY_1, 0, 0);
    byte[] id = transportId(0x45, B + ",i,0x000000000002");
    byte[] list =
        ByteBuffer.allocate(24 + id.length)
            .putLong(KEY_1)
            .putLong(KEY_2)
            .putShort((short) 0x0002)
            .putShort((short) 2)
            .putInt(id.length)
            .put(id)
            .array();
    byte[] wrongPort = list.clone();
    wrongPort[19] = 3;
    assertEquals("05/2600", one.run(out(7, wrongPort), wrongPort));
    byte[] anyPort = list.clone();
    anyPort[24] = 0x05;
    assertEquals("05/2600", one.run(out(7, anyPort), anyPort));
    assertEquals("RESERVATION_CONFLICT", two.run(out(7, list), list));
    assertEquals("GOOD", one.run(out(7, list), list));
    assertEquals("RESERVATION_CONFLICT", one.write());
    assertEquals("GOOD", two.write());
    assertArrayEquals(hex("00000002 00000008 9111222233334444"), readKeys(one));
    assertEquals("GOOD", two.out(2, 5, KEY_2, 0, 0));
  }

  @Test
  void parameterListsOfAWrongLength() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    for (int length : new int[] {0, 8, 23, 25, 28, 0x8001}) {
      byte[] list = new byte[length];
      assertEquals("05/1a00", one.run(out(0, list), list), "length " + length);
    }
    assertEquals("05/1a00", one.run("5f 00 00 00 00 00000018 00", new byte[23]));
    assertEquals("05/1a00", one.run("5f 00 00 00 00 ffffffff 00", new byte[24]));
    assertEquals(0, one.unit.dataOutLength(UnitFixture.NEXUS, hex("5f 00 00 00 00 ffffffff 00")));
    assertEquals(24, one.unit.dataOutLength(UnitFixture.NEXUS, hex("5f 00 00 00 00 00000018 00")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"00", "02", "04", "09", "0f", "13", "f3"})
  void scopesAndTypesThatThereAreNotAny(String scopeAndType) {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    int code = Integer.parseInt(scopeAndType, 16);
    assertEquals("GOOD", one.out(0, code, 0, KEY_1, 0), "ignored");
    Outcome reserve = one.startOut(1, code, KEY_1, 0, 0);
    assertEquals(0xC00002, UnitFixture.assertSense("05/2400", reserve.response()).specific());
    assertEquals(24, reserve.response().dataOutWanted());
    assertEquals("GOOD", one.out(3, code, KEY_1, 0, 0), "ignored");
  }

  @Test
  void releaseOfAnotherType() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    one.out(0, 0, 0, KEY_1, 0);
    one.out(1, 3, KEY_1, 0, 0);
    assertEquals("05/2604", one.run("5f 02 01 00 00 00000018 00", GatewayPair.list(KEY_1, 0, 0)));
    assertEquals("GOOD", one.out(2, 3, KEY_1, 0, 0));
  }

  // ---- RESERVE and RELEASE of SPC-2

  @ParameterizedTest
  @EnumSource(Basic.class)
  void reserveAndRelease(Basic commands) {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    assertEquals("GOOD", one.run(commands.reserve));
    assertEquals("GOOD", one.run(commands.reserve));
    assertEquals("RESERVATION_CONFLICT", two.run(commands.reserve));
    assertEquals("GOOD", two.run(commands.release));
    assertEquals("GOOD", one.run("1a 00 3f 00 ff 00"));
    assertEquals("RESERVATION_CONFLICT", two.run("1a 00 3f 00 ff 00"));
    assertEquals("RESERVATION_CONFLICT", two.write());
    assertEquals("RESERVATION_CONFLICT", two.ready());
    assertEquals("RESERVATION_CONFLICT", one.run("5e 00 00 00 00 00 00 40 00 00"));
    assertEquals("RESERVATION_CONFLICT", one.out(0, 0, 0, KEY_1, 0));
    assertEquals("GOOD", two.run("a3 0a 00 00 00 00 00000080 00 00"));
    assertEquals("GOOD", one.run(commands.release));
    assertEquals("GOOD", two.run(commands.reserve));
    assertEquals("GOOD", two.run(commands.release));
  }

  /** The commands of six bytes and of ten. */
  enum Basic {
    SIX("16 00 00 00 00 00", "17 00 00 00 00 00"),
    TEN("56 00 00 00 00 00 00 00 00 00", "57 00 00 00 00 00 00 00 00 00");

    private final String reserve;
    private final String release;

    Basic(String reserve, String release) {
      this.reserve = reserve;
      this.release = release;
    }
  }

  @Test
  void thirdPartiesAndExtentsAreRefused() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    assertEquals("05/2400", one.run("16 01 00 00 00 00"));
    assertEquals("05/2400", one.run("16 10 00 00 00 00"));
    assertEquals("05/2400", one.run("56 10 00 00 00 00 00 00 00 00"));
    assertEquals("05/2400", one.run("56 02 00 00 00 00 00 00 08 00"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void theEndOfTheNexusReleases(int gateway) {
    pair.ownedBy(0);
    Host one = pair.login(gateway, A, 1);
    Host two = pair.login(1 - gateway, B, 2);
    one.run(Basic.SIX.reserve);
    assertEquals("RESERVATION_CONFLICT", two.run(Basic.SIX.reserve));
    one.unit.detach(one.nexus);
    assertNull(pair.recorded.reservations().basicHolder());
    assertEquals("GOOD", two.run(Basic.SIX.reserve));
  }

  @Test
  void theEndOfANexusThatHoldsNothingChangesNothing() {
    pair.ownedBy(0);
    Host one = pair.login(0, A, 1);
    Host two = pair.login(1, B, 2);
    one.run(Basic.SIX.reserve);
    two.unit.detach(two.nexus);
    assertEquals(1, pair.causes.size());
    assertEquals(one.nexus, pair.recorded.reservations().basicHolder());
  }

  @Test
  void aReserveThatIsStillBeingRecordedIsReleasedToo() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    pair.slow = new ArrayList<>();
    one.start(Basic.SIX.reserve);
    one.unit.detach(one.nexus);
    assertEquals(1, pair.slow.size());
    pair.slow.get(0).complete(null);
    assertEquals(2, pair.slow.size());
    pair.slow.get(1).complete(null);
    assertNull(pair.recorded.reservations().basicHolder());
  }

  @Test
  void theReleaseIsTriedAgainWhileTheOwnerCannotBeReached() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    one.run(Basic.SIX.reserve);
    pair.cut = true;
    one.unit.detach(one.nexus);
    pair.timer.advance(1_000_000_000L);
    assertEquals(one.nexus, pair.recorded.reservations().basicHolder());
    pair.cut = false;
    pair.timer.advance(1_000_000_000L);
    assertNull(pair.recorded.reservations().basicHolder());
    pair.timer.advance(1_000_000_000L);
    assertEquals(0, pair.timer.asked());
  }

  @Test
  void theSuccessorsOwnReserveIsNotReleased() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    one.run(Basic.SIX.reserve);
    pair.cut = true;
    one.unit.detach(one.nexus);
    pair.cut = false;
    Host again = pair.login(1, A, 1);
    assertEquals("GOOD", again.run(Basic.SIX.reserve));
    pair.timer.advance(1_000_000_000L);
    assertEquals(again.nexus, pair.recorded.reservations().basicHolder());
  }

  @Test
  void triesAreBoundedAndBeginAnewWithWhatIsPublished() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    one.run(Basic.SIX.reserve);
    pair.cut = true;
    one.unit.detach(one.nexus);
    for (int i = 0; i < 30; i++) {
      pair.timer.advance(1_000_000_000L);
    }
    assertEquals(0, pair.timer.asked());
    pair.cut = false;
    pair.publish(AccessState.ACTIVE_NON_OPTIMIZED);
    assertNull(pair.recorded.reservations().basicHolder());
  }

  @Test
  void theOwnerReleasesForAGatewayThatIsGone() {
    pair.ownedBy(0);
    Host one = pair.login(1, A, 1);
    one.run(Basic.SIX.reserve);
    pair.publish(AccessState.ACTIVE_NON_OPTIMIZED);
    assertEquals(one.nexus, pair.recorded.reservations().basicHolder());
    pair.publish(AccessState.UNAVAILABLE);
    assertNull(pair.recorded.reservations().basicHolder());
  }

  @Test
  void aGatewayThatWasStartedAnewReleasesForItsFormerNexuses() {
    GatewayPair before = new GatewayPair().ownedBy(0);
    before.login(1, A, 1).run(Basic.SIX.reserve);
    pair.recorded = before.recorded;
    pair.ownedBy(0);
    pair.units.get(1).share(pair.recorded);
    assertNull(pair.recorded.reservations().basicHolder());
    assertTrue(pair.causes.get(0).startsWith("RELEASE by " + A), pair.causes.get(0));
  }

  @Test
  void anOwnerWithoutALeaseDoesNotSpeakOfConflicts() {
    UnitFixture fixture = UnitFixture.serving();
    fixture.unit.attach(UnitFixture.NEXUS);
    fixture.unit.attach(UnitFixture.OTHER);
    fixture.run("00 00 00 00 00 00");
    fixture.start(fixture.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, "00 00 00 00 00 00"));
    fixture
        .start(fixture.command(UnitFixture.OTHER, TaskAttribute.SIMPLE, "16 00 00 00 00 00"))
        .assertGood();
    assertEquals(Status.RESERVATION_CONFLICT, fixture.run("28 00 00000000 00 0001 00").status());
    fixture.leased = false;
    assertEquals(Status.BUSY, fixture.run("28 00 00000000 00 0001 00").status());
  }
}
