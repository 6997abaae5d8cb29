package io.moongate.session;

import io.moongate.scsi.Nexus;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A session from its beginning until nothing of it can have an effect any more. Thread-safe. */
final class LiveSession {
  private final String initiatorName;
  private final String initiatorAlias;
  private final long isid;
  private final Optional<Nexus> nexus;
  private final String peer;
  private final String portal;
  private final ConnectionControl control;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  private volatile CompletableFuture<Void> gone = ended;
  private volatile int tsih;
  private volatile Instant since = Instant.EPOCH;
  private volatile int commands;
  private volatile long bytes;
  private volatile boolean detached;

  /**
   * @param nexus empty for a discovery session
   */
  LiveSession(
      LoginPhase.Granted login,
      Optional<Nexus> nexus,
      String peer,
      String portal,
      ConnectionControl control) {
    this.initiatorName = login.initiatorName();
    this.initiatorAlias = login.initiatorAlias();
    this.isid = login.isid();
    this.nexus = nexus;
    this.peer = peer;
    this.portal = portal;
    this.control = control;
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

  /** The session has begun. */
  void began(int assignedTsih, Instant when) {
    this.tsih = assignedTsih;
    this.since = when;
  }

  ConnectionControl control() {
    return control;
  }

  /** Updates what {@link #info} shows. */
  void load(int commandsNow, long bytesNow) {
    this.commands = commandsNow;
    this.bytes = bytesNow;
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

  /** This session reinstates another. */
  void follows(LiveSession predecessor) {
    gone = CompletableFuture.allOf(ended, predecessor.gone);
  }

  SessionInfo info() {
    return new SessionInfo(
        initiatorName,
        initiatorAlias,
        nexus.map(Nexus::targetName),
        isid,
        tsih,
        peer,
        portal,
        since,
        commands,
        bytes);
  }
}
