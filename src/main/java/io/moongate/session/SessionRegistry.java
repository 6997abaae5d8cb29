package io.moongate.session;

import io.moongate.scsi.Nexus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.LoggerFactory;

/**
 * The connections and sessions of a gateway, over all its portals. Thread-safe; consulted at the
 * beginning and the end of connections and logins, never by a command.
 */
public final class SessionRegistry {
  private static final int MAX_TSIH = 0xFFFF;

  /**
   * How long a login waits to learn whether other nexuses of the same initiator are about to end,
   * and for what those had reserved to be released, as an initiator expects that comes back as
   * another port.
   */
  private static final Duration ENDING_PATIENCE = Duration.ofSeconds(2);

  /** How long a session may take to end that is dropped: its tasks are waited for. */
  private static final Duration DROPPING = Duration.ofSeconds(5);

  private static final CompletableFuture<Void> NOTHING_TO_WAIT_FOR =
      CompletableFuture.completedFuture(null);

  private final SessionSettings settings;
  private final ByteBudget budget;
  private final SessionCounts counts = new SessionCounts();
  private final RefusalLog refusals =
      new RefusalLog(LoggerFactory.getLogger(SessionRegistry.class));
  private final Set<ConnectionControl> connections = new HashSet<>();
  private final Map<Integer, LiveSession> sessions = new HashMap<>();

  /** The newest session of each nexus, also when it has ended but its tasks have not. */
  private final Map<Nexus, LiveSession> newest = new HashMap<>();

  /** Sessions that have ended, but their tasks, or what they had reserved, have not. */
  private final Set<LiveSession> ending = new HashSet<>();

  private int lastTsih;
  private Optional<String> refusing = Optional.empty();

  /** A registry without sessions, which admits connections. */
  public SessionRegistry(SessionSettings settings) {
    this.settings = settings;
    this.budget = new ByteBudget(settings.maxGatewayBytes());
  }

  /** The sessions that are logged in or about to be, by initiator, target and TSIH. */
  public List<SessionInfo> sessions() {
    List<LiveSession> live;
    synchronized (this) {
      live = new ArrayList<>(sessions.values());
    }
    return live.stream()
        .map(LiveSession::info)
        .sorted(
            Comparator.comparing(SessionInfo::initiatorName)
                .thenComparing(info -> info.targetName().orElse(""))
                .thenComparing(SessionInfo::tsih))
        .toList();
  }

  /** Connections of the gateway, in whatever phase. */
  public synchronized int connectionCount() {
    return connections.size();
  }

  /** Bytes of data-in and data-out that all connections hold. */
  public long bytes() {
    return budget.used();
  }

  /** Bytes that all connections together may hold. */
  public long byteLimit() {
    return settings.maxGatewayBytes();
  }

  /** What happened to connections. */
  public SessionCounts counts() {
    return counts;
  }

  /**
   * Drops one session.
   *
   * @return whether there was one with this TSIH
   */
  public boolean close(int tsih, String reason) {
    LiveSession found;
    synchronized (this) {
      found = sessions.get(tsih);
    }
    if (found != null) {
      found.control().close(reason);
    }
    return found != null;
  }

  /**
   * Asks the initiator of one session to log out within the time; it is dropped when that was not
   * done.
   *
   * @param since when it began, to the millisecond: a TSIH is given anew after a while
   * @return completes when it is over, or the time has passed; empty when there is no such session
   */
  public Optional<CompletionStage<Void>> requestLogout(
      int tsih, long isid, Instant since, Duration within) {
    LiveSession found;
    synchronized (this) {
      found = sessions.get(tsih);
    }
    if (found == null
        || found.isid() != isid
        || found.info().since().toEpochMilli() != since.toEpochMilli()) {
      return Optional.empty();
    }
    found.control().requestLogout(within);
    // What has not ended by itself is dropped by its connections; this is for one that has none.
    return Optional.of(
        found
            .over()
            .copy()
            .completeOnTimeout(null, within.plus(DROPPING).toNanos(), TimeUnit.NANOSECONDS));
  }

