package io.moongate;

import com.typesafe.config.Config;
import io.moongate.cluster.Metadata;
import io.moongate.cluster.Metadata.SessionEntry;
import io.moongate.cluster.SessionId;
import io.moongate.cluster.VolumeStores;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.membership.ServingLease;
import io.moongate.cluster.snapshot.OpenUnits;
import io.moongate.cluster.unit.DataPath;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.failure.StoreTrend;
import io.moongate.metrics.MetricsSettings;
import io.moongate.metrics.Source;
import io.moongate.relay.RelayClient;
import io.moongate.relay.RelayCounts;
import io.moongate.relay.RelayServer;
import io.moongate.relay.RelaySettings;
import io.moongate.relay.Sender;
import io.moongate.scsi.BlockUnit;
import io.moongate.scsi.Lease;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Route;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.copy.CopySettings;
import io.moongate.scsi.copy.CopyUnits;
import io.moongate.scsi.copy.ThirdPartyCopy;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.session.IscsiServer;
import io.moongate.session.SessionRegistry;
import io.moongate.session.SessionSettings;
import io.moongate.volume.VolumeStore;
import io.moongate.volume.file.FileStoreSettings;
import io.moongate.volume.file.FileVolumeStore;
import io.moongate.volume.memory.MemoryVolumeStore;
import io.moongate.volume.rbd.RbdSettings;
import io.moongate.volume.rbd.RbdVolumeStore;
import io.moongate.wire.AddressText;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.typed.ActorSystem;

/** Everything of a gateway that serves data: stores, units, the relay, portals and sessions. */
final class DataServices {
  private static final Duration SPACE_LOOK = Duration.ofSeconds(10);

  /** Settings of the parts. */
  record Settings(
      List<PortalAddress> portals,
      SessionSettings sessions,
      ScsiSettings scsi,
      CopySettings copies,
      RelaySettings relay,
      FileStoreSettings fileStore,
      Optional<RbdSettings> rbdStore,
      StoreTrend.Settings storeWatch,
      Duration storeReach,
      ChapSecrets chapSecrets,
      DiscoveryChap discovery) {

    static Settings from(Config config) {
      ScsiSettings scsi = ScsiSettings.from(config);
      RelaySettings relay = RelaySettings.from(config);
      if (relay.maxData() < scsi.largestData()) {
        throw new IllegalArgumentException(
            ("moongate.relay.max-data: found %d bytes, expected at least %d: what"
                    + " moongate.scsi.max-transfer or moongate.scsi.max-compare-and-write allow"
                    + " must pass to the owner, too")
                .formatted(relay.maxData(), scsi.largestData()));
      }
      return new Settings(
          portals(config),
          SessionSettings.from(config),
          scsi,
          CopySettings.from(config),
          relay,
          FileStoreSettings.from(config),
          RbdSettings.from(config),
          StoreWatch.settings(config),
          StoreWatch.reachEvery(config),
          ChapSecrets.from(config),
          DiscoveryChap.from(config));
    }

    private static List<PortalAddress> portals(Config config) {
      return PortalSettings.from(config);
    }
  }

  private final ActorSystem<?> system;
  private final Settings settings;
  private final String gateway;
  private final UUID incarnation;
  private final FileVolumeStore fileStore;
  private final Optional<RbdVolumeStore> rbdStore;
  private final Volumes volumes;
  private final SessionRegistry registry;
  private final AccessWatch access = new AccessWatch();
  private final Map<String, RelayClient> relays = new ConcurrentHashMap<>();

  /** By gateway, whichever process it has. */
  private final Map<String, RelayCounts> relayCounts = new ConcurrentHashMap<>();

  private final StoreSpace space;

  /** The other gateways, by name, as the view has them. */
  private final Map<String, GatewayEntry> peers = new ConcurrentHashMap<>();

  private final List<IscsiServer> portals = new ArrayList<>();
  private volatile ExportedUnits units;
  private volatile StoreWatch stores;
  private StoreReach reach;
  private final List<VolumeStore> kinds;

