package io.moongate.session;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.TargetDirectory;
import io.moongate.wire.DigestSettings;
import io.moongate.wire.InitiatorPdu;
import io.moongate.wire.InitiatorPdu.DataOut;
import io.moongate.wire.InitiatorPdu.LoginRequest;
import io.moongate.wire.LoginStatus;
import io.moongate.wire.Pdu;
import io.moongate.wire.PduDecoder;
import io.moongate.wire.ProtocolException;
import io.moongate.wire.RejectReason;
import io.moongate.wire.TargetPdu;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A connection: login, then full feature phase. Pure: PDUs and time in; PDUs, and how to end, out.
 * Confined to one thread at a time; once it is in a session, to the session's turn ({@link #enter},
 * {@link SessionConnections}), in which other connections may touch it too.
 *
 * <pre>
 *  LOGIN ──granted──▶ BEGINNING ──what it replaces has ended──▶ FULL_FEATURE
 *    any ──refused, logged out, a violation──▶ FLUSHING: what is queued is sent, within a bound,
 *                                              then the end
 *    any ──silence, dropped by the gateway──▶ ENDED: nothing more is sent
 * </pre>
 */
final class Connection {
  /** Where it stands. */
  enum Phase {
    LOGIN,
    BEGINNING,
    FULL_FEATURE,
    FLUSHING,
    ENDED
  }

  private final SessionSettings settings;
  private final TargetDirectory directory;
  private final SessionRegistry registry;
  private final Reentry reentry;
  private final ConnectionControl control;
  private final DigestSettings digests;
  private final PduDecoder decoder;
  private final String peer;
  private final String portal;
  private final SendQueue out = new SendQueue();
  private final LoginPhase login;
  private final long loginDeadlineNanos;

  private Phase phase = Phase.LOGIN;
  private String reason = "";
  private long now;
  private long flushFromNanos;
  private long flushUntilNanos;
  private Optional<Duration> logoutDue = Optional.empty();
  private LoginPhase.Granted granted;
  private LiveSession live;
  private LiveConnection shown;
  private SessionConnections connections;
  private SessionConnections entered;
  private CompletableFuture<Void> tasksEnded = CompletableFuture.completedFuture(null);
  private Ledger ledger;
  private SessionState session;
  private FullFeaturePhase fullFeature;

  /**
   * @param digests of this connection, shared with its decoder and encoder
   * @param decoder of this connection, told what the login declares
   * @param peer the initiator's address, for people
   * @param portal the gateway's address, for people
   */
  Connection(
      SessionSettings settings,
      TargetDirectory directory,
      SessionRegistry registry,
      Reentry reentry,
      ConnectionControl control,
      DigestSettings digests,
      PduDecoder decoder,
      String peer,
      String portal,
      long now) {
    this.settings = settings;
    this.directory = directory;
    this.registry = registry;
    this.reentry = reentry;
    this.control = control;
    this.digests = digests;
    this.decoder = decoder;
    this.peer = peer;
    this.portal = portal;
    this.now = now;
    this.login = new LoginPhase(settings, directory, registry, out);
    this.loginDeadlineNanos = now + settings.loginTimeout().toNanos();
  }

  Phase phase() {
    return phase;
  }

  /** Takes the turn of the session, if it is in one: to be called before anything else. */
  void enter() {
    if (connections != null) {
      entered = connections;
      entered.enter();
    }
  }

  /** Gives the turn back. */
  void leave() {
    if (entered != null) {
      SessionConnections left = entered;
      entered = null;
      left.leave();
    }
  }

  int cid() {
    return granted.cid();
  }

  /** Empty until the login is answered. */
  Optional<FullFeaturePhase> fullFeature() {
    return Optional.ofNullable(fullFeature);
  }

  /** Why it ends. */
  String reason() {
    return reason;
  }