  /**
   * Drops every connection of the gateway, in whatever phase: the lease is lost, for one. When this
   * returns, none begins with another PDU, whether it was received already or not. New connections
   * are still accepted, unless {@link #refuse} was called before.
   */
  public void closeAll(String reason) {
    List<ConnectionControl> all;
    synchronized (this) {
      all = new ArrayList<>(connections);
    }
    all.forEach(connection -> connection.close(reason));
  }

  /** Drops every session of a target on this gateway. */
  public void closeTarget(String targetName, String reason) {
    closeTarget(targetName, null, reason);
  }

  /** The same but for one session. */
  void closeTarget(String targetName, ConnectionControl except, String reason) {
    live(nexus -> nexus.targetName().equals(targetName)).stream()
        .filter(session -> session.control() != except)
        .forEach(session -> session.control().close(reason));
  }

  /** Drops the sessions that some initiators, told by their iSCSI names, have with a target. */
  public void closeInitiators(String targetName, Predicate<String> initiators, String reason) {
    live(nexus -> nexus.targetName().equals(targetName) && initiators.test(nexus.initiatorName()))
        .forEach(session -> session.control().close(reason));
  }

  /**
   * Asks every initiator to log out within the time, in discovery sessions too; who does not is
   * dropped then.
   *
   * @return completes when all these sessions are over, or the time has passed
   */
  public CompletionStage<Void> requestLogout(Duration within) {
    List<LiveSession> asked;
    synchronized (this) {
      asked = List.copyOf(sessions.values());
    }
    asked.forEach(session -> session.control().requestLogout(within));
    return all(asked.stream().map(LiveSession::over).toList())
        .completeOnTimeout(null, within.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Closes new connections as soon as they come, until {@link #admit}. */
  public synchronized void refuse(String reason) {
    refusing = Optional.of(reason);
  }

  /** Lets new connections in again. */
  public synchronized void admit() {
    refusing = Optional.empty();
  }

  /** Where connections that were refused are told of. */
  RefusalLog refusals() {
    return refusals;
  }

  ByteBudget budget() {
    return budget;
  }

  /**
   * A connection was accepted.
   *
   * @return why it must be closed at once; empty when it is let in
   */
  synchronized Optional<String> connected(ConnectionControl connection) {
    if (refusing.isPresent()) {
      return refusing;
    }
    if (connections.size() >= settings.maxConnections()) {
      return Optional.of("max-connections is reached");
    }
    connections.add(connection);
    counts.accepted();
    return Optional.empty();
  }

  synchronized void disconnected(ConnectionControl connection) {
    connections.remove(connection);
  }

  /** The session with this TSIH, if it is between these two. */
  synchronized Optional<LiveSession> find(
      String initiatorName, long isid, Optional<String> targetName, int tsih) {
    return Optional.ofNullable(sessions.get(tsih))
        .filter(found -> found.isid() == isid)
        .filter(found -> found.initiatorName().equals(initiatorName))
        .filter(found -> found.nexus().map(Nexus::targetName).equals(targetName));
  }

  /**
   * Begins a session, and ends the one between the same two ports (RFC 7143 section 6.3.5). Those
   * that other ports of the same initiator have with the target are waited for, too, if they have
   * ended, or the initiator has closed their connections already and this gateway has not read that
   * yet: a host that has started anew comes back as another port, and what it wrote before must not
   * land on what it writes from now on.
   *
   * @return completes when no task of the old one can change a medium any more, or the bound on
   *     waiting for that is reached; fails when the old one does not even let go of its nexus.
   *     Empty when there are too many sessions
   */
  Optional<CompletionStage<Void>> begin(LiveSession session) {
    LiveSession old = null;
    List<CompletableFuture<Void>> others = new ArrayList<>();
    List<CompletableFuture<Void>> releases = new ArrayList<>();
    List<LiveSession> ofOtherPorts = new ArrayList<>();
    synchronized (this) {
      if (sessions.size() >= settings.maxSessions()) {
        return Optional.empty();
      }
      do {
        lastTsih = lastTsih % MAX_TSIH + 1;
      } while (sessions.containsKey(lastTsih));
      session.began(lastTsih, Instant.now());
      sessions.put(lastTsih, session);
      if (session.nexus().isPresent()) {
        old = newest.put(session.nexus().get(), session);
        for (LiveSession other : ending) {
          if (ofSameInitiator(other, session)) {
            others.add(other.gone());
            releases.add(other.over());
          }
        }
        for (LiveSession other : sessions.values()) {
          if (other != session && other != old && ofSameInitiator(other, session)) {
            ofOtherPorts.add(other);
          }
        }
      }
      if (old != null) {
        // Whoever replaces this session must wait for the tasks of all before it, too.
        session.follows(old);
      }
    }
    for (LiveSession other : ofOtherPorts) {
      CompletableFuture<Boolean> lives = livesOn(other);
      others.add(lives.thenCompose(goesOn -> goesOn ? NOTHING_TO_WAIT_FOR : other.gone()));
      releases.add(lives.thenCompose(goesOn -> goesOn ? NOTHING_TO_WAIT_FOR : other.over()));
    }
    CompletableFuture<Void> released =
        all(releases).completeOnTimeout(null, ENDING_PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    CompletableFuture<Void> othersEnded =
        all(others)
            .completeOnTimeout(
                null, settings.reinstatementTimeout().toNanos(), TimeUnit.NANOSECONDS)
            .thenCombine(released, (gone, free) -> null);
    if (old == null) {
      return Optional.of(othersEnded);
    }
    LiveSession predecessor = old;
    predecessor.control().close("session reinstatement");
    return Optional.of(
        predecessor
            .gone()
            .copy()
            .completeOnTimeout(
                null, settings.reinstatementTimeout().toNanos(), TimeUnit.NANOSECONDS)
            .thenCombine(
                othersEnded,
                (gone, ended) -> {
                  if (!predecessor.isDetached()) {
                    throw new IllegalStateException("the old session does not end");
                  }
                  return null;
                }));
  }

  /** Whether this session is neither over nor found to be about to end: known soon. */
  private CompletableFuture<Boolean> livesOn(LiveSession other) {
    return CompletableFuture.anyOf(
            other.control().caughtUp(ENDING_PATIENCE).toCompletableFuture(), other.gone())
        .completeOnTimeout(null, ENDING_PATIENCE.toNanos(), TimeUnit.NANOSECONDS)
        .thenApply(
            known -> {
              synchronized (this) {
                return sessions.get(other.tsih()) == other;
              }
            });
  }

  private static CompletableFuture<Void> all(List<CompletableFuture<Void>> these) {
    return CompletableFuture.allOf(these.toArray(CompletableFuture[]::new));
  }

  private static boolean ofSameInitiator(LiveSession one, LiveSession other) {
    return one.initiatorName().equals(other.initiatorName())
        && one.nexus().map(Nexus::targetName).equals(other.nexus().map(Nexus::targetName));
  }

  /** The session has ended; it is forgotten once its tasks have ended. */
  void ended(LiveSession session) {
    synchronized (this) {
      sessions.remove(session.tsih(), session);
      ending.add(session);
    }
    var unusedOver =
        session
            .over()
            .thenRun(
                () -> {
                  synchronized (this) {
                    ending.remove(session);
                  }
                });
    var unusedGone =
        session
            .gone()
            .thenRun(
                () -> {
                  synchronized (this) {
                    session.nexus().ifPresent(nexus -> newest.remove(nexus, session));
                  }
                });
  }

  private synchronized List<LiveSession> live(Predicate<Nexus> selected) {
    return sessions.values().stream()
        .filter(session -> session.nexus().filter(selected).isPresent())
        .toList();
  }
}