  /** Which of this gateway's processes this is; 0 until it has registered. */
  private volatile long registration;

  private volatile boolean closing;

  private ExportedTargets targets;
  private RelayServer relay;

  DataServices(
      ActorSystem<?> system, Config config, Settings settings, String gateway, String incarnation)
      throws IOException {
    this.system = system;
    this.settings = settings;
    this.gateway = gateway;
    this.incarnation = UUID.fromString(incarnation);
    this.fileStore = new FileVolumeStore(settings.fileStore());
    this.rbdStore = settings.rbdStore().map(RbdVolumeStore::new);
    List<VolumeStore> stores = new ArrayList<>(List.of(fileStore, MemoryVolumeStore.from(config)));
    rbdStore.ifPresent(stores::add);
    this.kinds = stores;
    this.volumes = new Volumes(stores);
    this.space = new StoreSpace(volumes::stores);
    this.registry = new SessionRegistry(settings.sessions());
  }

  /** Binds the parts to what the cluster knows; before anything is started. */
  void attach(
      Metadata metadata, ServingLease lease, UnitPeers peers, StoreWatch.Listener storesSeen) {
    View view = metadata.view();
    Lease serving = lease::coversNanos;
    ThirdPartyCopy copies =
        ThirdPartyCopy.of(
            settings.copies(), (nexus, naa) -> CopyUnits.visible(targets, nexus, naa));
    units =
        new ExportedUnits(
            volumes,
            this::relayTo,
            (identity, geometry, alua) ->
                new BlockUnit(identity, geometry, alua, serving, peers, settings.scsi(), copies),
            moves(metadata));
    watchStores(units, storesSeen);
    rbdStore.ifPresent(RbdVolumeStore::startWatch);
    targets =
        new ExportedTargets(
            view, gateway, units, settings.chapSecrets(), settings.discovery().admission());
  }

  private void lookAt(StoreWatch watch) {
    try {
      watch.look();
    } catch (RuntimeException e) {
      system.log().error("event=stores-not-looked-at", e); // It would not be looked at ever again.
    }
  }

