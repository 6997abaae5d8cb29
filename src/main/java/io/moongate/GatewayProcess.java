package io.moongate;

import com.typesafe.config.Config;
import io.moongate.audit.AuditLog;
import io.moongate.cluster.GatewayNode;
import io.moongate.cluster.Metadata;
import io.moongate.cluster.Metadata.SessionEntry;
import io.moongate.cluster.NodeSettings;
import io.moongate.cluster.SessionId;
import io.moongate.cluster.VolumeProvisioner;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.gateway.Gateway;
import io.moongate.cluster.membership.MemberIdentity;
import io.moongate.cluster.portal.PortalTakeover;
import io.moongate.cluster.portal.Takeover;
import io.moongate.cluster.security.SecurityLog;
import io.moongate.cluster.snapshot.OpenUnits;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.ViewEntry;
import io.moongate.failure.Observation;
import io.moongate.management.ManagementServer;
import io.moongate.management.ManagementSettings;
import io.moongate.management.SecuritySettings;
import io.moongate.metrics.MetricsSettings;
import io.moongate.metrics.Source;
import io.moongate.scsi.LogicalUnit;
import io.moongate.security.TlsFiles;
import io.moongate.security.TlsReading;
import io.moongate.transport.LoopReading;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap;
import org.apache.pekko.serialization.SerializationExtension;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A gateway: starts its parts in the order in which they need one another, and stops them. */
final class GatewayProcess {
  private static final Logger LOG = LoggerFactory.getLogger(GatewayProcess.class);

  /** Exit code of a gateway that the cluster expelled: whoever supervises it starts it anew. */
  private static final int EXPELLED = 75;

  /** Longer than what is waited for until it is said once more. */
  private static final Duration STILL_STARTING = Duration.ofSeconds(90);

  private static final int FAILED = 1;
  private static final int WRONG_CONFIGURATION = 78;

  private GatewayProcess() {}

