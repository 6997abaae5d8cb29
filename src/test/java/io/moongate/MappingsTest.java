package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.access.ChapSecrets;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.PortalAddress;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.scsi.Admission;
import io.moongate.scsi.BlockUnit;
import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.LogicalUnitNumber;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.TargetDevice;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.volume.memory.MemoryVolumeStore;
import java.io.File;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What sessions see of the view, and units that grow on this gateway. */
class MappingsTest {
  private static final String TARGET = "iqn.2026-11.io.moongate:t";
  private static final String OTHER = "iqn.2026-11.io.moongate:u";
  private static final Instant NOW = Instant.parse("2026-11-22T03:12:00Z");
  private static final ScsiSettings SETTINGS =
      ScsiSettings.from(
          ConfigFactory.parseFile(new File("conf/iscsi.conf"))
              .withFallback(ConfigFactory.parseFile(new File("conf/scsi.conf")))
              .resolve());

  private final View view = new View();
  private final MemoryVolumeStore store = new MemoryVolumeStore(16 << 20);
  private final ExportedUnits units =
      new ExportedUnits(
          new Volumes(List.of(store)),
          owner -> {
            throw new IllegalStateException("nothing is relayed");
          },
          (identity, geometry, alua) ->
              new BlockUnit(identity, geometry, alua, now -> true, UnitPeers.ALONE, SETTINGS),
          (unit, group, cause) ->
              java.util.concurrent.CompletableFuture.failedStage(
                  new IllegalStateException("nothing is moved")));
  private final ExportedTargets targets =
      new ExportedTargets(view, "gw1", units, new ChapSecrets(Optional.empty()), Admission.OPEN);
  private long version;

  MappingsTest() {
    view.apply(
        new GatewayEntry(
            "gw1",
            1,
            GatewayEntry.State.UP,
            "p1",
            1,
            List.of(),
            new PortalAddress("127.0.0.1", 1),
            "",
            "",
            1,
            NOW,
            ""));
  }

  private UnitEntry unit(int number, boolean deleted, long size, long growingTo) {
    Ownership ownership =
        new Ownership(Phase.SERVING, 1, "gw1", "p1", "", NOW, "test", List.of(), List.of());
    return new UnitEntry(
        "u" + number,
        ++version,
        0x3000_0000_0000_0000L + number,
        "s" + number,
        "memory",
        size,
        512,
        List.of(),
        ownership,
        deleted,
        growingTo,
        io.moongate.scsi.shared.SharedState.INITIAL);
  }

  private void exists(int number) {
    view.apply(unit(number, false, 4096, 0));
  }

  private void target(String name, Map<Integer, String> luns) {
    view.apply(new TargetEntry(name, ++version, List.of(), luns, false, NOW));
  }

  private TargetDevice device() {
    return targets.target(TARGET, "iqn.2026-11.io.moongate:host").orElseThrow();
  }

  @Test
  void aSessionSeesEachChangeOfWhatIsMapped() {
    exists(1);
    exists(2);
    target(TARGET, Map.of(0, "u1"));
    TargetDevice device = device();
    long generation = device.generation();
    long inventory = device.inventory();
    LogicalUnit first = device.unit(0).orElseThrow();
    assertEquals(List.of(0L), device.luns());

    target(OTHER, Map.of(0, "u1", 5, "u2"));
    view.apply(unit(1, false, 8192, 0));
    assertEquals(generation, device.generation(), "another target, and a unit that only changes");

    target(TARGET, Map.of(0, "u1"));
    assertNotEquals(generation, device.generation());
    assertEquals(inventory, device.inventory(), "no LUN has changed");

    target(TARGET, Map.of(0, "u1", 300, "u2"));
    assertNotEquals(inventory, device.inventory());
    assertEquals(List.of(0L, 0x412CL << 48), device.luns());
    assertEquals("u2", device.unit(0x412CL << 48).orElseThrow().identity().id());
    assertEquals(first, device.unit(0x4000L << 48).orElseThrow());

    long swapped = device.inventory();
    target(TARGET, Map.of(0, "u2", 300, "u1"));
    assertNotEquals(swapped, device.inventory(), "the same units elsewhere");
    target(TARGET, Map.of(0, "u1"));
    assertEquals(inventory, device.inventory());
  }

