package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.Pdu;
import io.moongate.wire.SerialNumber;
import io.moongate.wire.TargetPdu;
import io.moongate.wire.TargetPdu.AsyncMessage;
import io.moongate.wire.TargetPdu.DataIn;
import io.moongate.wire.TargetPdu.LogoutResponse;
import io.moongate.wire.TargetPdu.NopIn;
import io.moongate.wire.TargetPdu.ReadyToTransfer;
import io.moongate.wire.TargetPdu.ScsiResponse;
import io.moongate.wire.TargetPdu.TaskManagementResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.RepeatedTest;

/**
 * A session of one to four connections, whose initiator does what it may at random: commands on any
 * of them, with data in every way, resets, connections that log out, are reinstated, and join
 * again. PDUs travel in order on a connection, and at random over several.
 *
 * <p>What must hold: commands are executed in the order of CmdSN; each is answered once, where it
 * came, with the right data, and never after the response to a function that covers it; nothing is
 * held, and the window is as wide as before, when all is done.
 */
class MultipleConnectionsRandomTest {
  private static final int STEPS = 2_000;
  private static final int BLOCKS = 64;
  private static final int DEPTH = 32;
  private static final int MOST = 4;

  /** Exchanges after which all must be answered, as there is no other work. */
  private static final int MAX_ROUNDS = 1_000;

  private static final int LOGICAL_UNIT_RESET = 5;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final FakeUnit unit = new FakeUnit(BLOCKS * FakeUnit.BLOCK);
  private final FakeDirectory directory = FakeDirectory.of(unit);
  private final SessionSettings settings =
      Harness.settings("moongate.iscsi { initial-r2t = no, queue-depth = " + DEPTH + " }");
  private final Map<Integer, Link> links = new HashMap<>();
  private final Map<Integer, Sent> open = new HashMap<>();

  /** The tags of commands in the order of CmdSN that were begun with all their data. */
  private final List<Integer> inOrder = new ArrayList<>();

  /** What the medium holds, if commands are executed in order. */
  private final byte[] expected = new byte[BLOCKS * FakeUnit.BLOCK];

  private int maxCmdSn;
  private TaskManagementRequest reset;
  private boolean loggingOut;

  /** A connection, and what is on its way to the target. */
  private static final class Link {
    private final int cid;
    private final Harness target;
    private final Deque<InitiatorPdu> underWay = new ArrayDeque<>();

    Link(int cid, Harness target) {
      this.cid = cid;
      this.target = target;
    }
  }

  /** A command that is not answered yet. */
  private static final class Sent {
    private final Link on;
    private final ScsiCommand command;
    private final byte[] data;
    private final byte[] read;

    Sent(Link on, ScsiCommand command, byte[] data) {
      this.on = on;
      this.command = command;
      this.data = data;
      this.read = new byte[command.read() ? (int) command.expectedDataTransferLength() : 0];
    }
  }

  @RepeatedTest(20)
  void keepsOrderAndAnswersEverything() {
    try {
      run();
    } catch (AssertionError | RuntimeException failure) {
      throw new AssertionError("seed " + seed, failure);
    }
  }

  private void run() {
    Harness leading =
        new Harness(settings, directory)
            .loggedIn("MaxConnections", Integer.toString(MOST), "InitialR2T", "No");
    links.put(1, new Link(1, leading));
    maxCmdSn = 100 + DEPTH - 1;
    for (int step = 0; step < STEPS; step++) {
      step();
      check();
    }
    int rounds = 0;
    while (!open.isEmpty() || reset != null || loggingOut || underWay()) {
      exchangeAll();
      assertTrue(rounds++ < MAX_ROUNDS, () -> "still open: " + open.size());
    }
    check();
    assertArrayEquals(expected, unit.blocks());
    assertEquals(0, leading.registry.bytes());
    Link last = links.values().iterator().next();
    DataIn answer = (DataIn) quiet(last, last.target.read(0, 1, FakeUnit.BLOCK)).get(0);
    assertEquals(DEPTH - 1, answer.maxCmdSn() - answer.expCmdSn(), "the window is whole");
    assertEquals(1, unit.attached().size());
  }

  private List<TargetPdu> quiet(Link link, InitiatorPdu pdu) {
    return link.target.exchange(pdu);
  }

