package io.moongate.cluster;

import com.datastax.oss.driver.api.core.CqlSession;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.cassandra.CassandraCharterRow;
import io.moongate.cluster.cassandra.CassandraIdentifiers;
import io.moongate.cluster.cassandra.CassandraOwnershipRows;
import io.moongate.cluster.cassandra.CassandraTerms;
import io.moongate.cluster.charter.Effect;
import io.moongate.cluster.entity.Terms;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.membership.GatewayMonitor;
import io.moongate.cluster.membership.LeaseKeeper;
import io.moongate.cluster.membership.MemberIdentity;
import io.moongate.cluster.membership.PeerWatch;
import io.moongate.cluster.membership.ServingLease;
import io.moongate.cluster.ownership.Claimant;
import io.moongate.cluster.ownership.HandOvers;
import io.moongate.cluster.ownership.LoadExchange;
import io.moongate.cluster.ownership.Movements;
import io.moongate.cluster.ownership.Steward;
import io.moongate.cluster.ownership.Timer;
import io.moongate.cluster.ownership.UnitLoads;
import io.moongate.cluster.ownership.WaitingUnits;
import io.moongate.cluster.portal.PortalLink;
import io.moongate.cluster.portal.PortalTakeover;
import io.moongate.cluster.portal.Takeover;
import io.moongate.cluster.replica.EntityLoader;
import io.moongate.cluster.replica.ViewPublisher;
import io.moongate.cluster.replica.ViewReplica;
import io.moongate.cluster.snapshot.OpenUnits;
import io.moongate.cluster.snapshot.SnapshotWork;
import io.moongate.cluster.unit.ClusterPeers;
import io.moongate.cluster.unit.DataPath;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.unit.Luns;
import io.moongate.cluster.unit.OwnershipRows;
import io.moongate.cluster.unit.SharedTeller;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewChanges;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.failure.Observation;
import io.moongate.scsi.shared.UnitPeers;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.ClusterEvent.CurrentClusterState;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.pattern.Patterns;
import org.apache.pekko.stream.connectors.cassandra.javadsl.CassandraSessionRegistry;

/**
 * A gateway as a member of the cluster: its entities, its replica of the view, its lease, its part
 * in detection and ownership. What it serves initiators with comes from outside as {@link
 * DataPath}.
 */
public final class GatewayNode {
  private static final String CASSANDRA = "pekko.persistence.cassandra";
  private static final Duration REGISTER_ANSWER = Duration.ofSeconds(5);
  private static final Duration REGISTER_RETRY = Duration.ofMillis(300);
  private static final int REGISTER_ATTEMPTS = 1_000;

  /** For followers that were away, or are slow. */
  private static final int CHANGES_KEPT = 4_096;

  private static final Duration STOP_ANSWER = Duration.ofSeconds(5);

  private final ActorSystem<?> system;
  private final NodeSettings settings;
  private final String incarnation;
  private final Clock clock;
  private final View view = new View();
  private final ViewChanges changes = new ViewChanges(CHANGES_KEPT);
  private final ServingLease lease;
  private final CompletableFuture<Void> viewComplete = new CompletableFuture<>();
  private final ActorRef<ViewReplica.Command> replica;
  private final Claimant claimant;
  private final HandOvers handOvers;
  private final ActorRef<Steward.Command> steward;
  private final ActorRef<LeaseKeeper.Command> keeper;

  /** Completed once the monitor is there: what the lease's keeper finds out waits for it. */
  private final CompletableFuture<ActorRef<GatewayMonitor.Command>> monitored =
      new CompletableFuture<>();

  private final UnitLoads loads;
  private final NodeReader reader;
  private final PartWatch parts;
  private final Metadata metadata;
  private final UnitPeers peers;
  private final Consumer<ViewEntry> onEntry;
  private final Consumer<GatewayEntry> onRegistered;
  private volatile ActorRef<Luns.Command> luns;

