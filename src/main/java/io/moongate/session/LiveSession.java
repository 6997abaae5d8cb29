package io.moongate.session;

import io.moongate.scsi.Nexus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** A session from its beginning until nothing of it can have an effect any more. Thread-safe. */
final class LiveSession {
  private final String initiatorName;
  private final String initiatorAlias;
  private final long isid;
  private final Optional<Nexus> nexus;
  private final List<LiveConnection> live = new CopyOnWriteArrayList<>();
  private final ConnectionControl control = new All();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  private volatile CompletableFuture<Void> gone = ended;
  private volatile CompletableFuture<Void> released = CompletableFuture.completedFuture(null);
  private volatile int tsih;
  private volatile Instant since = Instant.EPOCH;
  private volatile SessionConnections connections;
  private volatile boolean detached;

  /**
   * @param nexus empty for a discovery session
   */
  LiveSession(LoginPhase.Granted login, Optional<Nexus> nexus) {
    this.initiatorName = login.initiatorName();
    this.initiatorAlias = login.initiatorAlias();
    this.isid = login.isid();
    this.nexus = nexus;
  }

  void add(LiveConnection connection) {
    live.add(connection);
  }

  void remove(LiveConnection connection) {
    live.remove(connection);
  }

  /** The leading login is about to be answered: others may join from now on. */
  void began(SessionConnections begun) {
    connections = begun;
  }

  /** Empty until {@link #began(SessionConnections)}. */
  Optional<SessionConnections> connections() {
    return Optional.ofNullable(connections);
  }

  Optional<Nexus> nexus() {
    return nexus;
  }

  String initiatorName() {
    return initiatorName;
  }

  long isid() {
    return isid;
  }

  int tsih() {
    return tsih;
  }

  /** The session has a TSIH. */
  void began(int assignedTsih, Instant when) {
    this.tsih = assignedTsih;
    this.since = when;
  }

  /** Of all its connections together. */
  ConnectionControl control() {
    return control;
  }

  /** The nexus was detached from every logical unit, or never attached. */
  void detached() {
    detached = true;
  }

  boolean isDetached() {
    return detached;
  }

  /** To be completed when none of its tasks can change a medium any more. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Completes when none of its tasks, nor of the sessions it follows, has an effect any more. */
  CompletableFuture<Void> gone() {
    return gone;
  }

  /** The session ends; what its nexus had reserved is released when this completes. */
  void releasing(CompletableFuture<Void> whenReleased) {
    released = whenReleased;
  }

  /** Completes when it is {@link #gone}, and nothing is reserved for its nexus any more. */
  CompletableFuture<Void> over() {
    return gone.thenCompose(ended -> released.exceptionally(failure -> null));
  }

  /** This session reinstates another. */
  void follows(LiveSession predecessor) {
    gone = CompletableFuture.allOf(ended, predecessor.gone);
  }

  SessionInfo info() {
    List<SessionInfo.ConnectionInfo> all = live.stream().map(LiveConnection::info).toList();
    Optional<SessionInfo.ConnectionInfo> first = all.stream().findFirst();
    return new SessionInfo(
        initiatorName,
        initiatorAlias,
        nexus.map(Nexus::targetName),
        isid,
        tsih,
        first.map(SessionInfo.ConnectionInfo::peer).orElse(""),
        first.map(SessionInfo.ConnectionInfo::portal).orElse(""),
        since,
        all.stream().mapToInt(SessionInfo.ConnectionInfo::commands).sum(),
        all.stream().mapToLong(SessionInfo.ConnectionInfo::bytes).sum(),
        all);
  }

  /** What is done to a session is done to every connection. */
  private final class All implements ConnectionControl {
    @Override
    public void close(String reason) {
      live.forEach(connection -> connection.control().close(reason));
    }

    @Override
    public CompletionStage<Void> caughtUp(Duration within) {
      CompletableFuture<?>[] all =
          live.stream()
              .map(connection -> connection.control().caughtUp(within).toCompletableFuture())
              .toArray(CompletableFuture<?>[]::new);
      // The last one is gone: the session is about to end, which is not to have caught up.
      return all.length == 0 ? new CompletableFuture<>() : CompletableFuture.allOf(all);
    }

    @Override
    public void requestLogout(Duration within) {
      live.forEach(connection -> connection.control().requestLogout(within));
    }
  }
}