  /** Runs a gateway until it is stopped; the exit code of the process. */
  static int run(Path file) {
    String incarnation = UUID.randomUUID().toString();
    GatewaySettings settings;
    Supervisor supervisor;
    try {
      Config config = GatewayConfig.load(file, incarnation);
      supervisor = Supervisor.of(System.getenv(), ProcessHandle.current().pid());
      if (NodeSettings.ownRole(config).equals(MemberIdentity.METADATA_ROLE)) {
        return MetadataProcess.run(config, NodeSettings.from(config), supervisor);
      }
      settings = GatewaySettings.of(config);
    } catch (GatewayConfig.Mistake
        | com.typesafe.config.ConfigException
        | IllegalArgumentException mistake) {
      System.err.println("moongate: " + mistake.getMessage());
      return WRONG_CONFIGURATION;
    }
    ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "moongate", settings.config());
    try {
      new Running(system, file, settings, incarnation, supervisor).start();
    } catch (IOException | ExecutionException | InterruptedException | RuntimeException failure) {
      LOG.error("event=start-failed gateway={}", settings.node().gateway(), failure);
      System.err.println("moongate: the gateway did not start: " + reason(failure));
      Runtime.getRuntime().halt(FAILED);
    }
    system.getWhenTerminated().toCompletableFuture().join();
    return 0;
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof ExecutionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.toString();
  }

  /** The parts of a running gateway. */
  private static final class Running implements GatewayNode.Surroundings {
    private final ActorSystem<?> system;
    private final Path file;
    private final GatewaySettings begunWith;
    private final NodeSettings settings;
    private final ManagementSettings management;
    private final SecuritySettings security;
    private final DataServices services;
    private final String incarnation;
    private final AuditLog audit;
    private final Supervisor supervisor;
    private final AtomicBoolean ending = new AtomicBoolean();
    private GatewayNode node;

    /** Null while it is off, and until this gateway has registered. */
    private volatile PortalTakeover takeover;

    Running(
        ActorSystem<?> system,
        Path file,
        GatewaySettings begunWith,
        String incarnation,
        Supervisor supervisor)
        throws IOException {
      this.supervisor = supervisor;
      this.system = system;
      this.file = file;
      this.begunWith = begunWith;
      this.settings = begunWith.node();
      this.management = begunWith.management();
      this.security = begunWith.security();
      this.incarnation = incarnation;
      this.services =
          new DataServices(
              system, begunWith.config(), begunWith.services(), settings.gateway(), incarnation);
      this.audit =
          new AuditLog(
              () -> GatewayNode.cassandra(system),
              begunWith.audit(),
              SerializationExtension.get(system));
    }

    void start() throws IOException, ExecutionException, InterruptedException {
      Optional<Takeover.Settings> takeovers = begunWith.takeover();
      Optional<PortalLinks> links = Optional.empty();
      if (takeovers.isPresent()) {
        links = Optional.of(PortalLinks.open(services.portals()));
      }
      node = GatewayNode.start(system, settings, incarnation, this, Clock.systemUTC());
      services.attach(node.metadata(), node.lease(), node.peers(), new StoresSeen());
      stopInOrder();
      GatewayMonitoring monitoring = monitoring(begunWith.metrics());
      Reload reload = reload();
      ReloadSignal.reloads(reload);
      supervisor.watch(monitoring::live);
      await(
          PekkoManagementPort.start(
              system, TlsFiles.mutual(system.settings().config(), "moongate.tls")));
      ClusterBootstrap.get(system.classicSystem()).start();
      await(
          ManagementServer.start(
              system,
              management,
              security,
              node.metadata(),
              Optional.of(audit),
              SecurityLog.start(system, settings.gateway())::tell,
              monitoring,
              monitoring.times(),
              reload));
      PortalAddress relay = await(services.startRelay());
      Gateway.Registration registration =
          new Gateway.Registration(
              incarnation,
              services.portals(),
              relay,
              security.scheme() + "://" + new PortalAddress(management.host(), management.port()),
              ManagementServer.version(),
              ProcessHandle.current().pid(),
              takeovers.isPresent());
      GatewayEntry registered = await(node.register(registration, services.dataPath()));
      if (links.isPresent()) {
        takeover = node.takeover(takeovers.orElseThrow(), links.get());
        await(takeover.free());
      }
      await(services.startPortals());
      if (takeover != null) {
        takeover.opened(
            services.portals().stream().map(PortalAddress::address).distinct().toList());
      }
      Readiness.set(true);
      supervisor.ready();
      LOG.info(
          "event=gateway-ready gateway={} incarnation={} tpg={} portals={}",
          registered.name(),
          incarnation,
          registered.portGroup(),
          registered.portals());
    }

    private Reload reload() {
      return new Reload(
          file,
          incarnation,
          begunWith,
          List.of(
              new Reload.Part(Reload.MOVEMENTS, read -> node.moveBy(read.node().movements())),
              new Reload.Part(
                  Reload.STORES, read -> services.judgeStoresBy(read.services().storeWatch()))));
    }

    private GatewayMonitoring monitoring(MetricsSettings metrics) {
      List<Source> sources = new ArrayList<>(services.metrics(node.view(), metrics));
      sources.add(new ClusterMetrics(node::reading, node.metadata(), incarnation));
      return new GatewayMonitoring(settings.gateway(), metrics.open(), sources, this::seen);
    }

    private GatewayHealth.Seen seen() {
      Metadata metadata = node.metadata();
      return new GatewayHealth.Seen(
          settings.gateway(),
          Readiness.isSet(),
          ending.get(),
          node.reading(),
          metadata.view().gateway(settings.gateway()),
          services.portals().size(),
          metadata.observations().stream()
              .filter(
                  each ->
                      each.observer().equals(settings.gateway())
                          && each.subject().equals(settings.gateway())
                          && each.incarnation().equals(incarnation))
              .toList(),
          metadata.waiting().size(),
          services.storesReached(),
          services.storesSaid(),
          LoopReading.all(),
          TlsReading.all());
    }

    /** What is seen of the stores goes to the node. */
    private final class StoresSeen implements StoreWatch.Listener {
      @Override
      public void seen(String part, Observation.Kind kind, String detail) {
        node.storeSeen(part, kind, detail);
      }

      @Override
      public void fenced(String unitId) {
        node.storeFenced(unitId);
      }
    }

    /**
     * In good order: no new sessions, the initiators asked to log out, every volume drained and
     * closed, the cluster told, the sessions closed that are left. Only then does the node leave,
     * so that nobody has to find out that it is gone.
     */
    private void stopInOrder() {
      CoordinatedShutdown shutdown = CoordinatedShutdown.get(system.classicSystem());
      shutdown.addTask(
          CoordinatedShutdown.PhaseServiceUnbind(),
          "moongate-not-ready",
          () -> {
            ending.set(true);
            Readiness.set(false);
            supervisor.stopping();
            endTakeover();
            return services
                .unbindPortals()
                .thenCompose(unbound -> services.sessionsLeave())
                .thenApply(left -> Done.getInstance());
          });
      shutdown.addTask(
          CoordinatedShutdown.PhaseServiceRequestsDone(),
          "moongate-release",
          () ->
              services
                  .release()
                  .thenCompose(released -> node.stopped())
                  .handle(
                      (stopped, failure) -> {
                        if (failure != null) {
                          LOG.warn("event=stop-not-recorded reason=\"{}\"", failure.toString());
                        }
                        return Done.getInstance();
                      }));
      shutdown.addTask(
          CoordinatedShutdown.PhaseServiceStop(),
          "moongate-close",
          () -> services.close().thenApply(closed -> Done.getInstance()));
    }

    /** Whatever comes of it, what follows in a stop follows. */
    private void endTakeover() {
      try {
        if (takeover != null) {
          takeover.close();
        }
      } catch (RuntimeException failure) {
        LOG.warn("event=portals-not-given-up", failure);
      }
    }

    @Override
    public VolumeProvisioner volumes() {
      return services.volumes();
    }

    @Override
    public OpenUnits openUnits() {
      return services.openUnits();
    }

    @Override
    public ChapSecrets chapSecrets() {
      return services.chapSecrets();
    }

    @Override
    public Optional<LogicalUnit> unit(String unitId) {
      return services.unit(unitId);
    }

    @Override
    public List<SessionEntry> sessions() {
      return services.sessions();
    }

    @Override
    public Optional<CompletionStage<Void>> closeSession(SessionId id) {
      return services.closeSession(id);
    }

    @Override
    public void entryChanged(ViewEntry entry) {
      services.entryChanged(entry);
    }

    @Override
    public Map<String, Double> workDone() {
      return services.workDone();
    }

    @Override
    public void registered(GatewayEntry entry) {
      services.registered(entry);
    }

    @Override
    public void peerGone(String gateway, String peerIncarnation) {
      services.peerGone(peerIncarnation);
    }

    @Override
    public boolean storeMayPass(String unitId) {
      return services.storeMayPass(unitId);
    }

    @Override
    public void leaseLost() {
      services.dropSessions("the lease was lost");
    }

    @Override
    public void expelled(String cause) {
      if (ending.compareAndSet(false, true)) {
        LOG.error("event=expelled gateway={} cause=\"{}\"", settings.gateway(), cause);
        try {
          services.dropSessions("expelled: " + cause);
        } finally {
          // At once: what it owned is another's by now, and an orderly end would only take longer.
          Runtime.getRuntime().halt(EXPELLED);
        }
      }
    }

    private <T> T await(CompletionStage<T> stage) throws ExecutionException, InterruptedException {
      CompletableFuture<T> future = stage.toCompletableFuture();
      while (true) {
        try {
          return future.get(30, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException waiting) {
          supervisor.stillStarting(STILL_STARTING, "waiting for seed nodes, or Cassandra");
          LOG.warn("event=still-starting waiting=\"a majority of seed nodes, and Cassandra\"");
        }
      }
    }
  }
}