  /** Processes whose leases are known to be out; of the monitor's thread. */
  private final Set<String> leasesOut = new HashSet<>();

  /** Processes that begin nothing any more, for who comes into being later. */
  private final Set<String> over = ConcurrentHashMap.newKeySet();

  private volatile String lastRefusal = "";

  /** Why there is no other charter; empty when none is waited for. */
  private volatile String charterWaits = "";

  /** Of the gateways of the charter that counts here, and of former ones. */
  private volatile Optional<Duration> longestLease = Optional.empty();

  /** Version of our own registration; until then any entry is of an older process. */
  private volatile long registeredVersion = Long.MAX_VALUE;

  /** What the node asks of the rest of the gateway. */
  public interface Surroundings {
    /** Makes and removes volumes. */
    VolumeProvisioner volumes();

    /** The units that this gateway has open. */
    OpenUnits openUnits();

    /** Encrypts the CHAP secrets that the metadata keeps. */
    ChapSecrets chapSecrets();

    /** What this gateway serves initiators with of a unit; empty while it exports no such one. */
    Optional<io.moongate.scsi.LogicalUnit> unit(String unitId);

    /** Of each unit that is open here, the operations so far. */
    Map<String, Double> workDone();

    /** The iSCSI sessions of this gateway now. */
    List<Metadata.SessionEntry> sessions();

    /**
     * Asks the initiator of a session of this gateway to log out, and drops the session when that
     * has not been done within the bound on it.
     *
     * @return completes when it is over, or the bound has passed; empty when there is no such one
     */
    Optional<CompletionStage<Void>> closeSession(SessionId id);

    /** Called with each entry that the replica applies, on its thread: not to block. */
    void entryChanged(ViewEntry entry);

    /** This process has registered; called before it serves anything. */
    void registered(GatewayEntry entry);

    /**
     * Whether an operation that has just failed on the store of a unit may go well through another
     * gateway, by what is seen here: that it is the way to the store and not the medium.
     */
    boolean storeMayPass(String unitId);

    /** A peer's process is gone, or out for good and its lease over: it begins nothing any more. */
    void peerGone(String gateway, String incarnation);

    /** The lease has run out: sessions are to be dropped without reading on. */
    void leaseLost();

    /** The cluster has decided that this very process has failed: it has to end. */
    void expelled(String cause);
  }