  private void watchStores(ExportedUnits exported, StoreWatch.Listener seen) {
    reach = new StoreReach(kinds, seen::seen);
    StoreWatch watch =
        new StoreWatch(
            settings.storeWatch(),
            exported::ids,
            exported::volume,
            System::nanoTime,
            new StoreWatch.Way() {
              @Override
              public boolean isLost(String unitId) {
                return exported.store(unitId).filter(reach::isLost).isPresent();
              }

              @Override
              public void look() {
                reach.look();
              }
            },
            seen);
    stores = watch;
    system
        .scheduler()
        .scheduleWithFixedDelay(
            watch.pause(), watch.pause(), () -> lookAt(watch), system.executionContext());
    system
        .scheduler()
        .scheduleWithFixedDelay(Duration.ZERO, SPACE_LOOK, space::look, system.executionContext());
    system
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO, settings.storeReach(), reach::look, system.executionContext());
  }

  /** Judges the stores by other bounds from now on. */
  void judgeStoresBy(StoreTrend.Settings other) {
    StoreWatch watch = stores;
    if (watch != null) {
      watch.judgeBy(other);
    }
  }

  /**
   * Whether an operation that has failed on the unit's store may go well through another gateway.
   */
  boolean storeMayPass(String unitId) {
    StoreWatch watch = stores;
    return watch != null && watch.mayPass(unitId);
  }

  /** A unit that this gateway exports; none before it is attached. */
  Optional<LogicalUnit> unit(String unitId) {
    ExportedUnits exported = units;
    return exported == null ? Optional.empty() : exported.unit(unitId);
  }

  /** Of each unit that is open here, the operations so far. */
  Map<String, Double> workDone() {
    ExportedUnits exported = units;
    return exported == null ? Map.of() : exported.workDone();
  }

  /** The units that are open here; none before it is attached. */
  OpenUnits openUnits() {
    return new OpenVolumes(
        gateway,
        (unitId, epoch) -> Optional.ofNullable(units).flatMap(u -> u.volume(unitId, epoch)));
  }

  private static ExportedUnits.Moves moves(Metadata metadata) {
    return new ExportedUnits.Moves() {
      @Override
      public CompletionStage<?> move(String unitId, int portGroup, String cause) {
        return DataServices.move(metadata, unitId, portGroup, cause);
      }

      @Override
      public boolean offeredBy(String target) {
        return metadata.view().target(target).filter(TargetEntry::explicitAlua).isPresent();
      }
    };
  }

  /** The planned move that SET TARGET PORT GROUPS asks for. */
  private static CompletionStage<?> move(
      Metadata metadata, String unitId, int portGroup, String cause) {
    for (GatewayEntry gateway : metadata.view().gateways()) {
      if (gateway.portGroup() == portGroup) {
        return metadata.moveUnit(unitId, gateway.name(), cause);
      }
    }
    return CompletableFuture.failedStage(
        new IllegalArgumentException("no gateway has the target port group " + portGroup));
  }

  /** What it counts; once it is attached. */
  List<Source> metrics(View view, MetricsSettings metrics) {
    return List.of(
        new LunMetrics(units, view, metrics, System::nanoTime),
        new DataMetrics(
            registry,
            new DataMetrics.Relays() {
              @Override
              public Map<String, RelayCounts> counts() {
                return relayCounts;
              }

              @Override
              public Map<String, RelayClient> clients() {
                return relays;
              }
            },
            new DataMetrics.Stores() {
              @Override
              public Map<String, Boolean> reached() {
                return storesReached();
              }

              @Override
              public List<VolumeStores.Store> said() {
                return storesSaid();
              }
            }));
  }

  /** By kind of a store, whether it was reached last; those that have answered. */
  Map<String, Boolean> storesReached() {
    return reach.reached();
  }

  /** What the stores said of their space last. */
  List<VolumeStores.Store> storesSaid() {
    return space.said();
  }

  DataPath dataPath() {
    return units;
  }

  ChapSecrets chapSecrets() {
    return settings.chapSecrets();
  }

  Volumes volumes() {
    return volumes;
  }

  List<PortalAddress> portals() {
    return settings.portals();
  }

  /** Listens for what other gateways relay; the address to tell them. */
  CompletionStage<PortalAddress> startRelay() {
    return RelayServer.bind(system, settings.relay(), incarnation, units::unit)
        .thenApply(
            server -> {
              relay = server;
              return new PortalAddress(
                  AddressText.of(server.address().getAddress()), server.address().getPort());
            });
  }

  /** Lets initiators in. */
  CompletionStage<Void> startPortals() {
    List<CompletableFuture<?>> bound = new ArrayList<>();
    for (PortalAddress portal : settings.portals()) {
      bound.add(
          IscsiServer.bind(
                  system, portal.address(), portal.port(), settings.sessions(), targets, registry)
              .thenAccept(
                  server -> {
                    synchronized (portals) {
                      portals.add(server);
                    }
                  })
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(bound.toArray(CompletableFuture<?>[]::new));
  }

  CompletionStage<Void> unbindPortals() {
    List<CompletableFuture<?>> unbound = new ArrayList<>();
    synchronized (portals) {
      portals.forEach(portal -> unbound.add(portal.unbind().toCompletableFuture()));
    }
    return CompletableFuture.allOf(unbound.toArray(CompletableFuture<?>[]::new));
  }

  /** Asks initiators to log out, so that none loses what it has under way on a connection. */
  CompletionStage<Void> sessionsLeave() {
    registry.refuse("the gateway is stopping");
    return registry.requestLogout(settings.sessions().logoutBound());
  }

  /** Drains and closes what this gateway owns. */
  CompletionStage<Void> release() {
    return units.releaseAll();
  }

  /** Ends sessions, relay connections and stores. */
  CompletionStage<Void> close() {
    closing = true;
    registry.refuse("the gateway is stopping");
    registry.closeAll("the gateway is stopping");
    List<CompletableFuture<?>> ending = new ArrayList<>();
    relays.values().forEach(client -> ending.add(client.close().toCompletableFuture()));
    if (relay != null) {
      ending.add(relay.close().toCompletableFuture());
    }
    return CompletableFuture.allOf(ending.toArray(CompletableFuture<?>[]::new))
        .whenComplete((closed, failure) -> closeStores());
  }

  private void closeStores() {
    try {
      fileStore.close();
    } finally {
      rbdStore.ifPresent(RbdVolumeStore::close);
    }
  }

  void dropSessions(String reason) {
    registry.closeAll(reason);
  }

  /** Asks the initiator of a session to log out; who does not is dropped. */
  Optional<CompletionStage<Void>> closeSession(SessionId id) {
    return registry.requestLogout(
        id.tsih(),
        Long.parseLong(id.isid().substring(2), 16),
        Instant.ofEpochMilli(id.sinceMillis()),
        settings.sessions().logoutBound());
  }

  List<SessionEntry> sessions() {
    return registry.sessions().stream()
        .map(
            session ->
                new SessionEntry(
                    gateway,
                    session.initiatorName(),
                    "0x%012x".formatted(session.isid()),
                    session.tsih(),
                    session.targetName(),
                    session.portal(),
                    session.peer(),
                    session.since(),
                    session.commands()))
        .toList();
  }

  /** Ends what a change of the view ends. */
  void entryChanged(ViewEntry entry) {
    ExportedUnits exported = units;
    if (entry instanceof UnitEntry unit && exported != null) {
      exported.transitions().recorded(unit);
    }
    if (entry instanceof TargetEntry target) {
      access
          .changed(target)
          .ifPresent(
              ended ->
                  registry.closeInitiators(
                      target.name(), ended, "the target's access list was changed"));
    }
    if (entry instanceof TargetEntry target && target.deleted()) {
      registry.closeTarget(target.name(), "the target was deleted");
    } else if (entry instanceof GatewayEntry peer && !peer.name().equals(gateway)) {
      // Nothing new goes to an older process of that gateway. What was sent to it is waited for
      // within
      // its bounds: that it was superseded does not prove that it has stopped.
      relays.forEach(
          (of, client) -> {
            if (of.startsWith(peer.name() + "/")
                && !of.equals(key(peer))
                && relays.remove(of, client)) {
              var unused = client.close();
            }
          });
      peers.put(peer.name(), peer);
      linkTo(peer);
    }
  }

  /** This process has registered; before that it relays nothing. */
  void registered(GatewayEntry entry) {
    registration = entry.version();
    peers.values().forEach(this::linkTo);
  }

  /** Connects before the first command is to be relayed there, which hosts would wait for. */
  private void linkTo(GatewayEntry peer) {
    if (registration > 0 && !closing && peer.state() == GatewayEntry.State.UP) {
      var unused = relayTo(peer);
    }
  }

  /** A peer's process is proven to be gone: nothing that was sent to it can begin any more. */
  void peerGone(String peerIncarnation) {
    relays.forEach(
        (of, client) -> {
          if (of.endsWith("/" + peerIncarnation)) {
            client.peerDead();
          }
        });
  }

  private Route.Forwarder relayTo(GatewayEntry owner) {
    return relays.computeIfAbsent(
        key(owner),
        absent ->
            RelayClient.connect(
                system,
                settings.relay(),
                new Sender(gateway, incarnation, registration),
                owner.relay().address(),
                owner.relay().port(),
                UUID.fromString(owner.incarnation()),
                relayCounts.computeIfAbsent(owner.name(), first -> new RelayCounts())));
  }

  private static String key(GatewayEntry gateway) {
    return gateway.name() + "/" + gateway.incarnation();
  }
}
