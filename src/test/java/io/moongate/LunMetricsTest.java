package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.unit.DataPath.Way;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.View;
import io.moongate.metrics.Exposition;
import io.moongate.metrics.MetricsSettings;
import io.moongate.scsi.BlockUnit;
import io.moongate.scsi.Command;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.TaskAttribute;
import io.moongate.scsi.alua.AccessState;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.alua.TargetPortGroup;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.volume.memory.MemoryVolumeStore;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Units have series of their own while they are in use, and no more of them than there may be. */
class LunMetricsTest {
  private static final ScsiSettings SETTINGS =
      ScsiSettings.from(ConfigFactory.parseFile(new File("conf/scsi.conf")).resolve());
  private static final Nexus NEXUS = new Nexus("iqn.2026-01.io.host:a", 1, "iqn.x:y", 1);
  private static final int SIZE = 1 << 20;

  private final MemoryVolumeStore store =
      MemoryVolumeStore.from(ConfigFactory.parseFile(new File("conf/volume.conf")).resolve());
  private final ExportedUnits units =
      new ExportedUnits(
          new Volumes(List.of(store)),
          owner -> null,
          (identity, geometry, alua) ->
              new BlockUnit(identity, geometry, alua, now -> true, UnitPeers.ALONE, SETTINGS),
          (unit, group, cause) -> CompletableFuture.failedStage(new IllegalStateException()));
  private final AtomicLong now = new AtomicLong(System.nanoTime());
  private Exposition exposition;

  @AfterEach
  void close() {
    exposition.close();
  }

  private void expose(boolean lunSeries, int limit) {
    exposition =
        new Exposition(
            "gw1",
            List.of(
                new LunMetrics(
                    units,
                    new View(),
                    new MetricsSettings(false, lunSeries, limit, Duration.ofMinutes(15)),
                    now::get)));
  }

  private String scrape() {
    return new String(exposition.scrape("").body(), StandardCharsets.UTF_8);
  }

  private static double value(String text, String series) {
    var found = Pattern.compile(Pattern.quote(series) + " (\\S+)\n").matcher(text);
    assertTrue(found.find(), () -> series + " is not in\n" + text);
    return Double.parseDouble(found.group(1));
  }

  private static UnitEntry entry(String id, long epoch) {
    UnitEntry unit = Entries.unit(id, epoch, UnitEntry.Phase.SERVING, epoch, "gw1");
    return new UnitEntry(
        id,
        epoch,
        0x3000_0000_0000_0001L,
        unit.serial(),
        "memory",
        SIZE,
        512,
        unit.preferred(),
        unit.ownership(),
        false);
  }

  private LogicalUnit serve(String id) {
    UnitEntry entry = entry(id, 1);
    store.create(id, SIZE, 512).toCompletableFuture().join();
    units.open(entry, 1).toCompletableFuture().join();
    publish(entry, Way.LOCAL, true);
    return units.unit(id).orElseThrow();
  }

  private void publish(UnitEntry entry, Way way, boolean serving) {
    long epoch = entry.ownership().epoch();
    PathStates states =
        new PathStates(
            entry.version(),
            epoch,
            serving,
            1,
            10,
            List.of(new TargetPortGroup(1, AccessState.ACTIVE_OPTIMIZED, true, List.of(1))));
    units.publish(
        entry, states, way, Optional.empty(), () -> CompletableFuture.completedStage(states));
  }

