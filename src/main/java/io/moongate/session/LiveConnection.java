package io.moongate.session;

import java.time.Instant;

/** A connection of a session, as the registry knows it. Thread-safe. */
final class LiveConnection {
  private final int cid;
  private final String peer;
  private final String portal;
  private final ConnectionControl control;
  private final Instant since = Instant.now();

  private volatile int commands;
  private volatile long bytes;

  LiveConnection(int cid, String peer, String portal, ConnectionControl control) {
    this.cid = cid;
    this.peer = peer;
    this.portal = portal;
    this.control = control;
  }

  ConnectionControl control() {
    return control;
  }

  /** Updates what {@link #info} shows. */
  void load(int commandsNow, long bytesNow) {
    this.commands = commandsNow;
    this.bytes = bytesNow;
  }

  SessionInfo.ConnectionInfo info() {
    return new SessionInfo.ConnectionInfo(cid, peer, portal, since, commands, bytes);
  }
}