  private GatewayNode(
      ActorSystem<?> system,
      NodeSettings settings,
      String incarnation,
      PeerWatch watch,
      ProofRelay proofs,
      Surroundings surroundings,
      Clock clock) {
    this.system = system;
    this.settings = settings;
    this.incarnation = incarnation;
    this.clock = clock;
    this.lease = new ServingLease(System.nanoTime());
    this.loads = new UnitLoads(settings.gateway(), settings.loadWindow(), System::nanoTime);
    this.onEntry = surroundings::entryChanged;
    this.onRegistered = surroundings::registered;

    Supplier<CompletionStage<CqlSession>> session = () -> cassandra(system);
    reader = new NodeReader(system, incarnation, lease, session);
    Terms terms = new CassandraTerms(session, settings.keyspace(), settings.gateway(), clock);
    OwnershipRows rows = new CassandraOwnershipRows(session, settings.keyspace(), clock);
    CassandraIdentifiers identifiers = new CassandraIdentifiers(session, settings.keyspace());

    ActorRef<ViewPublisher.Command> publisher = spawn(ViewPublisher.create(), "view-publisher");
    Entities.init(system, settings, terms, rows, identifiers, publisher, clock);

    parts =
        new PartWatch(settings.gateway(), incarnation, view, monitored, surroundings::storeMayPass);
    claimant = claimant(rows, surroundings);
    handOvers =
        new HandOvers(
            rows,
            view,
            unit -> sharedVersion(unit, surroundings),
            claim -> luns.tell(new Luns.Given(claim)),
            clock,
            Timer.SYSTEM);
    steward =
        spawn(
            Steward.create(
                view,
                settings.gateway(),
                incarnation,
                settings.movements(),
                loads,
                claimant,
                parts::looked,
                clock),
            "steward");
    keeper =
        spawn(
            LeaseKeeper.create(
                incarnation,
                settings.lease(),
                lease,
                new CassandraCharterRow(session, settings.keyspace(), settings.gateway(), clock),
                new LeaseEvents(surroundings),
                System::nanoTime),
            "lease-keeper");
    replica =
        spawn(
            ViewReplica.create(
                view, entry -> entryApplied(entry, surroundings), viewComplete, this::otherMembers),
            "view-replica");
    ActorRef<GatewayMonitor.Command> monitor =
        spawn(
            GatewayMonitor.create(
                settings.gateway(),
                incarnation,
                watch,
                observations -> observed(observations, surroundings),
                clock),
            "gateway-monitor");
    monitored.complete(monitor);
    proofs.to(
        (peer, proof) -> {
          beginsNothing(peer.name(), peer.incarnation(), surroundings);
          keeper.tell(new LeaseKeeper.Gone(peer.incarnation()));
          monitor.tell(new GatewayMonitor.ProcessGone(peer, proof));
        });
    spawn(
        LoadExchange.create(
            settings.gateway(), loads, settings.loadWindow(), () -> workDone(surroundings)),
        "load-exchange");
    spawn(SnapshotWork.create(incarnation, surroundings.openUnits()), "snapshot-work");
    spawn(SessionsActor.create(settings.gateway(), surroundings::sessions), "sessions");
    spawn(SessionClosing.create(settings.gateway(), surroundings::closeSession), "session-closing");
    peers = unitPeers(surroundings);
    metadata =
        new ShardedMetadata(
            system,
            settings.gateway(),
            view,
            replica,
            identifiers,
            surroundings.volumes(),
            surroundings.chapSecrets(),
            peers,
            surroundings::unit,
            new ShardedMetadata.Known(
                changes,
                this::standing,
                parts::observations,
                this::waiting,
                loads::of,
                () -> longestLease.map(settings::leaseBound)));
  }

  /** What is open here and another gateway's already is for that one to speak of. */
  private Map<String, Double> workDone(Surroundings surroundings) {
    Map<String, Double> work = new HashMap<>(surroundings.workDone());
    work.keySet()
        .removeIf(
            id ->
                view.unit(id)
                    .filter(unit -> unit.ownership().ownedBy(settings.gateway(), incarnation))
                    .isEmpty());
    return work;
  }

  private List<WaitingUnits.Waiting> waiting() {
    return WaitingUnits.of(
        view, parts.observations(), settings.gateway(), charterWaits, claimant::rowFailure);
  }

  private ClusterStanding standing() {
    return Standing.of(Cluster.get(system), lease.untilNanos() - System.nanoTime(), charterWaits);
  }

  /** What the lease's keeper finds out, on its thread. */
  private final class LeaseEvents implements LeaseKeeper.Listener {
    private final Surroundings surroundings;

    LeaseEvents(Surroundings surroundings) {
      this.surroundings = surroundings;
    }

    @Override
    public void lost() {
      surroundings.leaseLost();
    }

    @Override
    public void leftOut(String cause) {
      surroundings.expelled(cause);
    }

    @Override
    public void charterWaits(String reason) {
      charterWaits = reason;
    }

    @Override
    public void adopted(Duration longest) {
      longestLease = Optional.of(longest);
    }

    @Override
    public void otherLeftOut(Effect.LeftOut left, Duration quiet) {
      Duration rest = settings.leaseBound(Duration.ofNanos(left.leaseNanos())).minus(quiet);
      GatewayMonitor.LeftOut told =
          new GatewayMonitor.LeftOut(
              left.seat().name(),
              left.incarnation(),
              left.version(),
              rest.isNegative() ? Duration.ZERO : rest,
              left.news());
      monitored.thenAccept(monitor -> monitor.tell(told));
    }
  }

