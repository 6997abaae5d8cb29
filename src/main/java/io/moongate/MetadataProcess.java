package io.moongate;

import com.typesafe.config.Config;
import io.moongate.cluster.MetadataNode;
import io.moongate.cluster.NodeSettings;
import io.moongate.security.TlsFiles;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A member of role {@code metadata}: starts what it is made of, and stops it. */
final class MetadataProcess {
  private static final Logger LOG = LoggerFactory.getLogger(MetadataProcess.class);
  private static final Duration STILL_STARTING = Duration.ofSeconds(90);
  private static final Duration BEAT = Duration.ofSeconds(1);
  private static final Duration STUCK = Duration.ofSeconds(10);
  private static final int FAILED = 1;

  private MetadataProcess() {}

  /** Runs it until it is stopped; the exit code of the process. */
  static int run(Config config, NodeSettings settings, Supervisor supervisor) {
    ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "moongate", config);
    try {
      start(system, settings, supervisor);
    } catch (ExecutionException | InterruptedException | RuntimeException failure) {
      LOG.error("event=start-failed member={}", settings.gateway(), failure);
      System.err.println("moongate: the member did not start: " + failure);
      Runtime.getRuntime().halt(FAILED);
    }
    system.getWhenTerminated().toCompletableFuture().join();
    return 0;
  }

  private static void start(ActorSystem<?> system, NodeSettings settings, Supervisor supervisor)
      throws ExecutionException, InterruptedException {
    CoordinatedShutdown.get(system.classicSystem())
        .addTask(
            CoordinatedShutdown.PhaseServiceUnbind(),
            "moongate-not-ready",
            () -> {
              Readiness.set(false);
              supervisor.stopping();
              return java.util.concurrent.CompletableFuture.completedStage(Done.getInstance());
            });
    AtomicLong beaten = new AtomicLong(System.nanoTime());
    system
        .scheduler()
        .scheduleWithFixedDelay(
            BEAT, BEAT, () -> beaten.set(System.nanoTime()), system.executionContext());
    supervisor.watch(() -> System.nanoTime() - beaten.get() < STUCK.toNanos());
    MetadataNode node = MetadataNode.start(system, settings, Clock.systemUTC());
    await(
        PekkoManagementPort.start(
            system, TlsFiles.mutual(system.settings().config(), "moongate.tls")),
        supervisor);
    ReloadSignal.refuses("a metadata node takes its settings when it starts: restart it");
    ClusterBootstrap.get(system.classicSystem()).start();
    await(node.up(), supervisor);
    Readiness.set(true);
    supervisor.ready();
    LOG.info("event=metadata-ready member={}", settings.gateway());
  }

  private static <T> void await(CompletionStage<T> stage, Supervisor supervisor)
      throws ExecutionException, InterruptedException {
    while (true) {
      try {
        stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
        return;
      } catch (TimeoutException waiting) {
        supervisor.stillStarting(STILL_STARTING, "waiting for seed nodes");
        LOG.warn("event=still-starting waiting=\"a majority of seed nodes\"");
      }
    }
  }
}