  @Test
  void noTwoPlacesOfNeighbouringUnitsCountTheSame() {
    java.util.Set<Long> seen = new java.util.HashSet<>();
    for (int number = 0; number < 64; number++) {
      exists(number);
    }
    for (int number = 0; number < 64; number++) {
      for (int lun = 0; lun < 128; lun++) {
        target(TARGET, Map.of(lun, "u" + number));
        assertTrue(seen.add(device().inventory()), "unit " + number + " at " + lun);
      }
    }
  }

  @Test
  void aUnitThatIsDeletedOrNotThereYetIsNotReported() {
    target(TARGET, Map.of(0, "u1", 1, "u2"));
    TargetDevice device = device();
    assertEquals(List.of(), device.luns());
    assertTrue(device.unit(0).isEmpty());
    long generation = device.generation();
    long inventory = device.inventory();
    exists(2);
    assertNotEquals(generation, device.generation());
    assertNotEquals(inventory, device.inventory());
    assertEquals(List.of(1L << 48), device.luns());
    generation = device.generation();
    view.apply(unit(2, true, 4096, 0));
    assertNotEquals(generation, device.generation());
    assertEquals(inventory, device.inventory());
    assertEquals(List.of(), device.luns());
  }

  @Test
  void theViewKnowsWhoMapsAUnitWhateverChanges() {
    long seed = System.nanoTime();
    java.util.Random random = new java.util.Random(seed);
    List<String> names = List.of(TARGET, OTHER, "iqn.2026-11.io.moongate:v");
    for (int step = 0; step < 2_000; step++) {
      Map<Integer, String> luns = new HashMap<>();
      for (int lun = 0; lun < 6; lun++) {
        if (random.nextBoolean()) {
          luns.put(lun, "u" + random.nextInt(8));
        }
      }
      String name = names.get(random.nextInt(names.size()));
      boolean deleted = random.nextInt(8) == 0;
      view.apply(new TargetEntry(name, ++version, List.of(), luns, deleted, NOW));
      for (int number = 0; number < 8; number++) {
        String id = "u" + number;
        assertEquals(
            view.targets().stream().filter(t -> t.luns().containsValue(id)).toList(),
            view.targetsOf(id),
            "seed " + seed);
      }
    }
  }

  @Test
  void sixteenThousandLuns() {
    Map<Integer, String> luns = new HashMap<>();
    for (int number = 0; number <= LogicalUnitNumber.MAX; number++) {
      exists(number);
      luns.put(number, "u" + number);
    }
    target(TARGET, luns);
    TargetDevice device = device();
    assertEquals(16_384, device.luns().size());
    long inventory = device.inventory();
    luns.remove(9_000);
    target(TARGET, luns);
    assertNotEquals(inventory, device.inventory());
    assertEquals(16_383, device.luns().size());
    assertTrue(view.targetsOf("u9000").isEmpty());
    assertEquals(1, view.targetsOf("u9001").size());
  }

  @Test
  void anOwnerOpensWhatHostsWereToldOfAndGrowsWhatTheyWillBe() {
    store.create("u7", 4096, 512).toCompletableFuture().join();
    UnitEntry told = unit(7, false, 8192, 0);
    units.open(told, 1).toCompletableFuture().join();
    assertEquals(
        8192, store.open("u7").toCompletableFuture().join().geometry().size(), "it must be there");
    UnitEntry growing = unit(7, false, 8192, 16_384);
    units.resize(growing);
    units.grow(growing).toCompletableFuture().join();
    assertEquals(16_384, store.open("u7").toCompletableFuture().join().geometry().size());
    units.release(growing, false).toCompletableFuture().join();
    assertTrue(units.grow(growing).toCompletableFuture().isCompletedExceptionally());
  }
}
