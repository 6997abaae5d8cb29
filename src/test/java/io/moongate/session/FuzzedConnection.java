package io.moongate.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.scsi.ManualTimer;
import io.moongate.scsi.TargetDirectory;
import io.moongate.wire.DigestSettings;
import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduDecoder;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.TargetPdu;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.util.ByteString;

/**
 * A {@link Connection} with its decoder and encoder, driven byte by byte as {@link SessionStage}
 * drives it, but without threads and with a clock of the test's: bytes in, PDUs out. Nothing but
 * the defined refusals may come out of it.
 */
final class FuzzedConnection implements Reentry, ConnectionControl {
  /** PDUs that one chunk may complete before the next is read: what one read of TCP holds. */
  private static final int MOST_OUTPUT = 4096;

  private final ManualTimer timer;
  private final DigestSettings digests = new DigestSettings();
  private final DigestSettings initiators = new DigestSettings();
  private final PduDecoder decoder = new PduDecoder(digests);
  private final PduEncoder encoder = new PduEncoder(digests);
  private final PduEncoder initiator = new PduEncoder(initiators);
  private final Queue<Runnable> reentries = new ArrayDeque<>();
  private final Queue<Received.Frame> unread = new ArrayDeque<>();
  private final List<TargetPdu> sent = new ArrayList<>();
  private final SessionRegistry registry;
  private final Connection connection;
  private boolean reading = true;
  private boolean gone;
  private boolean woken;
  private String dropped;

  FuzzedConnection(
      SessionSettings settings,
      TargetDirectory directory,
      SessionRegistry registry,
      ManualTimer timer) {
    this.timer = timer;
    this.registry = registry;
    assertTrue(registry.connected(this).isEmpty());
    connection =
        new Connection(
            settings,
            directory,
            registry,
            this,
            this,
            digests,
            decoder,
            "peer",
            "portal",
            timer.nanoTime());
  }

  Connection.Phase phase() {
    return connection.phase();
  }

  /** Whether it takes no more bytes. */
  boolean over() {
    return gone || connection.over();
  }

  /** What was sent since the last call. */
  List<TargetPdu> sent() {
    List<TargetPdu> all = List.copyOf(sent);
    sent.clear();
    return all;
  }

  /** Whether the initiator reads what is sent; while it does not, nothing leaves. */
  void reading(boolean now) {
    reading = now;
    turn();
  }

  /** Sends a PDU, with the digests that were agreed to, cut into two chunks. */
  void send(InitiatorPdu pdu, int cut) {
    byte[] bytes = initiator.encode(pdu).toArray();
    int first = Math.min(cut, bytes.length);
    feed(ByteString.fromArray(bytes, 0, first));
    feed(ByteString.fromArray(bytes, first, bytes.length - first));
  }

  /** Sends any bytes; they are lost when the connection would not read them now. */
  void feed(ByteString bytes) {
    if (over() || bytes.isEmpty() || !unread.isEmpty() || !connection.wantsInput()) {
      return;
    }
    decoder.feed(bytes);
    while (true) {
      try {
        Pdu pdu = decoder.next();
        if (pdu == null) {
          break;
        }
        unread.add(new Received.Parsed(pdu));
      } catch (ProtocolException error) {
        unread.add(new Received.Malformed(error));
        if (!error.connectionUsable()) {
          break;
        }
      }
    }
    turn();
  }

  /** Lets time pass, as the stage's timer does. */
  void pass(Duration time) {
    timer.advance(time.toNanos());
    if (!over()) {
      connection.enter();
      connection.at(timer.nanoTime());
      connection.tick();
      connection.leave();
    }
    turn();
  }

  @Override
  public CompletionStage<Void> caughtUp(Duration within) {
    return CompletableFuture.completedStage(null);
  }

  @Override
  public void requestLogout(Duration within) {
    reentries.add(() -> connection.requestLogout(within));
  }

  @Override
  public void close(String reason) {
    dropped = reason;
    woken = true;
  }

  @Override
  public <T> Consumer<T> guard(Consumer<T> handler) {
    return value -> reentries.add(() -> handler.accept(value));
  }

  @Override
  public void wake() {
    woken = true;
  }

  /** Takes the turn that another connection of the session has asked for. */
  boolean turnIfWoken() {
    boolean due = woken && !gone;
    woken = false;
    if (due) {
      turn();
    }
    return due;
  }

  void turn() {
    if (gone) {
      return;
    }
    connection.enter();
    try {
      workAndSend();
    } finally {
      connection.leave();
    }
    if (connection.over()) {
      end();
    }
  }

  private void workAndSend() {
    connection.at(timer.nanoTime());
    work();
    int taken = 0;
    while (reading && connection.hasOutput()) {
      List<TargetPdu> batch = new ArrayList<>();
      connection.take(batch);
      assertTrue(!batch.isEmpty(), "output that is none");
      for (TargetPdu pdu : batch) {
        assertTrue(encoder.encode(pdu).size() >= Pdu.BASIC_HEADER_LENGTH);
      }
      sent.addAll(batch);
      taken += batch.size();
      assertTrue(taken < MOST_OUTPUT, "output without end");
      work();
    }
    if (connection.phase() == Connection.Phase.FULL_FEATURE) {
      initiators.set(digests.header(), digests.data());
    }
  }

  private void work() {
    boolean more = true;
    while (more) {
      if (dropped != null) {
        connection.now(dropped);
        return;
      }
      Runnable reentry = reentries.poll();
      if (reentry != null) {
        reentry.run();
      } else if (!unread.isEmpty() && connection.wantsInput()) {
        receive(unread.poll());
      } else {
        connection.turnEnded();
        more = !reentries.isEmpty();
      }
    }
  }

  private void receive(Received.Frame frame) {
    if (frame instanceof Received.Parsed parsed) {
      connection.received(parsed.pdu(), timer.nanoTime());
    } else if (frame instanceof Received.Malformed malformed) {
      connection.malformed(malformed.error());
    }
  }

  /** The socket is closed, by either side: nothing of the connection may be left. */
  void end() {
    if (gone) {
      return;
    }
    gone = true;
    registry.disconnected(this);
    connection.enter();
    connection.at(timer.nanoTime());
    connection.disconnected();
    connection.leave();
    assertEquals(Connection.Phase.ENDED, connection.phase());
  }

  /** Nothing is held for connections, when all of them have ended. */
  static void assertNothingHeld(SessionRegistry registry) {
    assertEquals(0, registry.connectionCount());
    assertEquals(List.of(), registry.sessions());
    assertEquals(0, registry.bytes(), "bytes of data");
    assertEquals(0, registry.budget().text.used(), "bytes of text");
    assertEquals(0, registry.budget().logins.used(), "bytes of text of logins");
    assertEquals(0, registry.budget().early.used(), "bytes of early data");
  }
}
