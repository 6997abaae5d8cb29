package io.moongate;

import static io.moongate.metrics.Metric.*;

import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.View;
import io.moongate.metrics.MetricsSettings;
import io.moongate.metrics.Samples;
import io.moongate.metrics.Source;
import io.moongate.scsi.Status;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.sense.SenseKey;
import io.moongate.scsi.task.CommandKind;
import io.moongate.scsi.task.UnitCounts;
import io.moongate.scsi.task.Via;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** What commands to logical units did on this gateway: of each unit, and of all together. */
final class LunMetrics implements Source {
  private final ExportedUnits units;
  private final View view;
  private final MetricsSettings settings;
  private final LongSupplier nanoTime;

  LunMetrics(ExportedUnits units, View view, MetricsSettings settings, LongSupplier nanoTime) {
    this.units = units;
    this.view = view;
    this.settings = settings;
    this.nanoTime = nanoTime;
  }

  @Override
  public void read(Samples out) {
    // Those that are gone first: one that goes meanwhile is missing in this scrape, not twice in
    // it.
    Map<String, UnitCounts> ofStores = units.gone();
    List<ExportedUnits.Reading> all = units.readings();
    all.forEach(
        each ->
            ofStores
                .computeIfAbsent(each.store(), first -> new UnitCounts())
                .add(each.unit().counts()));
    total(out, ofStores);
    gauges(out, all);
    stores(out, ofStores, all);
    each(out, all);
    Map<String, Long> causes = units.transitions().causes();
    for (String cause : TransitionCounts.CAUSES) {
      out.counter(OWNER_CHANGES, causes.getOrDefault(cause, 0L), cause);
    }
    out.histogram(HELD_SECONDS, units.transitions().held());
  }

  private static void total(Samples out, Map<String, UnitCounts> ofStores) {
    UnitCounts total = new UnitCounts();
    ofStores.values().forEach(total::add);
    total.each(
        (via, kind, series) -> {
          String[] labels = {kind.word(), via.word()};
          out.counter(OPERATIONS, series.latencies().count(), labels);
          out.counter(BYTES, series.bytes(), labels);
          if (kind != CommandKind.OTHER && via != Via.AT_ONCE) {
            out.histogram(LATENCY, series.latencies(), labels);
          }
        });
    total.statuses().forEach((status, count) -> out.counter(ERRORS, count, word(status)));
    total
        .senses()
        .forEach(
            (sense, count) ->
                out.counter(SENSE, count, key(sense), hex(sense >> 8 & 0xFF), hex(sense & 0xFF)));
    out.counter(ABORTED, total.aborted());
  }

  private static void gauges(Samples out, List<ExportedUnits.Reading> all) {
    Map<AccessState, Integer> states = new EnumMap<>(AccessState.class);
    int inFlight = 0;
    int held = 0;
    for (ExportedUnits.Reading each : all) {
      states.merge(each.unit().state(), 1, Integer::sum);
      inFlight += each.unit().inFlight();
      held += each.unit().held();
    }
    for (AccessState state : AccessState.values()) {
      out.gauge(PATHS, states.getOrDefault(state, 0), state.word());
    }
    out.gauge(IN_FLIGHT, inFlight);
    out.gauge(HELD, held);
  }

  private void stores(
      Samples out, Map<String, UnitCounts> ofStores, List<ExportedUnits.Reading> all) {
    ofStores.forEach(
        (store, counts) ->
            counts
                .service()
                .forEach((kind, took) -> out.histogram(STORE_LATENCY, took, store, kind.word())));
    Map<String, Integer> open = new TreeMap<>();
    for (ExportedUnits.Reading each : all) {
      open.merge(each.store(), each.open() ? 1 : 0, Integer::sum);
    }
    open.forEach((store, count) -> out.gauge(VOLUMES_OPEN, count, store));
    units
        .storeFailures(all)
        .forEach(
            (store, reasons) ->
                reasons.forEach((reason, n) -> out.counter(STORE_ERRORS, n, store, reason)));
    units
        .transitions()
        .openings()
        .forEach(
            (opening, took) ->
                out.histogram(
                    STORE_OPEN, took, opening.store(), opening.failed() ? "failed" : "ok"));
  }

  private void each(Samples out, List<ExportedUnits.Reading> all) {
    long now = nanoTime.getAsLong();
    List<ExportedUnits.Reading> inUse = new ArrayList<>();
    for (ExportedUnits.Reading each : all) {
      if (each.open() || isRecent(each.unit().counts(), now)) {
        inUse.add(each);
      }
    }
    int limit = settings.lunSeries() ? settings.lunLimit() : 0;
    out.gauge(LUN_SERIES_LIMIT, limit);
    out.gauge(LUN_SERIES_OMITTED, Math.max(0, inUse.size() - limit));
    if (inUse.size() > limit) {
      inUse.sort(
          Comparator.comparing((ExportedUnits.Reading each) -> !each.open())
              .thenComparingLong(each -> age(each.unit().counts(), now))
              .thenComparing(ExportedUnits.Reading::id));
    }
    inUse.stream().limit(limit).forEach(each -> one(out, each));
  }

  private boolean isRecent(UnitCounts counts, long now) {
    return counts.any() && now - counts.lastNanos() < settings.lunIdle().toNanos();
  }

  private static long age(UnitCounts counts, long now) {
    return counts.any() ? now - counts.lastNanos() : Long.MAX_VALUE;
  }

  private void one(Samples out, ExportedUnits.Reading each) {
    String lun = each.id();
    UnitCounts counts = each.unit().counts();
    counts.each(
        (via, kind, series) -> {
          String[] labels = {lun, kind.word(), via.word()};
          out.counter(LUN_OPERATIONS, series.latencies().count(), labels);
          out.counter(LUN_BYTES, series.bytes(), labels);
          boolean timed = kind == CommandKind.READ || kind == CommandKind.WRITE;
          if (timed && via != Via.AT_ONCE) {
            out.histogram(LUN_LATENCY, series.latencies(), labels);
          }
        });
    errors(out, lun, counts);
    out.gauge(LUN_IN_FLIGHT, each.unit().inFlight(), lun);
    out.gauge(LUN_HELD, each.unit().held(), lun);
    out.gauge(LUN_OWNED, each.open() ? 1 : 0, lun);
    out.gauge(LUN_PATH_STATE, 1, lun, each.unit().state().word());
    for (TargetEntry target : view.targetsOf(lun)) {
      target
          .luns()
          .forEach(
              (number, unit) -> {
                if (unit.equals(lun)) {
                  out.info(LUN_INFO, lun, target.name(), String.valueOf(number), each.store());
                }
              });
    }
  }

  private static void errors(Samples out, String lun, UnitCounts counts) {
    Map<String, Long> keys = new HashMap<>();
    counts.senses().forEach((sense, count) -> keys.merge(key(sense), count, Long::sum));
    keys.forEach(
        (key, count) -> out.counter(LUN_ERRORS, count, lun, word(Status.CHECK_CONDITION), key));
    counts
        .statuses()
        .forEach(
            (status, count) -> {
              if (status != Status.CHECK_CONDITION) {
                out.counter(LUN_ERRORS, count, lun, word(status), "");
              }
            });
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static String key(int sense) {
    int code = sense >> 16;
    for (SenseKey key : SenseKey.values()) {
      if (key.code() == code) {
        return word(key);
      }
    }
    return hex(code);
  }

  private static String hex(int value) {
    return "0x%02x".formatted(value);
  }
}
