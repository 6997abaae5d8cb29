package io.moongate.session;

import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.TargetDirectory;
import io.moongate.wire.AsyncEvent;
import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.InitiatorPdu.NopOut;
import io.moongate.wire.InitiatorPdu.ScsiCommand;
import io.moongate.wire.InitiatorPdu.SnackRequest;
import io.moongate.wire.InitiatorPdu.TaskManagementRequest;
import io.moongate.wire.InitiatorPdu.TextRequest;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu.AsyncMessage;
import io.moongate.wire.TargetPdu.NopIn;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.pekko.util.ByteString;

/**
 * The full feature phase of a connection (RFC 7143 section 4.2): puts requests into the order of
 * the session, hands each to the part that it is for, keeps the connection alive, and ends it.
 * Pure: PDUs and time in, PDUs into the send queue, commands to logical units.
 *
 * <pre>
 *  ACTIVE ──Logout──▶ LOGGING_OUT ──tasks ended──▶ response queued, the connection ends
 *     ├──a request to log out not followed──▶ the initiator is told, the connection ends
 *     └──silence, late data-out──▶ the connection is dropped
 * </pre>
 */
final class FullFeaturePhase {
  /** Bytes of NOP-In data that may wait to be sent. */
  private static final int MAX_PING_BYTES = 1 << 20;

  private static final byte TEST_UNIT_READY = 0x00;

  private static final String NOT_ANSWERED = "it sends on without an answer to a NOP-In";

  private final SessionState session;
  private final ScsiTasks tasks;
  private final TaskManagementRequests taskManagement;
  private final TextNegotiation text;
  private final Ending ending;
  private final KeepAlive keepAlive;
  private final Freshness freshness;

  /** What has come since something came that may be too old, until it is known not to be. */
  private final ArrayDeque<Unproven> unproven = new ArrayDeque<>();

  private long unprovenBytes;

  private final Consumer<Sequenced> inOrder = this::handOut;
  private final int cid;
  private final Logouts logouts;

  private int pingBytes;
  private Optional<Long> logoutDeadlineNanos = Optional.empty();

  private record Unproven(InitiatorPdu pdu, long arrivedNanos) {}

  /** How a connection ends. */
  interface Ending {
    /** After what is queued was sent. */
    void afterQueue(String reason);

    /** At once. */
    void now(String reason);

    /** Whether nothing is to be taken any more. */
    boolean isOver();

    /** A PDU that waited for its turn can't be taken. */
    void violated(ProtocolException error);

    /** A target was reset as if power had been cycled: its connections end. */
    void coldReset();

    /**
     * A logout was asked for.
     *
     * @param session whether it closes the whole session
     * @return completes when the tasks that it ends can't change a medium any more
     */
    CompletableFuture<Void> loggingOut(boolean session);

    /** The logout is about to be answered. */
    void loggedOut(boolean session);
  }

  /**
   * @param units empty in a discovery session
   */
  FullFeaturePhase(
      SessionState session,
      LoginPhase.Granted login,
      Optional<NexusUnits> units,
      TargetDirectory directory,
      Ending ending) {
    this.session = session;
    this.cid = login.cid();
    this.logouts = new Logouts(session, cid, ending);
    this.ending = ending;
    this.tasks = units.map(attached -> new ScsiTasks(session, attached, this::waits)).orElse(null);
    this.taskManagement =
        units
            .map(
                attached ->
                    new TaskManagementRequests(session, this, tasks, attached, ending::coldReset))
            .orElse(null);
    this.text = new TextNegotiation(session, directory, login.target(), login.initiatorName());
    this.keepAlive =
        new KeepAlive(session.settings.nopInterval(), session.settings.nopTimeout(), session.now);
    this.freshness = new Freshness(session.settings.mostAge(), session.now);
  }

  /** SCSI tasks under way. */
  int commands() {
    return tasks == null ? 0 : tasks.size();
  }