  private static void read(LogicalUnit unit) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    unit.execute(
        new Command(
            NEXUS,
            1,
            TaskAttribute.SIMPLE,
            new byte[] {0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0},
            ByteBuffer.allocate(0),
            4096,
            System.nanoTime() + 1_000_000_000_000L),
        response -> done.complete(null));
    done.join();
  }

  @Test
  void whatIsOpenHereHasSeriesAndSumsAreOfAll() {
    expose(true, 10);
    read(serve("u1"));
    read(serve("u2"));
    String text = scrape();
    String labels = "lun=\"u1\",op=\"read\",via=\"local\"}";
    assertEquals(1, value(text, "moongate_lun_operations_total{gateway=\"gw1\"," + labels));
    assertEquals(4096, value(text, "moongate_lun_bytes_total{gateway=\"gw1\"," + labels));
    assertEquals(1, value(text, "moongate_lun_latency_seconds_count{gateway=\"gw1\"," + labels));
    assertEquals(1, value(text, "moongate_lun_owned{gateway=\"gw1\",lun=\"u1\"}"));
    assertEquals(
        2, value(text, "moongate_operations_total{gateway=\"gw1\",op=\"read\",via=\"local\"}"));
    assertEquals(
        2,
        value(
            text,
            "moongate_store_latency_seconds_count{gateway=\"gw1\",op=\"read\",store=\"memory\"}"));
    assertEquals(
        2,
        value(
            text,
            "moongate_store_open_seconds_count{gateway=\"gw1\",result=\"ok\",store=\"memory\"}"));
    assertEquals(2, value(text, "moongate_volumes_open{gateway=\"gw1\",store=\"memory\"}"));
    assertEquals(2, value(text, "moongate_paths{gateway=\"gw1\",state=\"active-optimized\"}"));
    assertEquals(0, value(text, "moongate_lun_series_omitted{gateway=\"gw1\"}"));
  }

  @Test
  void noMoreThanThereMayBeAndThatIsSaid() {
    expose(true, 2);
    for (String id : List.of("u1", "u2", "u3")) {
      serve(id);
    }
    read(units.unit("u2").orElseThrow());
    String text = scrape();
    assertEquals(1, value(text, "moongate_lun_series_omitted{gateway=\"gw1\"}"));
    assertEquals(2, value(text, "moongate_lun_series_limit{gateway=\"gw1\"}"));
    assertTrue(text.contains("lun=\"u2\""), "what was asked for last comes first");
    long shown =
        List.of("u1", "u2", "u3").stream()
            .filter(id -> text.contains("lun=\"" + id + "\""))
            .count();
    assertEquals(2, shown);
  }

  @Test
  void noneWhereThatIsTurnedOff() {
    expose(false, 10);
    read(serve("u1"));
    String text = scrape();
    assertFalse(text.contains("lun=\"u1\""), text);
    assertEquals(1, value(text, "moongate_lun_series_omitted{gateway=\"gw1\"}"));
    assertEquals(
        1, value(text, "moongate_operations_total{gateway=\"gw1\",op=\"read\",via=\"local\"}"));
  }

  @Test
  void seriesGoWhenAUnitIsIdleAndNotOwnedAndSumsStay() {
    expose(true, 10);
    read(serve("u1"));
    units.release(entry("u1", 1), false).toCompletableFuture().join();
    assertTrue(scrape().contains("lun=\"u1\""), "it was in use just now");
    now.addAndGet(Duration.ofMinutes(16).toNanos());
    assertFalse(scrape().contains("lun=\"u1\""), "it is idle");
    units.remove("u1");
    assertEquals(
        1,
        value(scrape(), "moongate_operations_total{gateway=\"gw1\",op=\"read\",via=\"local\"}"),
        "a counter never goes back");
  }

  @Test
  void transitionsAreCountedAndTimedOnceTheyAreOver() {
    expose(true, 10);
    serve("u1");
    String series = "moongate_transition_seconds_count{gateway=\"gw1\"}";
    String planned = "moongate_owner_changes_total{cause=\"planned\",gateway=\"gw1\"}";
    assertEquals(0, value(scrape(), series));
    publish(entry("u1", 2), Way.HELD, false);
    assertEquals(0, value(scrape(), series));
    publish(entry("u1", 3), Way.LOCAL, true);
    assertEquals(1, value(scrape(), series));
    assertEquals(0, value(scrape(), planned), "nothing is on record");
    for (long epoch = 1; epoch <= 3; epoch++) {
      units.transitions().recorded(entry("u1", epoch));
      units.transitions().recorded(entry("u1", epoch));
    }
    assertEquals(2, value(scrape(), planned));
  }
}
