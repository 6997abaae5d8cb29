package io.moongate.session;

import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnit.TaskManagement;
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
import io.moongate.wire.LogoutReason;
import io.moongate.wire.LogoutResponseCode;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduEncoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu.AsyncMessage;
import io.moongate.wire.TargetPdu.LogoutResponse;
import io.moongate.wire.TargetPdu.NopIn;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.pekko.util.ByteString;

/**
 * The full feature phase of a session (RFC 7143 section 4.2): numbers requests, hands each to the
 * part that it is for, keeps the connection alive, and ends it. Pure: PDUs and time in, PDUs into
 * the send queue, commands to logical units.
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

  private final SessionState session;
  private final int cid;
  private final Optional<NexusUnits> units;
  private final ScsiTasks tasks;
  private final TaskManagementRequests taskManagement;
  private final TextNegotiation text;
  private final Ending ending;
  private final KeepAlive keepAlive;

  private int pingBytes;
  private Optional<Long> logoutDeadlineNanos = Optional.empty();
  private LogoutRequest logout;
  private long logoutEndNanos;
  private boolean loggedOut;

  /** How a connection ends. */
  interface Ending {
    /** After what is queued was sent. */
    void afterQueue(String reason);

    /** At once. */
    void now(String reason);

    /** A target was reset as if power had been cycled: its connections end. */
    void coldReset();
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
    this.units = units;
    this.ending = ending;
    this.tasks = units.map(attached -> new ScsiTasks(session, attached)).orElse(null);
    this.taskManagement =
        units
            .map(
                attached -> new TaskManagementRequests(session, tasks, attached, ending::coldReset))
            .orElse(null);
    this.text = new TextNegotiation(session, directory, login.target(), login.initiatorName());
    this.keepAlive =
        new KeepAlive(session.settings.nopInterval(), session.settings.nopTimeout(), session.now);
  }

  /** SCSI tasks under way. */
  int commands() {
    return tasks == null ? 0 : tasks.size();
  }

  /**
   * Takes a PDU.
   *
   * @throws ProtocolException when the connection can't go on
   */
  void received(InitiatorPdu pdu, long arrivedNanos) {
    keepAlive.heard(session.now);
    if (logout != null) {
      return;
    }
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
    if (logout == null && tasks != null) {
      tasks.receiveDamaged(pdu, length);
    }
  }

  /** Whether more input may be read. */
  boolean wantsInput() {
    return session.out.size() < 2 * session.settings.queueDepth() + 256
        && pingBytes < MAX_PING_BYTES;
  }

  /** Looks after every wait that is bounded. */
  void tick() {
    if (logout != null) {
      if (session.now - logoutEndNanos >= 0) {
        loggedOut();
      }
      return;
    }
    if (!wantsInput()) {
      // Nobody listens: silence proves nothing, and a client that does not read is dropped anyway.
      keepAlive.heard(session.now);
    }
    switch (keepAlive.check(session.now)) {
      case ASK -> nopIn(session.newTransferTag());
      case DEAD -> {
        ending.now("the initiator is silent");
        return;
      }
      case NOTHING -> {}
    }
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
    if (tasks != null) {
      tasks.admit();
    }
    session.openWindow();
    boolean unannounced =
        session.out.isEmpty()
            && session.out.numbers().advertisedClosed()
            && !session.window.closed();
    if (unannounced && logout == null) {
      nopIn(Pdu.RESERVED_TAG);
    }
  }

  /** Asks the initiator to log out (section 11.9.1, event 1). */
  void requestLogout(Duration within) {
    if (logoutDeadlineNanos.isPresent() || logout != null) {
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
   * Ends every task: those that have not begun never do.
   *
   * @param whenEnded called when those that have begun can't change a medium any more
   * @param guard how a logical unit's thread gets back to the caller
   */
  void endTasks(Runnable whenEnded, UnaryOperator<Consumer<Boolean>> guard) {
    if (units.isEmpty()) {
      whenEnded.run();
      return;
    }
    Set<LogicalUnit> busy = new HashSet<>();
    for (Task task : tasks.dropNotRunning(task -> true)) {
      if (task.unit != null) {
        busy.add(task.unit);
      }
    }
    CountDown countDown = new CountDown(busy.size() + 1, whenEnded);
    for (LogicalUnit unit : busy) {
      unit.manage(
          TaskManagement.ABORT_TASK_SET,
          units.get().nexus(),
          0,
          guard.apply(done -> countDown.one()));
    }
    countDown.one();
  }

  /** The nexus is gone. */
  void detach() {
    units.ifPresent(NexusUnits::detach);
  }

  private void request(InitiatorPdu pdu, boolean immediate, int cmdSn, long arrivedNanos) {
    if (pdu.initiatorTaskTag() == Pdu.RESERVED_TAG) {
      throw ProtocolException.rejected(
          RejectReason.INVALID_PDU_FIELD,
          "a request with the reserved task tag",
          false,
          PduEncoder.basicHeader(pdu));
    }
    Sequenced request = new Sequenced(pdu, arrivedNanos);
    if (!immediate) {
      session.window.accept(cmdSn, request, this::deliver);
    } else if (session.beginImmediate()) {
      deliver(request);
    } else {
      session.reject(RejectReason.IMMEDIATE_COMMAND_REJECT, pdu);
    }
  }

  private void deliver(Sequenced request) {
    InitiatorPdu pdu = request.pdu();
    if (logout != null) {
      return;
    }
    if (pdu instanceof ScsiCommand command) {
      if (tasks == null) {
        refuse(command, command.immediate());
      } else {
        tasks.start(command, request.arrivedNanos());
      }
    } else if (pdu instanceof NopOut ping) {
      answer(ping);
    } else if (pdu instanceof TaskManagementRequest function) {
      if (taskManagement == null) {
        refuse(function, function.immediate());
      } else {
        taskManagement.start(function, this::deliver);
      }
    } else if (pdu instanceof TextRequest negotiation) {
      negotiate(negotiation);
    } else if (pdu instanceof LogoutRequest out) {
      logOut(out);
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
    ByteString data = ping.data().take(session.parameters.initiatorMaxRecvDataSegmentLength());
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

  private void logOut(LogoutRequest request) {
    Optional<LogoutReason> reason = LogoutReason.of(request.reason());
    if (reason.isEmpty()) {
      session.reject(RejectReason.INVALID_PDU_FIELD, request);
      session.requestEnded(request.immediate());
      return;
    }
    LogoutResponseCode refused =
        switch (reason.get()) {
          case CLOSE_SESSION -> LogoutResponseCode.CLOSED;
          case CLOSE_CONNECTION ->
              request.cid() == cid ? LogoutResponseCode.CLOSED : LogoutResponseCode.CID_NOT_FOUND;
          case REMOVE_CONNECTION_FOR_RECOVERY ->
              LogoutResponseCode.CONNECTION_RECOVERY_NOT_SUPPORTED;
        };
    if (refused != LogoutResponseCode.CLOSED) {
      respond(request, refused);
      return;
    }
    logout = request;
    logoutEndNanos = session.now + session.settings.taskManagementTimeout().toNanos();
    endTasks(this::loggedOut, session.reentry::guard);
  }

  private void loggedOut() {
    if (loggedOut) {
      return;
    }
    loggedOut = true;
    detach();
    respond(logout, LogoutResponseCode.CLOSED);
    ending.afterQueue("logout");
  }

  private void respond(LogoutRequest request, LogoutResponseCode response) {
    session.out.add(
        n -> {
          session.requestEnded(request.immediate());
          return new LogoutResponse(
              response.code(),
              request.initiatorTaskTag(),
              n.takeStatSn(),
              n.expCmdSn(),
              n.maxCmdSn(),
              session.parameters.defaultTime2Wait(),
              session.parameters.defaultTime2Retain());
        });
  }

  /** A NOP-In of the target's own: a question when it has a tag, else only news of the window. */
  private void nopIn(int targetTransferTag) {
    session.out.add(
        n ->
            new NopIn(
                0,
                Pdu.RESERVED_TAG,
                targetTransferTag,
                n.statSn(),
                n.expCmdSn(),
                n.maxCmdSn(),
                ByteString.emptyByteString()));
  }
}