  SessionState session() {
    return session;
  }

  /** Whether a task of this tag is under way. */
  boolean hasTask(int tag) {
    return tasks != null && tasks.find(tag).isPresent();
  }

  /**
   * Takes a PDU.
   *
   * @throws ProtocolException when the connection can't go on
   */
  void received(InitiatorPdu pdu, long arrivedNanos) {
    keepAlive.heard(session.now);
    if (isClosing()) {
      return;
    }
    if (session.connections.fence().isUp()) {
      session.connections.fence().acknowledged(session, pdu.expStatSn());
    }
    if (tasks != null && !isProven(pdu, arrivedNanos)) {
      return;
    }
    take(pdu, arrivedNanos);
  }

  /**
   * Whether a PDU is to be taken now. What changes something waits, and what follows it, unless the
   * initiator has certainly made it lately: it is asked, and who answers has not given the
   * connection up, nor sent anything of it again elsewhere.
   */
  private boolean isProven(InitiatorPdu pdu, long arrivedNanos) {
    freshness.acknowledged(pdu.expStatSn(), session.out.nextStatSn());
    if (pdu instanceof NopOut answer && freshness.answered(answer.targetTransferTag())) {
      takeProven();
      return false;
    }
    if (unproven.isEmpty()) {
      if (!changes(pdu) || !freshness.isStale(session.now)) {
        return true;
      }
      // One that was sent before does not do: it may have been answered before this was made.
      ask();
    } else if (pdu instanceof LogoutRequest) {
      // Who logs out answers nothing any more.
      ending.now("it logs out without an answer to a NOP-In");
      return false;
    }
    unproven.add(new Unproven(Kept.whole(pdu), arrivedNanos));
    unprovenBytes += pdu.data().size();
    if (unproven.size() > mostWaiting()) {
      ending.now(NOT_ANSWERED);
    }
    return false;
  }

  /**
   * Whether something is another when it is executed late. Reads are not: nobody waits for them any
   * more, and firmware that boots from a disk reads, and answers no NOP-In. Data-out belongs to a
   * command that has a deadline.
   */
  private static boolean changes(InitiatorPdu pdu) {
    if (pdu instanceof ScsiCommand command) {
      boolean reads = command.read() && !command.write();
      return !reads && command.cdb().apply(0) != TEST_UNIT_READY;
    }
    return pdu instanceof TaskManagementRequest;
  }

  /** The NOP-In has been answered: takes what waits for that, as far as answers have room. */
  private void takeProven() {
    while (!unproven.isEmpty() && wantsInput() && !ending.isOver() && !isClosing()) {
      if (freshness.isStale(unproven.peek().arrivedNanos())) {
        // It came long after what has been answered was asked.
        ask();
        return;
      }
      Unproven next = unproven.remove();
      unprovenBytes -= next.pdu().data().size();
      try {
        take(next.pdu(), next.arrivedNanos());
      } catch (ProtocolException e) {
        ending.violated(e);
      }
    }
  }

  /** What is sent from here on, the initiator receives after this. */
  void sends() {
    freshness.sample(session.out.nextStatSn(), session.now);
  }

  private void ask() {
    int tag = session.newTransferTag();
    freshness.asks(tag, session.now);
    session.out.addUrgent(question(tag));
  }

