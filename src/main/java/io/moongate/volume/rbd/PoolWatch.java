package io.moongate.volume.rbd;

import com.fasterxml.jackson.databind.JsonNode;
import io.moongate.volume.StoreStatus;
import io.moongate.volume.StoreStatus.State;
import io.moongate.volume.VolumeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a gateway does for the pool beside its volumes, on threads of its own: nothing that a host
 * waits for.
 */
final class PoolWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PoolWatch.class);

  /** How often the monitors' configuration is looked at. */
  private static final Duration CONFIGURATION_PAUSE = Duration.ofHours(1);

  /** How often the space is looked at, whether anybody asks for it or not. */
  private static final Duration SPACE_PAUSE = Duration.ofSeconds(30);

  /** For how long what is known of the space is told again. */
  private static final Duration FRESH = Duration.ofSeconds(5);

  /** How long who asks for the space is kept waiting. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final RbdSettings settings;
  private final Optional<BlocklistSweep> sweep;
  private final ScheduledExecutorService sweeping = thread("volume-rbd-sweep");
  private final ScheduledExecutorService asking = thread("volume-rbd-watch");
  private volatile Optional<String> shortBlocklist = Optional.empty();
  private volatile boolean started;

  /** Of the thread that asks alone. */
  private Optional<RadosClient> asker = Optional.empty();

  private volatile State said = State.UNKNOWN;
  private CompletableFuture<Figures> latest = new CompletableFuture<>();
  private Optional<Long> askedAt = Optional.empty();

  /** Of the pool; {@code available} in bytes, where it is known. */
  private record Figures(State state, OptionalLong available) {
    static final Figures UNKNOWN = new Figures(State.UNKNOWN, OptionalLong.empty());
  }

  PoolWatch(RbdSettings settings) {
    this.settings = settings;
    this.sweep = settings.removeAfter().map(after -> new BlocklistSweep(after, System::nanoTime));
  }

  private static ScheduledExecutorService thread(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Begins to look, again and again; once. */
  synchronized void start() {
    if (started) {
      return;
    }
    started = true;
    sweep.ifPresent(
        present -> repeat(sweeping, present.pause(), "sweep", () -> sweepOnce(present)));
    repeat(asking, CONFIGURATION_PAUSE, "configuration", this::lookAtConfiguration);
    repeat(asking, SPACE_PAUSE, "space", this::figures);
  }

  private static void repeat(
      ScheduledExecutorService thread, Duration pause, String what, Runnable task) {
    var unused =
        thread.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
              } catch (VolumeException e) {
                LOG.debug("event=pool-not-watched what={} reason=\"{}\"", what, e.getMessage());
              } catch (RuntimeException | Error e) {
                LOG.error("event=pool-not-watched what={}", what, e); // It would not run again.
              }
            },
            0,
            pause.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private void sweepOnce(BlocklistSweep present) {
    try (RadosClient client = RadosClient.connect(settings)) {
      present.look(client);
    }
  }

  /**
   * What librbd blocklists first can't be prolonged in Ceph 16, so that the monitors' default
   * counts then.
   */
  private void lookAtConfiguration() {
    JsonNode configuration =
        answers(client -> client.ask(MonitorAnswers.CONFIGURATION, "asking for the configuration"));
    Optional<Duration> found = MonitorAnswers.blocklistDefault(configuration);
    Optional<String> warning =
        found.filter(known -> known.compareTo(settings.blocklistFor()) >= 0).isPresent()
            ? Optional.empty()
            : Optional.of(
                "mon_osd_blocklist_default_expire is %s in the monitors' configuration; set it to %d"
                    .formatted(
                        found.map(known -> known.toSeconds() + " s").orElse("not set"),
                        settings.blocklistFor().toSeconds()));
    if (!warning.equals(shortBlocklist)) {
      warning.ifPresent(
          text -> LOG.warn("event=blocklist-default-short pool={} {}", settings.pool(), text));
    }
    shortBlocklist = warning;
  }

  /** Asks with a client that is kept, as long as that goes well. */
  private JsonNode answers(Function<RadosClient, String> question) {
    RadosClient client = asker.orElseGet(() -> RadosClient.connect(settings));
    asker = Optional.of(client);
    try {
      return MonitorAnswers.parse(question.apply(client));
    } catch (RuntimeException | Error e) {
      asker = Optional.empty();
      client.close();
      throw e;
    }
  }

  /**
   * How the pool is: what was found in the last seconds, or what is found now, unless that takes
   * long.
   */
  CompletionStage<StoreStatus> status() {
    return figures()
        .copy()
        .completeOnTimeout(Figures.UNKNOWN, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .thenApply(found -> new StoreStatus(found.state(), found.available(), warnings()));
  }

  /** Asks at most once in some seconds, for all of the store's volumes. */
  private synchronized CompletableFuture<Figures> figures() {
    long now = System.nanoTime();
    if (askedAt.filter(at -> now - at < FRESH.toNanos()).isEmpty()) {
      if (askedAt.isPresent() && !latest.isDone()) {
        return latest; // The monitors are silent: one question is enough.
      }
      askedAt = Optional.of(now);
      CompletableFuture<Figures> asked = new CompletableFuture<>();
      latest = asked;
      try {
        asking.execute(() -> asked.complete(look()));
      } catch (RejectedExecutionException e) {
        asked.complete(Figures.UNKNOWN); // It is closed.
      }
    }
    return latest;
  }

  private Figures look() {
    Figures found;
    try {
      JsonNode health = answers(client -> client.ask(MonitorAnswers.HEALTH, "asking for health"));
      JsonNode space = answers(client -> client.ask(MonitorAnswers.SPACE, "asking for the space"));
      found =
          new Figures(
              MonitorAnswers.state(health, settings.pool()),
              MonitorAnswers.available(space, health, settings.pool()));
    } catch (RuntimeException | Error e) {
      LOG.debug("event=space-not-known pool={} reason=\"{}\"", settings.pool(), e.toString());
      return Figures.UNKNOWN;
    }
    say(found);
    return found;
  }

  /** What is not known changes nothing. */
  private void say(Figures found) {
    State before = said;
    said = found.state();
    if (before == found.state() || before == State.UNKNOWN && found.state() == State.WELL) {
      return;
    }
    String left =
        found.available().isPresent() ? Long.toString(found.available().getAsLong()) : "unknown";
    if (found.state() == State.WELL) {
      LOG.info("event=pool-has-space pool={} available={}", settings.pool(), left);
    } else {
      LOG.warn(
          "event={} pool={} available={}",
          found.state() == State.FULL ? "pool-full" : "pool-near-full",
          settings.pool(),
          left);
    }
  }

  /** What an operator should see to. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    shortBlocklist.ifPresent(warnings::add);
    if (sweep.filter(BlocklistSweep::isForbidden).isPresent()) {
      warnings.add("the Ceph user may not remove entries of the blocklist: see docs/ceph.md");
    }
    return warnings;
  }

  /** Ends it; what hangs in Ceph is left to the end of the process. */
  @Override
  public void close() {
    sweeping.shutdown();
    try {
      asking.execute(() -> asker.ifPresent(RadosClient::close));
    } catch (RejectedExecutionException e) {
      return; // It was closed before.
    }
    asking.shutdown();
  }
}