  private void observed(List<Observation> observations, Surroundings surroundings) {
    for (Observation seen : observations) {
      if (seen.kind() == Observation.Kind.PROCESS_GONE) {
        keeper.tell(new LeaseKeeper.Gone(seen.incarnation()));
      } else if (seen.kind() == Observation.Kind.LEASE_OUT && leasesOut.add(seen.incarnation())) {
        beginsNothing(seen.subject(), seen.incarnation(), surroundings);
      }
    }
    parts.observed(observations);
    steward.tell(new Steward.Observed(observations));
  }

  /**
   * A process is gone, or left out and its lease over: it begins no command any more. What waits
   * for its reply need not wait on.
   */
  private void beginsNothing(String gateway, String other, Surroundings surroundings) {
    over.add(other);
    ActorRef<Luns.Command> receiver = luns;
    if (receiver != null) {
      receiver.tell(new Luns.OwnerGone(other));
    }
    surroundings.peerGone(gateway, other);
  }

  /** Moves units by another policy from now on, where nobody asks for the single one. */
  public void moveBy(Movements.Policy policy) {
    steward.tell(new Steward.MoveBy(policy));
  }

  /** It is asked once this gateway is registered: there is who takes its claims by then. */
  private Claimant claimant(OwnershipRows rows, Surroundings surroundings) {
    return new Claimant(
        rows,
        settings.gateway(),
        incarnation,
        () -> lease.coversNanos(System.nanoTime()),
        unit -> sharedVersion(unit, surroundings),
        claim -> luns.tell(claim),
        clock,
        Timer.SYSTEM);
  }

  /** Of the state that this gateway serves the unit with, or would. */
  private static long sharedVersion(UnitEntry unit, Surroundings surroundings) {
    return Math.max(
        unit.shared().version(),
        surroundings.unit(unit.id()).map(io.moongate.scsi.LogicalUnit::sharedVersion).orElse(0L));
  }

  private UnitPeers unitPeers(Surroundings surroundings) {
    ActorRef<SharedTeller.Command> teller =
        spawn(
            SharedTeller.create(
                incarnation, settings.telling(), this::otherGateways, surroundings::unit),
            SharedTeller.NAME);
    ClusterSharding sharding = ClusterSharding.get(system);
    return new ClusterPeers(
        system,
        settings.gateway(),
        incarnation,
        settings.sharedRecordBound(),
        (unitId, command, bound) -> {
          steward.tell(new Steward.RecordWanted(unitId));
          return sharding.entityRefFor(LogicalUnit.KEY, unitId).ask(command::apply, bound);
        },
        teller,
        surroundings::unit,
        parts::mayServe);
  }

  /** Those that may have sessions: members until they exit, for a gateway drops them before. */
  private List<SharedTeller.Peer> otherGateways() {
    CurrentClusterState state = Cluster.get(system).state();
    Set<Member> unreachable = state.getUnreachable();
    List<SharedTeller.Peer> gateways = new ArrayList<>();
    for (Member member : state.getMembers()) {
      boolean serves =
          member.status() == MemberStatus.up() || member.status() == MemberStatus.leaving();
      if (serves) {
        MemberIdentity.of(member)
            .filter(peer -> !peer.incarnation().equals(incarnation))
            .ifPresent(
                peer ->
                    gateways.add(
                        new SharedTeller.Peer(
                            peer.incarnation(), peer.address(), !unreachable.contains(member))));
      }
    }
    return gateways;
  }

  /** Where proofs of death go: set once the monitor is there; those that come before are kept. */
  static final class ProofRelay {
    private java.util.function.BiConsumer<MemberIdentity, String> receiver;
    private final List<Runnable> early = new java.util.ArrayList<>();