  private void take(InitiatorPdu pdu, long arrivedNanos) {
    if (pdu instanceof ScsiCommand command) {
      request(command, command.immediate(), command.cmdSn(), arrivedNanos);
    } else if (pdu instanceof DataOut data) {
      if (tasks == null) {
        session.reject(RejectReason.COMMAND_NOT_SUPPORTED, data);
      } else {
        tasks.receive(data);
      }
    } else if (pdu instanceof NopOut ping) {
      if (ping.initiatorTaskTag() != Pdu.RESERVED_TAG) {
        request(ping, ping.immediate(), ping.cmdSn(), arrivedNanos);
      }
    } else if (pdu instanceof TaskManagementRequest function) {
      request(function, function.immediate(), function.cmdSn(), arrivedNanos);
    } else if (pdu instanceof TextRequest negotiation) {
      request(negotiation, negotiation.immediate(), negotiation.cmdSn(), arrivedNanos);
    } else if (pdu instanceof LogoutRequest out) {
      request(out, out.immediate(), out.cmdSn(), arrivedNanos);
    } else if (pdu instanceof SnackRequest) {
      session.reject(RejectReason.SNACK_REJECT, pdu);
    } else {
      throw ProtocolException.rejected(
          RejectReason.PROTOCOL_ERROR,
          "a login in full feature phase",
          false,
          PduEncoder.basicHeader(pdu));
    }
  }

  /** Takes a Data-Out PDU whose data segment was damaged. */
  void receivedDamaged(DataOut pdu, int length) {
    keepAlive.heard(session.now);
    if (!unproven.isEmpty()) {
      ending.now("damaged data after what may be old");
    } else if (!isClosing() && tasks != null) {
      tasks.receiveDamaged(pdu, length);
    }
  }

  /** Whether more input may be read. */
  boolean wantsInput() {
    return session.out.size() < mostWaiting() && pingBytes < MAX_PING_BYTES;
  }

  /** Of what has come and is not taken, and of what is not sent yet. */
  private int mostWaiting() {
    return 2 * session.settings.queueDepth() + 256;
  }

  /** Commands have come: begins what has waited for them on this connection. */
  void resume() {
    if (taskManagement != null) {
      taskManagement.resume();
    }
  }

  /** Looks after every wait that is bounded. */
  void tick() {
    if (logouts.isUnderWay()) {
      logouts.tick();
      return;
    }
    if (!wantsInput()) {
      // Nobody listens: silence proves nothing, and a client that does not read is dropped anyway.
      keepAlive.heard(session.now);
    }
    switch (keepAlive.check(session.now)) {
      case ASK -> {
        if (freshness.isAsking()) {
          nopIn(session.newTransferTag());
        } else {
          ask();
        }
      }
      case DEAD -> {
        ending.now("the initiator is silent");
        return;
      }
      case NOTHING -> {}
    }
    if (freshness.isAsking()
        && !unproven.isEmpty()
        && session.now - unproven.peek().arrivedNanos()
            >= session.settings.nopTimeout().toNanos()) {
      ending.now(NOT_ANSWERED);
      return;
    }
    if (session.connections.fence().isOverdue(session)) {
      ending.now("responses are not acknowledged");
      return;
    }
    logouts.tick();
    if (logoutDeadlineNanos.filter(deadline -> session.now - deadline >= 0).isPresent()) {
      dropped();
      return;
    }
    text.tick();
    if (tasks != null) {
      if (!tasks.tick()) {
        ending.now("data-out that is due does not come");
        return;
      }
      taskManagement.tick();
    }
  }

  /** Gives what came free in this turn to who waits for it. */
  void turnEnded() {
    if (!unproven.isEmpty() && !freshness.isAsking()) {
      takeProven();
    }
    if (tasks != null) {
      tasks.admit();
    }
    if (!earlyDataFits()) {
      ending.now("it sends data ahead of its turn, for which there is no memory");
      return;
    }
    session.openWindow();
    if (session.out.isEmpty() && session.window.reopened() && !isClosing()) {
      nopIn(Pdu.RESERVED_TAG);
    }
  }