  private void step() {
    Link link = any();
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> command(link);
      case 3 -> {
        if (links.size() < MOST) {
          join();
        }
      }
      case 4 -> leave(link);
      case 5 -> reset(link);
      case 6 -> {
        if (random.nextInt(8) == 0) {
          exchangeAll();
        }
      }
      default -> exchange(link);
    }
  }

  private Link any() {
    List<Link> all = new ArrayList<>(links.values());
    return all.get(random.nextInt(all.size()));
  }

  private void command(Link link) {
    boolean room =
        reset == null && !loggingOut && SerialNumber.lessOrEqual(link.target.peekCmdSn(), maxCmdSn);
    if (!room) {
      return;
    }
    int block = random.nextInt(BLOCKS - 4);
    int count = 1 + random.nextInt(4);
    int length = count * FakeUnit.BLOCK;
    if (random.nextBoolean()) {
      ScsiCommand read = link.target.read(block, count, length);
      send(link, read, new byte[0]);
      inOrder.add(read.initiatorTaskTag());
      return;
    }
    byte[] data = new byte[length];
    random.nextBytes(data);
    switch (random.nextInt(3)) {
      case 0 -> {
        ScsiCommand write =
            link.target.write(block, count, length, true, ByteString.fromArray(data));
        send(link, write, data);
        inOrder.add(write.initiatorTaskTag());
        System.arraycopy(data, 0, expected, block * FakeUnit.BLOCK, length);
      }
      case 1 -> {
        // Its data follows at once; where nothing overlaps it, its order does not matter.
        alone();
        ScsiCommand write =
            link.target.write(block, count, length, false, ByteString.emptyByteString());
        send(link, write, data);
        int half = length / 2;
        link.underWay.add(
            link.target.data(write, -1, 0, 0, false, ByteString.fromArray(data, 0, half)));
        link.underWay.add(
            link.target.data(
                write, -1, 1, half, true, ByteString.fromArray(data, half, length - half)));
        System.arraycopy(data, 0, expected, block * FakeUnit.BLOCK, length);
        alone();
      }
      default -> {
        alone();
        ScsiCommand write =
            link.target.write(block, count, length, true, ByteString.emptyByteString());
        send(link, write, data);
        System.arraycopy(data, 0, expected, block * FakeUnit.BLOCK, length);
        alone();
      }
    }
  }

  private boolean underWay() {
    return links.values().stream().anyMatch(link -> !link.underWay.isEmpty());
  }

  /** Until everything has been answered: what follows overlaps nothing. */
  private void alone() {
    int rounds = 0;
    while (!open.isEmpty() || underWay()) {
      exchangeAll();
      assertTrue(rounds++ < MAX_ROUNDS, () -> "still open: " + open.size());
    }
  }

  private void send(Link link, ScsiCommand command, byte[] data) {
    open.put(command.initiatorTaskTag(), new Sent(link, command, data));
    link.underWay.add(command);
  }

  private void join() {
    for (int cid = 1; cid <= MOST; cid++) {
      if (!links.containsKey(cid)) {
        links.put(cid, new Link(cid, any().target.joinedBy(cid, directory)));
        return;
      }
    }
  }

  /** A connection ends in one of the ways that the session survives. */
  private void leave(Link link) {
    boolean may = links.size() > 1 && reset == null && !loggingOut;
    if (!may || random.nextInt(4) != 0) {
      return;
    }
    // At level 0 nothing fills holes but a session of its own: none must be left.
    alone();
    switch (random.nextInt(3)) {
      case 0 -> {
        loggingOut = true;
        link.underWay.add(link.target.logout(1, link.cid));
      }
      case 1 -> {
        unit.hold();
        ScsiCommand lost = link.target.read(0, 1, FakeUnit.BLOCK);
        link.target.receive(lost);
        Link anew = new Link(link.cid, other(link).target.joinedBy(link.cid, directory));
        link.target.connection.disconnected();
        links.put(link.cid, anew);
        unit.release();
        assertEquals(List.of(), link.target.sent());
        forget(lost);
      }
      default -> {
        Link through = other(link);
        var response =
            (LogoutResponse) through.target.exchange(through.target.logout(1, link.cid)).get(0);
        assertEquals(0, response.response());
        note(response.expCmdSn(), response.maxCmdSn());
        link.target.connection.disconnected();
        links.remove(link.cid);
      }
    }
  }

  /** It was executed, and is not answered. */
  private void forget(ScsiCommand command) {
    inOrder.add(command.initiatorTaskTag());
  }

  private Link other(Link link) {
    return links.values().stream().filter(each -> each != link).findAny().orElseThrow();
  }

  /** A reset: what is open may be answered before its response, and not after. */
  private void reset(Link link) {
    if (reset != null || loggingOut || random.nextInt(3) != 0) {
      return;
    }
    // Whether a write that it covers is executed could not be told.
    alone();
    for (int i = random.nextInt(6); i > 0; i--) {
      Link any = any();
      ScsiCommand read = any.target.read(0, 1, FakeUnit.BLOCK);
      send(any, read, new byte[0]);
      inOrder.add(read.initiatorTaskTag());
      if (random.nextBoolean()) {
        exchange(any());
      }
    }
    reset = link.target.manage(LOGICAL_UNIT_RESET, 0, -1, 0);
    link.underWay.add(reset);
  }

  private void exchangeAll() {
    for (Link link : List.copyOf(links.values())) {
      exchange(link);
      exchange(link);
    }
  }

  /** Gives the target what is under way on a connection, or a part, and takes what it sends. */
  private void exchange(Link link) {
    int some = 1 + random.nextInt(4);
    for (int i = 0; i < some && !link.underWay.isEmpty(); i++) {
      link.target.receive(link.underWay.poll());
    }
    // A connection that another one has given something to do has its turn sooner or later.
    for (Link other : links.values()) {
      if (random.nextBoolean()) {
        other.target.settle();
      }
    }
    for (TargetPdu pdu : link.target.sent()) {
      take(link, pdu);
    }
  }

  private void take(Link link, TargetPdu pdu) {
    if (pdu instanceof DataIn data) {
      note(data.expCmdSn(), data.maxCmdSn());
      Sent sent = expect(link, data.initiatorTaskTag());
      data.data().copyToArray(sent.read, (int) data.bufferOffset(), data.data().size());
      if (data.statusBit()) {
        open.remove(data.initiatorTaskTag());
      }
    } else if (pdu instanceof ScsiResponse response) {
      note(response.expCmdSn(), response.maxCmdSn());
      expect(link, response.initiatorTaskTag());
      assertEquals(0, response.status());
      open.remove(response.initiatorTaskTag());
    } else if (pdu instanceof ReadyToTransfer r2t) {
      Sent sent = expect(link, r2t.initiatorTaskTag());
      int from = (int) r2t.bufferOffset();
      int length = (int) r2t.desiredDataTransferLength();
      DataOut data =
          link.target.data(
              sent.command,
              r2t.targetTransferTag(),
              0,
              from,
              true,
              ByteString.fromArray(Arrays.copyOfRange(sent.data, from, from + length)));
      link.underWay.add(data);
    } else if (pdu instanceof NopIn question) {
      note(question.expCmdSn(), question.maxCmdSn());
      if (question.targetTransferTag() != Pdu.RESERVED_TAG) {
        link.underWay.add(link.target.acknowledge(question));
      }
    } else if (pdu instanceof TaskManagementResponse response) {
      note(response.expCmdSn(), response.maxCmdSn());
      assertEquals(0, response.response());
      assertEquals(reset.initiatorTaskTag(), response.initiatorTaskTag());
      open.clear();
      reset = null;
    } else if (pdu instanceof LogoutResponse response) {
      assertEquals(0, response.response());
      note(response.expCmdSn(), response.maxCmdSn());
      link.target.connection.disconnected();
      links.remove(link.cid);
      loggingOut = false;
    } else {
      throw new AssertionError((pdu instanceof AsyncMessage ? "dropped: " : "unexpected: ") + pdu);
    }
  }

  private Sent expect(Link link, int tag) {
    Sent sent = open.get(tag);
    assertTrue(sent != null, () -> "an answer for a task that has none to expect: " + tag);
    assertEquals(sent.on.cid, link.cid, "an answer on another connection");
    return sent;
  }

  private void note(int exp, int max) {
    assertTrue(SerialNumber.lessOrEqual(exp, max + 1), "ExpCmdSN beyond MaxCmdSN + 1");
    if (SerialNumber.lessThan(maxCmdSn, max)) {
      maxCmdSn = max;
    }
  }

  /** Of the commands that need no further data, none was executed before its turn. */
  private void check() {
    List<Integer> executed =
        unit.executed().stream().map(command -> command.tag()).filter(inOrder::contains).toList();
    int at = -1;
    for (int tag : executed) {
      int place = inOrder.indexOf(tag);
      assertTrue(place > at, () -> "out of order: " + executed);
      at = place;
    }
    while (inOrder.size() > 400) {
      inOrder.remove(0);
    }
  }
}
