package io.moongate.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.sense.Sense;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Gives commands to a unit, and asserts of each answer what holds for any. */
final class Commands {
  private static final int HARDWARE_ERROR = 0x04;
  private static final byte SANITIZE = 0x48;

  /** Longer than the most passes of a sanitize operation over the disk, which is paced. */
  private static final int SANITIZE_SECONDS = 32;

  /** What one command may answer: the longest transfer of {@link UnitFixture#SETTINGS}. */
  private static final int MOST_DATA_IN = 256 * SmallDisk.BLOCK;

  final SmallDisk disk = new SmallDisk();
  private int tags;

  Response execute(Nexus nexus, TaskAttribute attribute, byte[] cdb, byte[] data, long expected) {
    return only(
        reply -> disk.unit.execute(command(nexus, attribute, cdb, data, expected), reply), cdb);
  }

  Response executeRelayed(long epoch, Nexus nexus, byte[] cdb, byte[] data) {
    Command command = command(nexus, TaskAttribute.SIMPLE, cdb, data, 1 << 20);
    return only(reply -> disk.unit.executeRelayed(epoch, command, reply), cdb);
  }

  private Command command(
      Nexus nexus, TaskAttribute attribute, byte[] cdb, byte[] data, long expected) {
    long deadline = disk.timer.nanoTime() + UnitFixture.DEADLINE;
    return new Command(nexus, ++tags, attribute, cdb, ByteBuffer.wrap(data), expected, deadline);
  }

  private interface Start {
    void with(java.util.function.Consumer<Response> reply);
  }

  private Response only(Start start, byte[] cdb) {
    List<Response> replies = new ArrayList<>();
    start.with(replies::add);
    if (replies.isEmpty() && cdb[0] == SANITIZE) {
      endSanitize();
    }
    assertEquals(1, replies.size(), "replies");
    Response response = replies.get(0);
    assertTrue(response.dataIn().remaining() <= MOST_DATA_IN, () -> "long data of " + cdb[0]);
    assertTrue(response.dataOutWanted() >= 0);
    if (response.status() == Status.CHECK_CONDITION) {
      Sense sense = Sense.decode(response.sense()).orElseThrow();
      // What an exception that nobody foresaw is answered with.
      assertTrue(sense.key() != HARDWARE_ERROR, () -> UnitFixture.sense(response));
    } else {
      assertEquals(0, response.sense().length);
    }
    assertEquals(java.util.Optional.empty(), disk.volume.violation());
    return response;
  }

  /** Lets the time pass that a sanitize operation takes; it is answered at its end. */
  private void endSanitize() {
    for (int i = 0; i < SANITIZE_SECONDS; i++) {
      disk.timer.advance(TimeUnit.SECONDS.toNanos(1));
    }
  }

  /** What the transport would solicit, and collect, for a CDB. */
  long dataOutLength(byte[] cdb) {
    long length = disk.unit.dataOutLength(UnitFixture.NEXUS, cdb);
    assertTrue(length >= 0 && length <= MOST_DATA_IN, () -> "data-out of " + length + " bytes");
    return length;
  }

  /** A host that does nothing wrong can use the unit, whatever was done to it before. */
  void assertUsable() {
    Nexus nexus = new Nexus("iqn.2026-01.io.host:good", 7, UnitFixture.TARGET, 1);
    disk.unit.attach(nexus);
    endSanitize();
    ready(nexus);
    byte[] register = GatewayPair.list(0, 77, 0);
    byte[] clear = GatewayPair.list(77, 0, 0);
    assertGood(run(nexus, "5f 06 00 00 00 00000018 00", register));
    assertGood(run(nexus, "5f 03 00 00 00 00000018 00", clear));
    // A reservation by RESERVE (SPC-2) ends with its holder's nexus, or by a reset.
    disk.unit.manage(LogicalUnit.TaskManagement.LOGICAL_UNIT_RESET, nexus, 0, done -> {});
    ready(nexus);
    byte[] data = UnitFixture.blocks(2, 0x5A);
    assertGood(run(nexus, "2a 00 00000003 00 0002 00", data));
    Response read = run(nexus, "28 00 00000003 00 0002 00");
    assertGood(read);
    assertEquals(ByteBuffer.wrap(data), read.dataIn());
    disk.unit.detach(nexus);
  }

  /** Takes the unit attentions that wait. */
  private void ready(Nexus nexus) {
    for (int i = 0; i < 16; i++) {
      if (run(nexus, "03 00 00 00 FC 00").dataIn().get(2) == 0) {
        return;
      }
    }
  }

  private Response run(Nexus nexus, String cdb, byte... data) {
    return execute(nexus, TaskAttribute.SIMPLE, UnitFixture.hex(cdb), data, 1 << 20);
  }

  private static void assertGood(Response response) {
    assertEquals(Status.GOOD, response.status(), () -> UnitFixture.sense(response));
  }
}
