package io.moongate;

import com.typesafe.config.Config;
import io.moongate.failure.Observation.Kind;
import io.moongate.failure.StoreTrend;
import io.moongate.failure.StoreTrend.Counts;
import io.moongate.failure.StoreTrend.Trouble;
import io.moongate.volume.Volume;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Looks at the volumes that are open here, again and again: whether the store fails, is slow or
 * hangs for a unit ({@link StoreTrend}), and says when that changes.
 */
final class StoreWatch {

  /** Told what has changed. */
  interface Listener {
    /**
     * Of one unit, or of a store as a whole.
     *
     * @param part id of the unit, or kind of the store
     * @param kind {@link Kind#STORE_WELL}, or what the trouble is
     */
    void seen(String part, Kind kind, String detail);

    /** The store refuses what is open of a unit, for good; repeated until that is closed. */
    void fenced(String unitId);
  }

  /** What is known of the way to the store as a whole. */
  interface Way {
    /** Whether the store of a unit can't be reached from here, as was found last. */
    boolean isLost(String unitId);

    /** Has it looked at soon. */
    void look();
  }

  /** Looks in a window. */
  private static final int LOOKS = 8;

  private volatile StoreTrend.Settings settings;
  private final Supplier<Set<String>> units;
  private final Function<String, Optional<Volume>> volumes;
  private final LongSupplier nanoTime;
  private final Way way;
  private final Listener listener;
  private final Map<String, StoreTrend> trends = new ConcurrentHashMap<>();

  /** What was said last of each unit; of the looks alone, which don't overlap. */
  private final Map<String, Kind> said = new ConcurrentHashMap<>();

  /**
   * @param units ids of the units that are exported
   * @param volumes the volume of a unit, when it is open
   */
  StoreWatch(
      StoreTrend.Settings settings,
      Supplier<Set<String>> units,
      Function<String, Optional<Volume>> volumes,
      LongSupplier nanoTime,
      Way way,
      Listener listener) {
    this.way = way;
    this.settings = settings;
    this.units = units;
    this.volumes = volumes;
    this.nanoTime = nanoTime;
    this.listener = listener;
  }

  /** Reads the settings, which are in {@code conf/volume.conf}. */
  static StoreTrend.Settings settings(Config config) {
    Config watch = config.getConfig("moongate.volume.watch");
    return new StoreTrend.Settings(
        positive(watch, "window"),
        atLeastOne(watch, "errors"),
        positive(watch, "slow-after"),
        positive(watch, "stuck-after"),
        positive(watch, "patience"),
        positive(watch, "stands-for"));
  }

  /** How often the stores are asked whether they can be reached. */
  static Duration reachEvery(Config config) {
    return positive(config.getConfig("moongate.volume.watch"), "reach-every");
  }

  private static Duration positive(Config watch, String key) {
    Duration value = watch.getDuration(key);
    if (value.isZero() || value.isNegative()) {
      throw wrong(watch, key, "a duration above 0, not " + value);
    }
    return value;
  }

  private static int atLeastOne(Config watch, String key) {
    int value = watch.getInt(key);
    if (value < 1) {
      throw wrong(watch, key, "at least 1, not " + value);
    }
    return value;
  }

  private static com.typesafe.config.ConfigException wrong(Config watch, String key, String what) {
    return new com.typesafe.config.ConfigException.BadValue(
        watch.getValue(key).origin(), "moongate.volume.watch." + key, "expected " + what);
  }

  /** Judges by other bounds from now on; how often it looks stays as it is. */
  void judgeBy(StoreTrend.Settings other) {
    settings = other;
    trends.values().forEach(trend -> trend.judgeBy(other));
  }

  /** How long to wait between two looks. */
  Duration pause() {
    return settings.window().dividedBy(LOOKS);
  }

  /** Looks at all units once. */
  void look() {
    Set<String> present = units.get();
    for (String unitId : present) {
      Volume volume = volumes.apply(unitId).orElse(null);
      if (volume != null && volume.isFenced()) {
        listener.fenced(unitId);
      }
      StoreTrend trend = volume == null ? trends.get(unitId) : trend(unitId);
      if (trend != null) {
        say(
            unitId,
            volume == null
                ? trend.look(nanoTime.getAsLong())
                : trend
                    .look(volume, counts(volume), nanoTime.getAsLong())
                    .map(trouble -> orLost(unitId, volume, trend, trouble)));
      }
    }
    trends
        .keySet()
        .removeIf(
            unitId -> {
              boolean gone = !present.contains(unitId);
              if (gone) {
                say(unitId, Optional.empty());
              }
              return gone;
            });
  }

  /**
   * What hangs can't be released, as a rule. Where it can be given up, and the way to the store is
   * lost from here, another gateway may do better: that is as good as failing.
   */
  private Trouble orLost(String unitId, Volume volume, StoreTrend trend, Trouble trouble) {
    return trouble.kind() == Kind.STORE_STUCK
            && trend.hangs(nanoTime.getAsLong())
            && volume.isAbandonable()
            && way.isLost(unitId)
        ? new Trouble(
            Kind.STORE_FAILING, trouble.detail() + ", and the store can't be reached from here")
        : trouble;
  }

  private void say(String unitId, Optional<Trouble> trouble) {
    Kind now = trouble.map(Trouble::kind).orElse(Kind.STORE_WELL);
    Kind before = now == Kind.STORE_WELL ? said.remove(unitId) : said.put(unitId, now);
    if (now == Objects.requireNonNullElse(before, Kind.STORE_WELL)) {
      return;
    }
    if (before != null && now != Kind.STORE_WELL) {
      listener.seen(unitId, Kind.STORE_WELL, "otherwise now");
    }
    listener.seen(unitId, now, trouble.map(Trouble::detail).orElse("well, or not in use"));
    if (now == Kind.STORE_STUCK) {
      way.look();
    }
  }

  /** Whether an operation that has just failed may go well through another gateway. */
  boolean mayPass(String unitId) {
    return volumes
        .apply(unitId)
        .filter(volume -> trend(unitId).mayPass(volume, counts(volume), nanoTime.getAsLong()))
        .isPresent();
  }

  private StoreTrend trend(String unitId) {
    return trends.computeIfAbsent(unitId, absent -> new StoreTrend(settings));
  }

  private static Counts counts(Volume volume) {
    Volume.Health health = volume.health();
    return new Counts(
        health.underWay(),
        health.ended(),
        health.counted(),
        health.failed(),
        health.nanos(),
        health.lost());
  }
}