  /** Begins a turn: whatever follows happens at this {@link System#nanoTime}. */
  void at(long nanos) {
    now = nanos;
    if (session != null) {
      session.now = nanos;
    }
  }

  /** Takes a PDU that was parsed at {@code arrivedNanos}. */
  void received(Pdu pdu, long arrivedNanos) {
    try {
      switch (phase) {
        case LOGIN -> logIn(pdu);
        case BEGINNING -> now("a PDU before the login was answered");
        case FULL_FEATURE -> {
          if (pdu instanceof InitiatorPdu request) {
            fullFeature.received(request, arrivedNanos);
          } else {
            malformed(Violations.direction(pdu));
          }
        }
        case FLUSHING, ENDED -> {}
      }
    } catch (ProtocolException e) {
      malformed(e);
    }
  }

  /** Takes what the decoder says of bytes that are no valid PDU. */
  void malformed(ProtocolException error) {
    registry.counts().violation(Violations.word(error));
    switch (phase) {
      case LOGIN -> {
        login.malformed(error);
        afterQueue(login.refusal());
      }
      case BEGINNING -> now(error.getMessage());
      case FULL_FEATURE -> {
        Optional<DataOut> damaged = Violations.damagedDataOut(error);
        error.reason().ifPresent(why -> session.reject(why, error.header()));
        if (damaged.isPresent()) {
          try {
            fullFeature.receivedDamaged(damaged.get(), Violations.dataLength(error));
            return;
          } catch (ProtocolException e) {
            fail(e.getMessage());
          }
        }
        boolean recoverable =
            error.connectionUsable()
                && error.reason().filter(why -> why != RejectReason.DATA_DIGEST_ERROR).isPresent();
        if (!recoverable) {
          // Without error recovery (level 0) the session is what recovers: sections 7.7, 7.8.
          fail(error.getMessage());
        }
      }
      case FLUSHING, ENDED -> {}
    }
  }

  /** Looks after every wait that is bounded. */
  void tick() {
    switch (phase) {
      case LOGIN, BEGINNING -> {
        long deadline = loginDeadlineNanos;
        if (phase == Phase.BEGINNING) {
          deadline += settings.reinstatementTimeout().toNanos();
        }
        if (now - deadline >= 0) {
          now("the login took too long");
        }
      }
      case FULL_FEATURE -> fullFeature.tick();
      case FLUSHING -> {
        if (now - flushUntilNanos >= 0) {
          now(reason);
        }
      }
      case ENDED -> {}
    }
  }

  /** Ends a turn: to be called after everything that happened in it. */
  void turnEnded() {
    if (phase == Phase.FULL_FEATURE) {
      fullFeature.turnEnded();
      shown.load(fullFeature.commands(), ledger.bytes());
    }
  }

  /** Asks the initiator to log out; one whose login is under way is asked when it has ended. */
  void requestLogout(Duration within) {
    if (phase == Phase.FULL_FEATURE) {
      fullFeature.requestLogout(within);
    } else {
      logoutDue = Optional.of(within);
    }
  }

  /** Whether more input may be read. */
  boolean wantsInput() {
    return switch (phase) {
      case LOGIN, BEGINNING -> true;
      case FULL_FEATURE -> fullFeature.wantsInput();
      case FLUSHING, ENDED -> false;
    };
  }

  /** Whether something is to be sent. */
  boolean hasOutput() {
    return phase != Phase.ENDED && !out.isEmpty() && !heldBack();
  }

  /** Whether the answer to a failed authentication still has to wait. */
  private boolean heldBack() {
    return phase == Phase.FLUSHING && now - flushFromNanos < 0;
  }

  /** Whether a login was granted. */
  boolean loggedIn() {
    return live != null;
  }

  /** Whether it ends because the initiator may not log in. */
  boolean loginRefused() {
    return login.refusedWith().filter(status -> status.statusClass() != 1).isPresent();
  }