    synchronized void accept(MemberIdentity peer, String proof) {
      if (receiver == null) {
        early.add(() -> receiver.accept(peer, proof));
      } else {
        receiver.accept(peer, proof);
      }
    }

    synchronized void to(java.util.function.BiConsumer<MemberIdentity, String> receiver) {
      this.receiver = receiver;
      early.forEach(Runnable::run);
      early.clear();
    }
  }

  /**
   * Starts the node. It joins as the actor system's configuration says.
   *
   * @throws java.io.IOException when the watch port can't be had
   */
  public static GatewayNode start(
      ActorSystem<?> system,
      NodeSettings settings,
      String incarnation,
      Surroundings surroundings,
      Clock clock)
      throws java.io.IOException {
    ProofRelay proofs = new ProofRelay();
    PeerWatch watch = new PeerWatch(settings.watchHost(), settings.watchPort(), proofs::accept);
    return new GatewayNode(system, settings, incarnation, watch, proofs, surroundings, clock);
  }

  /**
   * Registers this process as the gateway and begins to serve what the view says.
   *
   * @return completed when it is registered and the view is complete
   */
  public CompletionStage<GatewayEntry> register(
      Gateway.Registration registration, DataPath dataPath) {
    spawn(EntityLoader.create(replica, viewComplete), "entity-loader");
    return Patterns.retry(
            () ->
                ClusterSharding.get(system)
                    .entityRefFor(Gateway.KEY, settings.gateway())
                    .<Answer>ask(
                        replyTo -> new Gateway.Register(registration, replyTo), REGISTER_ANSWER)
                    .thenCompose(
                        answer ->
                            answer instanceof Answer.Accepted accepted
                                ? CompletableFuture.completedStage((GatewayEntry) accepted.entry())
                                : refused((Answer.Refused) answer)),
            REGISTER_ATTEMPTS,
            REGISTER_RETRY,
            system.classicSystem())
        .thenCompose(
            entry -> {
              registeredVersion = entry.version();
              onRegistered.accept(entry);
              replica.tell(new ViewReplica.Learn(entry, system.ignoreRef()));
              luns =
                  spawn(
                      Luns.create(
                          view,
                          settings.gateway(),
                          incarnation,
                          entry.portGroup(),
                          settings.implicitTransitionSeconds(),
                          settings.unit().openBound(),
                          dataPath,
                          handOvers,
                          this::otherGateways,
                          claimant),
                      "luns");
              // What was applied, and known, while it came into being.
              luns.tell(new Luns.EntryChanged(entry));
              over.forEach(other -> luns.tell(new Luns.OwnerGone(other)));
              return viewComplete.thenApply(
                  complete -> {
                    steward.tell(Steward.Begin.NOW);
                    parts.start(settings.portals(), system.getWhenTerminated());
                    return entry;
                  });
            });
  }

  /** Begins to deal with portal addresses that change hosts; this gateway has registered. */
  public PortalTakeover takeover(Takeover.Settings takeover, PortalLink link) {
    ClusterSharding sharding = ClusterSharding.get(system);
    return new PortalTakeover(
        settings.gateway(),
        incarnation,
        takeover,
        view,
        lease,
        link,
        (gateway, command) -> sharding.entityRefFor(Gateway.KEY, gateway).tell(command));
  }

  /** Those that have a replica of the view: every gateway, and no other member. */
  private List<Address> otherMembers() {
    Cluster cluster = Cluster.get(system);
    List<Address> addresses = new ArrayList<>();
    for (Member member : cluster.state().getMembers()) {
      if (member.status() == MemberStatus.up()
          && !member.equals(cluster.selfMember())
          && MemberIdentity.of(member).isPresent()) {
        addresses.add(member.address());
      }
    }
    return addresses;
  }