  /**
   * Counts the data that can't be used yet: of requests of this connection that wait for one with a
   * smaller CmdSN, and of tasks that wait for memory. What the gateway has no room for is answered
   * BUSY.
   *
   * @return false when what is left is of requests out of order, and still too much
   */
  private boolean earlyDataFits() {
    if (session.ledger.early() == 0
        && unproven.isEmpty()
        && session.window.held().isEmpty()
        && (tasks == null || tasks.earlyBytes() == 0)) {
      return true;
    }
    long held = unprovenBytes;
    for (Optional<Sequenced> waits : session.window.held().values()) {
      held +=
          waits
              .filter(request -> request.connection() == this)
              .map(request -> request.pdu().data().size())
              .orElse(0);
    }
    while (!session.ledger.holdEarly(held + (tasks == null ? 0 : tasks.earlyBytes()))) {
      if (tasks == null || !tasks.giveUpEarly()) {
        return false;
      }
    }
    return true;
  }

  /** Asks the initiator to log out (section 11.9.1, event 1). */
  void requestLogout(Duration within) {
    if (logoutDeadlineNanos.isPresent() || logouts.isUnderWay()) {
      return;
    }
    logoutDeadlineNanos = Optional.of(session.now + within.toNanos());
    // Rounded down: never more than the initiator really has.
    int seconds = (int) Math.min(0xFFFF, within.toSeconds());
    asyncMessage(AsyncEvent.LOGOUT_REQUEST, 0, 0, seconds);
  }

  /**
   * The initiator was asked to log out and did not: it is told that the connection is dropped
   * (section 11.9.1, event 2), after how many seconds it may come back, and that none of its tasks
   * is retained.
   */
  private void dropped() {
    asyncMessage(AsyncEvent.CONNECTION_DROP, cid, session.parameters.defaultTime2Wait(), 0);
    ending.afterQueue("it was asked to log out and did not");
  }

  private void asyncMessage(AsyncEvent event, int parameter1, int parameter2, int parameter3) {
    session.out.add(
        n ->
            new AsyncMessage(
                0,
                n.takeStatSn(),
                n.expCmdSn(),
                n.maxCmdSn(),
                event.code(),
                0,
                parameter1,
                parameter2,
                parameter3,
                ByteString.emptyByteString()));
  }

  /**
   * Tells that every connection of the session is dropped (section 11.9.1, event 3), after how many
   * seconds the initiator may come back, and that no task is retained.
   */
  void announceDrop() {
    int wait = session.parameters.defaultTime2Wait();
    session.out.add(
        n ->
            new AsyncMessage(
                0,
                n.takeStatSn(),
                n.expCmdSn(),
                n.maxCmdSn(),
                AsyncEvent.SESSION_DROP.code(),
                0,
                0,
                wait,
                0,
                ByteString.emptyByteString()));
  }

  /** Whether a task of this connection is with the unit. */
  boolean isBusy(LogicalUnit unit) {
    return tasks != null && tasks.isBusy(unit);
  }

  /** Lets go of every task: {@link ScsiTasks#abandon}. */
  List<Task> abandonTasks() {
    return tasks == null ? List.of() : tasks.abandon();
  }

  /**
   * Drops the tasks that no logical unit has yet.
   *
   * @return drops each of the others, to be run when the logical unit has aborted them
   */
  List<Runnable> dropTasks(Predicate<Task> selected) {
    List<Runnable> running = new ArrayList<>();
    for (Task task : tasks.dropNotRunning(selected)) {
      running.add(() -> tasks.drop(task));
    }
    // What they held may be what others wait for.
    session.reentry.wake();
    return running;
  }

  /** A request of this connection that waited for its turn never gets it. */
  void forget(Sequenced request) {
    if (tasks != null && request.pdu() instanceof ScsiCommand command) {
      tasks.forget(command);
    }
  }

  /** Whether nothing is taken any more. */
  private boolean isClosing() {
    return logouts.isUnderWay() || session.connections.closing();
  }

  /** Whether a SCSI command of this connection waits for one with a smaller CmdSN. */
  private boolean waits(int tag) {
    return session.connections.isHeld(tag, by -> by == this);
  }