  /** Moves what is to be sent to {@code batch}, about {@code batchBytes} of it. */
  void take(List<TargetPdu> batch) {
    if (hasOutput()) {
      if (fullFeature != null) {
        fullFeature.sends();
      }
      out.take(batch, settings.batchBytes());
    }
  }

  /** Whether the connection is to be closed now. */
  boolean over() {
    return phase == Phase.ENDED || (phase == Phase.FLUSHING && out.isEmpty());
  }

  /** Drops the connection: nothing more is executed or answered. */
  void now(String why) {
    if (phase != Phase.ENDED) {
      reason = reason.isEmpty() ? why : reason;
      phase = Phase.ENDED;
      out.clear();
    }
  }

  /**
   * The connection is gone: its commands that have not begun never do. Unless it was logged out,
   * the session ends, and with it the nexus. What has begun is awaited by whoever logs in next from
   * the same initiator port.
   */
  void disconnected() {
    now("the initiator closed the connection");
    login.close();
    if (live == null) {
      return;
    }
    live.remove(shown);
    if (connections == null) {
      live.detached();
      live.ended().complete(null);
      registry.ended(live);
      return;
    }
    Ledger held = ledger;
    CompletableFuture<Void> tasks = connections.gone(this);
    if (held != null) {
      CompletionStage<Void> unused = tasks.thenRun(held::close);
    }
  }

  /** It has left its session, which goes on; nothing of it counts there any more. */
  void left(CompletableFuture<Void> whenTasksEnded) {
    tasksEnded = whenTasksEnded;
    if (session != null) {
      session.leave();
    }
  }

  /** Completes when the tasks that it had when it left can't change a medium any more. */
  CompletableFuture<Void> tasksEnded() {
    return tasksEnded;
  }

  /** Another connection has taken its place, or has logged it out. */
  void removed(String why) {
    now(why);
    reentry.wake();
  }

  /** Another connection has logged out the session. */
  void closed(String why) {
    if (phase == Phase.FULL_FEATURE) {
      afterQueue(why);
    } else if (phase == Phase.BEGINNING) {
      now(why);
    }
    reentry.wake();
  }

  /** The session is dropped for another connection's sake. */
  void dropped(String why) {
    if (phase == Phase.FULL_FEATURE) {
      fullFeature.announceDrop();
    }
    closed(why);
  }

  private void logIn(Pdu pdu) {
    if (!(pdu instanceof LoginRequest request)) {
      login.receivedOther(pdu.initiatorTaskTag());
      afterQueue(login.refusal());
      return;
    }
    login.received(request).ifPresent(this::begin);
    if (login.refused()) {
      afterQueue(login.refusal());
    }
  }

  private void begin(LoginPhase.Granted result) {
    granted = result;
    if (result.tsih() != 0) {
      join(result);
      return;
    }
    Optional<Nexus> nexus =
        result
            .target()
            .map(
                target ->
                    new Nexus(
                        result.initiatorName(),
                        result.isid(),
                        target.name(),
                        target.portalGroupTag()));
    LiveSession beginning = new LiveSession(result, nexus);
    LiveConnection first = new LiveConnection(result.cid(), peer, portal, control);
    beginning.add(first);
    Optional<CompletionStage<Void>> ready = registry.begin(beginning);
    if (ready.isEmpty()) {
      login.refuseGranted(LoginStatus.OUT_OF_RESOURCES, "max-sessions is reached");
      return;
    }
    live = beginning;
    shown = first;
    await(ready.get());
  }

  /** Joins the session that the login names, if that is still there and has room. */
  private void join(LoginPhase.Granted result) {
    Optional<LiveSession> found =
        registry.find(
            result.initiatorName(),
            result.isid(),
            result.target().map(TargetDevice::name),
            result.tsih());
    SessionConnections joined = found.flatMap(LiveSession::connections).orElse(null);
    if (joined == null) {
      login.refuseGranted(LoginStatus.SESSION_DOES_NOT_EXIST, "the session has ended");
      return;
    }
    joined.enter();
    Optional<LoginStatus> refused = joined.refuses(result.cid());
    if (refused.isPresent()) {
      joined.leave();
      login.refuseGranted(refused.get(), "the session takes no further connection");
      return;
    }
    connections = joined;
    entered = joined;
    live = found.get();
    shown = new LiveConnection(result.cid(), peer, portal, control);
    live.add(shown);
    await(joined.join(this));
  }