  /** Says why once, and lets the registration be tried again. */
  private CompletionStage<GatewayEntry> refused(Answer.Refused answer) {
    if (!answer.reason().equals(lastRefusal)) {
      lastRefusal = answer.reason();
      system.log().warn("event=registration-refused reason=\"{}\"", answer.reason());
    }
    return CompletableFuture.failedStage(answer.refusal());
  }

  /** Tells the cluster that this process has drained what it owned and goes. */
  public CompletionStage<Void> stopped() {
    return AskPattern.ask(keeper, LeaseKeeper.Leave::new, STOP_ANSWER, system.scheduler())
        .thenCompose(
            leaving ->
                ClusterSharding.get(system)
                    .entityRefFor(Gateway.KEY, settings.gateway())
                    .<Answer>ask(replyTo -> new Gateway.Stop(incarnation, replyTo), STOP_ANSWER))
        .thenApply(answer -> null);
  }

  private void entryApplied(ViewEntry entry, Surroundings surroundings) {
    onEntry.accept(entry);
    ActorRef<Luns.Command> receiver = luns;
    if (receiver != null) {
      receiver.tell(new Luns.EntryChanged(entry));
    }
    steward.tell(Steward.ViewChanged.NOW);
    changes.applied(entry);
    if (entry instanceof GatewayEntry gateway) {
      gateway.gone().forEach(gone -> keeper.tell(new LeaseKeeper.Gone(gone)));
    }
    if (entry instanceof GatewayEntry gateway && gateway.name().equals(settings.gateway())) {
      boolean ours = gateway.incarnation().equals(incarnation);
      if (ours
          && (gateway.state() == GatewayEntry.State.FAILED
              || gateway.state() == GatewayEntry.State.REMOVED)) {
        expelled(gateway.cause(), surroundings);
      } else if (!ours && gateway.version() > registeredVersion) {
        expelled("another process has registered as " + gateway.name(), surroundings);
      }
    }
  }

  /** Also while it is stopping in good order already: nothing is served any more from here on. */
  private void expelled(String cause, Surroundings surroundings) {
    keeper.tell(new LeaseKeeper.Expelled(cause));
    surroundings.expelled(cause);
  }

  /**
   * What this gateway says against its store for a unit, or takes back ({@link
   * Observation.Kind#STORE_WELL}).
   *
   * @param part id of the unit, or kind of the store where it is for all of them
   */
  public void storeSeen(String part, Observation.Kind kind, String detail) {
    parts.storeSeen(part, kind, detail);
  }

  /**
   * The store refuses what is open of a unit: its LUN actor opens it anew, if it is still ours.
   * Without the lease it may be another's, who is just about to fence it: to open it anew could be
   * in that one's way.
   */
  public void storeFenced(String unitId) {
    ActorRef<Luns.Command> receiver = luns;
    if (receiver != null && lease.coversNanos(System.nanoTime())) {
      receiver.tell(new Luns.Fenced(unitId));
    }
  }

  /** The right to serve, for the data path. */
  public ServingLease lease() {
    return lease;
  }

  /** The session with Cassandra that the journal has. */
  public static CompletionStage<CqlSession> cassandra(ActorSystem<?> system) {
    return CassandraSessionRegistry.get(system).sessionFor(CASSANDRA).underlying();
  }

  /** This gateway as a member of the cluster, now. */
  public NodeReading reading() {
    boolean complete = viewComplete.isDone() && !viewComplete.isCompletedExceptionally();
    return reader.read(complete, charterWaits);
  }

  /** The metadata, for the management API. */
  public Metadata metadata() {
    return metadata;
  }

  /** The cluster, as the device servers of units need it. */
  public UnitPeers peers() {
    return peers;
  }

  /** This gateway's replica of the view. */
  public View view() {
    return view;
  }

  private <T> ActorRef<T> spawn(Behavior<T> behavior, String name) {
    return system.systemActorOf(behavior, name, Props.empty());
  }
}
