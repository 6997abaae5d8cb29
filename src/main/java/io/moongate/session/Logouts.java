package io.moongate.session;

import io.moongate.wire.InitiatorPdu.LogoutRequest;
import io.moongate.wire.LogoutReason;
import io.moongate.wire.LogoutResponseCode;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu.LogoutResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Logouts that are asked for on a connection (RFC 7143 sections 11.14 and 11.15): of the session,
 * of the connection itself, of another one of the session. Answered when the tasks that they end
 * can't change a medium any more, or a bound on waiting for that is reached.
 */
final class Logouts {
  private final SessionState session;
  private final int cid;
  private final FullFeaturePhase.Ending ending;
  private final List<Other> others = new ArrayList<>();
  private LogoutRequest own;
  private boolean wholeSession;
  private long deadlineNanos;
  private boolean ended;
  private boolean answered;

  /** The logout of another connection. */
  private record Other(LogoutRequest request, long deadlineNanos) {}

  /**
   * @param cid of the connection
   */
  Logouts(SessionState session, int cid, FullFeaturePhase.Ending ending) {
    this.session = session;
    this.cid = cid;
    this.ending = ending;
  }

  /** Whether this connection is being logged out, alone or with its session. */
  boolean isUnderWay() {
    return own != null;
  }

  /** Takes a request that is due. */
  void received(LogoutRequest request) {
    Optional<LogoutReason> reason = LogoutReason.of(request.reason());
    if (reason.isEmpty()) {
      session.reject(RejectReason.INVALID_PDU_FIELD, request);
      session.requestEnded(request.immediate());
      return;
    }
    switch (reason.get()) {
      case CLOSE_SESSION -> logOut(request, true);
      case CLOSE_CONNECTION -> {
        if (request.cid() == cid) {
          logOut(request, session.connections.alone());
        } else {
          logOutOther(request);
        }
      }
      case REMOVE_CONNECTION_FOR_RECOVERY ->
          respond(request, LogoutResponseCode.CONNECTION_RECOVERY_NOT_SUPPORTED);
    }
  }

  /** Ends waits that take too long. */
  void tick() {
    if (own != null && session.now - deadlineNanos >= 0) {
      tasksEnded();
      loggedOut();
    }
    for (Other late : List.copyOf(others)) {
      if (session.now - late.deadlineNanos() >= 0) {
        others.remove(late);
        respond(late.request(), LogoutResponseCode.CLEANUP_FAILED);
      }
    }
  }

  private void logOut(LogoutRequest request, boolean ofSession) {
    own = request;
    wholeSession = ofSession;
    deadlineNanos = deadline();
    var whenEnded = session.reentry.<Void>guard(nothing -> tasksEnded());
    var unused = ending.loggingOut(ofSession).thenAccept(whenEnded);
  }

  /** The tasks have ended; what the nexus had reserved is to be released before the answer. */
  private void tasksEnded() {
    if (ended) {
      return;
    }
    ended = true;
    ending.loggedOut(wholeSession);
    var whenReleased = session.reentry.<Void>guard(nothing -> loggedOut());
    var unused = session.connections.released().thenAccept(whenReleased);
  }

  private void loggedOut() {
    if (answered) {
      return;
    }
    answered = true;
    respond(own, LogoutResponseCode.CLOSED);
    ending.afterQueue("logout");
  }

  private void logOutOther(LogoutRequest request) {
    Optional<CompletableFuture<Void>> tasksEnded = session.connections.logOut(request.cid());
    if (tasksEnded.isEmpty()) {
      respond(request, LogoutResponseCode.CID_NOT_FOUND);
      return;
    }
    Other other = new Other(request, deadline());
    others.add(other);
    var whenEnded =
        session.reentry.<Void>guard(
            nothing -> {
              if (others.remove(other)) {
                respond(request, LogoutResponseCode.CLOSED);
              }
            });
    var unused = tasksEnded.get().thenAccept(whenEnded);
  }

  private long deadline() {
    return session.now + session.settings.taskManagementTimeout().toNanos();
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
}