  private void await(CompletionStage<Void> ready) {
    phase = Phase.BEGINNING;
    var whenReady = reentry.guard(this::begun);
    ready.whenComplete((done, failure) -> whenReady.accept(Optional.ofNullable(failure)));
  }

  private void begun(Optional<Throwable> failure) {
    if (phase != Phase.BEGINNING) {
      return;
    }
    if (failure.isPresent()) {
      now("the session that this one reinstates does not end");
      return;
    }
    OperationalParameters parameters = granted.parameters();
    digests.set(parameters.headerDigest(), parameters.dataDigest());
    decoder.maxDataSegmentLength(parameters.targetMaxRecvDataSegmentLength());
    var woken = reentry.<Void>guard(nothing -> ledger.woken());
    ledger = new Ledger(settings.maxConnectionBytes(), registry.budget(), () -> woken.accept(null));
    if (connections == null) {
      lead();
    }
    out.numberBy(connections.window());
    session = new SessionState(settings, connections, parameters, out, ledger, reentry, now);
    fullFeature =
        new FullFeaturePhase(session, granted, connections.units(), directory, new Endings());
    phase = Phase.FULL_FEATURE;
    login.finish(live.tsih());
    registry.counts().login(LoginStatus.SUCCESS);
    logoutDue.ifPresent(fullFeature::requestLogout);
  }

  /** The session begins with this connection. */
  private void lead() {
    Optional<NexusUnits> units =
        granted.target().map(target -> new NexusUnits(target, live.nexus().orElseThrow()));
    connections =
        new SessionConnections(
            settings, registry, live, granted.window(), granted.parameters(), units, this);
    entered = connections;
    entered.enter();
    live.began(connections);
  }

  /** The connection can't go on, and so can't its session. */
  private void fail(String why) {
    afterQueue(why);
    connections.fail(this);
  }

  private void afterQueue(String why) {
    if (phase != Phase.ENDED && phase != Phase.FLUSHING) {
      reason = why;
      phase = Phase.FLUSHING;
      boolean unproven =
          login.refusedWith().filter(LoginStatus.AUTHENTICATION_FAILURE::equals).isPresent();
      flushFromNanos = now + (unproven ? settings.chap().failureDelay().toNanos() : 0);
      flushUntilNanos = flushFromNanos + settings.sendTimeout().toNanos();
    }
  }

  /** How the full feature phase ends the connection. */
  private final class Endings implements FullFeaturePhase.Ending {
    @Override
    public void afterQueue(String why) {
      Connection.this.afterQueue(why);
    }

    @Override
    public void now(String why) {
      Connection.this.now(why);
    }

    @Override
    public boolean isOver() {
      return phase != Phase.FULL_FEATURE;
    }

    @Override
    public void violated(ProtocolException error) {
      malformed(error);
    }

    @Override
    public void coldReset() {
      Connection.this.afterQueue("target cold reset");
      connections.closeOthers(Connection.this, "target cold reset");
      granted
          .target()
          .map(TargetDevice::name)
          .ifPresent(name -> registry.closeTarget(name, live.control(), "target cold reset"));
    }

    @Override
    public CompletableFuture<Void> loggingOut(boolean wholeSession) {
      return wholeSession ? connections.close() : connections.logOut(Connection.this);
    }

    @Override
    public void loggedOut(boolean wholeSession) {
      if (wholeSession) {
        connections.end();
        connections.closeOthers(Connection.this, "logout");
      }
    }
  }
}