  private void request(InitiatorPdu pdu, boolean immediate, int cmdSn, long arrivedNanos) {
    if (pdu.initiatorTaskTag() == Pdu.RESERVED_TAG) {
      throw ProtocolException.rejected(
          RejectReason.INVALID_PDU_FIELD,
          "a request with the reserved task tag",
          false,
          PduEncoder.basicHeader(pdu));
    }
    boolean early = !immediate && cmdSn != session.window.expCmdSn();
    Sequenced request = new Sequenced(this, early ? Kept.whole(pdu) : pdu, arrivedNanos);
    if (!immediate) {
      session.window.accept(cmdSn, request, inOrder);
      session.connections.ordered();
    } else if (session.beginImmediate()) {
      deliver(request);
    } else {
      session.reject(RejectReason.IMMEDIATE_COMMAND_REJECT, pdu);
    }
  }

  /** Takes what the window hands out, for the connection that it came on. */
  private void handOut(Sequenced request) {
    if (request.connection() == this) {
      takeInOrder(request);
    } else {
      request.connection().takeFromOther(request, session.now);
    }
  }

  private void takeFromOther(Sequenced request, long now) {
    session.now = now;
    if (ending.isOver()) {
      session.window.ended();
      return;
    }
    try {
      takeInOrder(request);
    } catch (ProtocolException e) {
      ending.violated(e);
    }
    session.reentry.wake();
  }

  private void takeInOrder(Sequenced request) {
    if (isClosing()) {
      session.window.ended();
    } else {
      session.beginOrdered();
      deliver(request);
    }
  }

  private void deliver(Sequenced request) {
    InitiatorPdu pdu = request.pdu();
    if (pdu instanceof ScsiCommand command) {
      if (tasks == null) {
        refuse(command, command.immediate());
      } else {
        boolean usedElsewhere = session.connections.usedElsewhere(command.initiatorTaskTag(), this);
        tasks.start(command, request.arrivedNanos(), usedElsewhere);
      }
    } else if (pdu instanceof NopOut ping) {
      answer(ping);
    } else if (pdu instanceof TaskManagementRequest function) {
      if (taskManagement == null) {
        refuse(function, function.immediate());
      } else {
        taskManagement.start(function, inOrder);
      }
    } else if (pdu instanceof TextRequest negotiation) {
      negotiate(negotiation);
    } else if (pdu instanceof LogoutRequest out) {
      logouts.received(out);
    }
  }

  /** What a discovery session may not ask (section 4.3). */
  private void refuse(InitiatorPdu pdu, boolean immediate) {
    session.reject(RejectReason.COMMAND_NOT_SUPPORTED, pdu);
    session.requestEnded(immediate);
  }

  private void negotiate(TextRequest request) {
    try {
      text.received(request);
    } catch (ProtocolException e) {
      if (!e.connectionUsable()) {
        throw e;
      }
      session.reject(e.reason().orElse(RejectReason.PROTOCOL_ERROR), request);
      session.requestEnded(request.immediate());
    }
  }

  private void answer(NopOut ping) {
    ByteString data =
        ping.data().take(session.parameters.initiatorMaxRecvDataSegmentLength()).compact();
    pingBytes += data.size();
    session.out.add(
        n -> {
          pingBytes -= data.size();
          session.requestEnded(ping.immediate());
          return new NopIn(
              ping.lun(),
              ping.initiatorTaskTag(),
              Pdu.RESERVED_TAG,
              n.takeStatSn(),
              n.expCmdSn(),
              n.maxCmdSn(),
              data);
        });
  }

  /** A NOP-In of the target's own: a question when it has a tag, else only news of the window. */
  private void nopIn(int targetTransferTag) {
    session.out.add(question(targetTransferTag));
  }

  private static SendQueue.Item question(int targetTransferTag) {
    return n ->
        new NopIn(
            0,
            Pdu.RESERVED_TAG,
            targetTransferTag,
            n.statSn(),
            n.expCmdSn(),
            n.maxCmdSn(),
            ByteString.emptyByteString());
  }
}
