package io.moongate.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.NewUnits.Wanted;
import io.moongate.cluster.snapshot.Snapshot;
import io.moongate.cluster.target.Target;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.TargetEntry;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitAttributes.Imported;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.scsi.shared.SharedState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;

class NewUnitsTest {
  private static final String TARGET = "iqn.2026-11.io.moongate:t";
  private static final String NAA = "6001405a1b2c3d4e5f60718293a4b5c6";

  private final View view = new View();
  private final Map<String, UnitEntry> last = new HashMap<>();
  private final Map<Integer, String> luns = new TreeMap<>();
  private final List<String> clones = new ArrayList<>();
  private final List<String> volumes = new ArrayList<>();
  private final Map<String, Long> adoptable = new HashMap<>(Map.of("disk_1", 1L << 30));
  private final Map<String, UnitNames.Holder> reserved = new HashMap<>();
  private final Map<Long, String> ownNaas = new HashMap<>();
  private final List<String> adoptedFrom = new ArrayList<>();
  private Refusal.Kind mappingFails;
  private int leasesWaitedFor;
  private final NewUnits units = new NewUnits(view, new Fakes(), new Names(), new Store());

  private final class Fakes implements NewUnits.Entities {
    @Override
    public CompletionStage<UnitEntry> unit(
        String id, Function<ActorRef<Answer>, LogicalUnit.Command> command) {
      Optional<UnitEntry> there = Optional.ofNullable(last.get(id));
      if (command.apply(null) instanceof LogicalUnit.Create create) {
        assertTrue(there.isEmpty(), "created twice");
        return CompletableFuture.completedStage(known(made(id, create)));
      }
      return there.isPresent()
          ? CompletableFuture.completedStage(there.get())
          : refused(Refusal.Kind.NOT_FOUND);
    }

    @Override
    public CompletionStage<TargetEntry> target(
        String name, Function<ActorRef<Answer>, Target.Command> command) {
      if (command.apply(null) instanceof Target.UnmapLun unmap) {
        luns.remove(unmap.lun(), unmap.unitId());
      }
      return CompletableFuture.completedStage(Entries.target(TARGET, luns));
    }

    @Override
    public CompletionStage<?> map(String target, int lun, String unitId) {
      if (mappingFails != null) {
        return refused(mappingFails);
      }
      luns.put(lun, unitId);
      view.apply(Entries.target(TARGET, luns));
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Void> leasesOut() {
      leasesWaitedFor++;
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Void> remove(UnitEntry unit, String cause) {
      known(unit.nextPreferred(List.of()).asDeleted());
      return CompletableFuture.completedStage(null);
    }
  }

  private UnitEntry known(UnitEntry unit) {
    last.put(unit.id(), unit);
    view.apply(unit);
    return unit;
  }

  private static UnitEntry made(String id, LogicalUnit.Create create) {
    return new UnitEntry(
        id,
        1,
        create.naa(),
        create.serial(),
        create.store(),
        create.size(),
        create.blockSize(),
        create.preferred(),
        new Ownership(Phase.UNOWNED, 0, "", "", "", Entries.NOW, "", List.of(), List.of()),
        false,
        0,
        SharedState.INITIAL,
        create.attributes());
  }

  private static String idOf(String volume) {
    return NewUnits.idOf("rbd", new Imported(volume, Optional.empty(), Optional.empty()), 0);
  }

  private static Wanted restored(int lun, String volume, String former, String naa) {
    Imported imported =
        new Imported(volume, Optional.of(naa), Optional.of("s" + former), Optional.of(former));
    return new Wanted(
        TARGET,
        lun,
        0,
        512,
        "rbd",
        List.of(),
        new UnitAttributes(
            false, false, UnitAttributes.Provisioning.THIN, 4096, Optional.of(imported)));
  }

  private static <T> CompletionStage<T> refused(Refusal.Kind kind) {
    return CompletableFuture.failedStage(new Refusal(kind, "id", "by the test"));
  }

  private final class Names implements UnitNames {
    @Override
    public CompletionStage<Long> naa(String unitId) {
      return CompletableFuture.completedStage(0x3000_0000_0000_0001L);
    }

    @Override
    public CompletionStage<String> reserveNaa(long naa, String unitId) {
      return CompletableFuture.completedStage(ownNaas.computeIfAbsent(naa, unreserved -> unitId));
    }

    @Override
    public CompletionStage<Holder> reserve(String name, Holder holder) {
      reserved.putIfAbsent(name, holder);
      return CompletableFuture.completedStage(reserved.get(name));
    }

    @Override
    public CompletionStage<Void> passOn(String name, String from, Holder to) {
      if (reserved.get(name).unitId().equals(from)) {
        reserved.put(name, to);
      }
      return CompletableFuture.completedStage(null);
    }
  }

  private final class Store implements VolumeProvisioner {
    @Override
    public CompletionStage<List<VolumeStores.StoredVolume>> volumes(
        String kind, String after, int most) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<List<VolumeStores.Store>> stores() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Set<String> kinds() {
      return Set.of("rbd");
    }

    @Override
    public CompletionStage<Void> create(
        String kind,
        String volume,
        long size,
        int blockSize,
        UnitAttributes.Provisioning provisioning) {
      volumes.add(volume);
      return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Long> adopt(
        String kind, String volume, String unitId, Optional<String> former, int blockSize) {
      adoptedFrom.add(former.orElse("nobody"));
      Long size = adoptable.get(volume);
      return size == null
          ? CompletableFuture.failedStage(new IllegalStateException("no image " + volume))
          : CompletableFuture.completedStage(size);
    }

    @Override
    public CompletionStage<Void> grow(String kind, String volume, long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<List<Snapshot>> snapshots(String kind, String volume) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Long> clone(
        String kind, String volume, String source, String snapshot, int blockSize) {
      clones.add("%s of %s@%s, blocks of %d".formatted(volume, source, snapshot, blockSize));
      return CompletableFuture.completedStage(1L << 20);
    }

    @Override
    public CompletionStage<Void> requireDeletable(String kind, String volume) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> delete(String kind, String volume, String unitId) {
      throw new UnsupportedOperationException();
    }
  }

  private UnitEntry make(int lun, String volume, String naa, String serial, long size) {
    Imported imported = new Imported(volume, Optional.ofNullable(naa), Optional.ofNullable(serial));
    UnitAttributes attributes =
        new UnitAttributes(
            false, false, UnitAttributes.Provisioning.THIN, 4096, Optional.of(imported));
    return make(new Wanted(TARGET, lun, size, 512, "rbd", List.of(), attributes));
  }

  private UnitEntry make(Wanted wanted) {
    return units.make(wanted).toCompletableFuture().join();
  }

  private void refuses(String field, int lun, String volume, String naa, String serial, long size) {
    Throwable failure =
        assertThrows(CompletionException.class, () -> make(lun, volume, naa, serial, size))
            .getCause();
    assertEquals(field, assertInstanceOf(Refusal.class, failure).field(), failure.getMessage());
  }

  @Test
  void aNewUnitHasAVolumeAndNamesOfItsOwn() {
    Wanted wanted =
        new Wanted(TARGET, 3, 1 << 20, 512, "rbd", List.of("gw1"), UnitAttributes.DEFAULT);
    UnitEntry unit = make(wanted);
    assertEquals(List.of(unit.id()), volumes);
    assertEquals(unit.id(), unit.volume());
    assertEquals("3000000000000001", unit.designator().text());
    assertEquals(unit.id().replace("-", ""), unit.serial());
    assertEquals(Map.of(3, unit.id()), luns);
    assertEquals(unit, make(wanted), "repeated");
    assertEquals(1, volumes.size());
  }

  @Test
  void aCloneIsAnotherUnitAndIsMadeOnceForItsPlace() {
    UnitEntry source = make(0, "disk_1", NAA, "s1", 0);
    Wanted wanted = clone(4, source.id(), "snap");
    mappingFails = Refusal.Kind.UNAVAILABLE;
    assertThrows(CompletionException.class, () -> make(wanted));
    mappingFails = null;
    UnitEntry unit = make(wanted);
    assertEquals(List.of(unit.id() + " of disk_1@snap, blocks of 512"), clones, "made once");
    assertEquals(1 << 20, unit.size());
    assertEquals("3000000000000001", unit.designator().text());
    assertEquals(unit.id().replace("-", ""), unit.serial());
    assertEquals(unit.id(), luns.get(4));
    assertEquals(unit, make(wanted), "repeated");
    UnitEntry other = make(clone(5, source.id(), "snap"));
    assertNotEquals(unit.id(), other.id());

    luns.remove(4);
    view.apply(Entries.target(TARGET, luns));
    known(unit.nextPreferred(List.of()).asDeleted());
    UnitEntry again = make(wanted);
    assertNotEquals(unit.id(), again.id());
  }

  private static Wanted clone(int lun, String unitId, String snapshot) {
    return new Wanted(
        TARGET,
        lun,
        0,
        512,
        "rbd",
        List.of(),
        new UnitAttributes(
            false,
            false,
            UnitAttributes.Provisioning.THIN,
            4096,
            Optional.empty(),
            Optional.of(new UnitAttributes.ClonedFrom(unitId, snapshot))));
  }

  @Test
  void ofAUnitThatIsNotThereNoCloneIsMade() {
    Throwable failure =
        assertThrows(CompletionException.class, () -> make(clone(4, "nothing", "snap"))).getCause();
    assertEquals("source.lun", assertInstanceOf(Refusal.class, failure).field());
    assertEquals(List.of(), clones);
  }

  @Test
  void anImportedUnitIsKnownByWhatItBroughtAlong() {
    UnitEntry unit = make(0, "disk_1", NAA, "a1b2c3d4-e5f6-0718", 0);
    assertEquals(List.of(), volumes, "nothing is made");
    assertEquals("disk_1", unit.volume());
    assertEquals(NAA, unit.designator().text());
    assertEquals("a1b2c3d4-e5f6-0718", unit.serial());
    assertEquals(1L << 30, unit.size());
    assertEquals(unit, make(0, "disk_1", NAA, "a1b2c3d4-e5f6-0718", 0), "repeated");
    UnitEntry plain = make(1, adopt("disk_2"), null, null, 1L << 30);
    assertEquals("3000000000000001", plain.designator().text());
    assertNotEquals(unit.serial(), plain.serial());
  }

  private String adopt(String volume) {
    adoptable.put(volume, 1L << 30);
    return volume;
  }

  @Test
  void aVolumeIsImportedOnce() {
    make(0, "disk_1", NAA, "s1", 0);
    refuses("volume", 1, "disk_1", NAA, "s1", 0);
    refuses("volume", 1, "disk_1", null, null, 0);
    refuses("lun", 0, adopt("disk_2"), null, null, 0);
  }

  @Test
  void noTwoUnitsHaveOneName() {
    make(0, "disk_1", NAA, "s1", 0);
    refuses("naa", 1, adopt("disk_2"), NAA, "s2", 0);
    refuses("serial", 1, "disk_2", null, "s1", 0);
    make(1, "disk_2", null, "s2", 0);
    assertEquals(Map.of(0, idOf("disk_1"), 1, idOf("disk_2")), luns);
  }

  @Test
  void whatIsNotThereOrHasAnotherSizeIsRefused() {
    refuses("volume", 0, "nothing", NAA, "s1", 0);
    refuses("size", 0, "disk_1", NAA, "s1", 1 << 20);
    assertEquals(Map.of(), reserved);
    make(0, "disk_1", NAA, "s1", 1 << 30);
  }

  @Test
  void anImportThatWasInterruptedGoesOn() {
    mappingFails = Refusal.Kind.UNAVAILABLE;
    refuses("id", 0, "disk_1", NAA, "s1", 0);
    assertEquals(Map.of(), luns);
    mappingFails = null;
    UnitEntry unit = make(0, "disk_1", NAA, "s1", 0);
    assertEquals(Map.of(0, unit.id()), luns);
  }

  /** Its reservation stays its own until it is repeated. */
  @Test
  void anNaaOfAnUnfinishedImportIsNotGivenToAnother() {
    reserved.put("naa:" + NAA, new UnitNames.Holder(idOf("disk_9"), "rbd:disk_9"));
    refuses("naa", 0, "disk_1", NAA, "s1", 0);
    make(0, adopt("disk_9"), NAA, "s1", 0);
  }

  @Test
  void whatWasDeletedCanBeImportedAgain() {
    UnitEntry first = make(0, "disk_1", NAA, "s1", 0);
    luns.clear();
    view.apply(Entries.target(TARGET, luns));
    known(first.nextPreferred(List.of()).asDeleted());
    UnitEntry second = make(0, "disk_1", NAA, "s1", 0);
    assertNotEquals(first.id(), second.id());
    assertEquals(NAA, second.designator().text());
    assertEquals(second.id(), reserved.get("naa:" + NAA).unitId());
    assertEquals(0, leasesWaitedFor, "it comes with the volume");
    assertEquals(List.of("nobody", first.id()), adoptedFrom);
  }

  /** Whoever imports the same volume has the same unit: it may be served already. */
  @Test
  void anImportedUnitIsNotDeletedWhenItCannotBeMapped() {
    mappingFails = Refusal.Kind.CONFLICT;
    refuses("id", 0, "disk_1", NAA, "s1", 0);
    assertEquals(1, view.units().size());
    Wanted plain = new Wanted(TARGET, 3, 1 << 20, 512, "rbd", List.of(), UnitAttributes.DEFAULT);
    assertThrows(CompletionException.class, () -> make(plain));
    assertEquals(1, view.units().size(), "one of its own is");
  }

  @Test
  void aUnitWhoseMetadataAreLostIsKnownAgain() {
    Wanted wanted = restored(0, adopt("lost"), "u1", "3000000000000077");
    UnitEntry unit = make(wanted);
    assertEquals("lost", unit.volume());
    assertEquals("3000000000000077", unit.designator().text());
    assertEquals(0x3000_0000_0000_0077L, unit.naa(), "its own again");
    assertEquals("su1", unit.serial());
    assertEquals("u1", unit.vendorSpecific());
    assertEquals(List.of("u1"), adoptedFrom);
    assertNotEquals("u1", unit.id(), "epochs of a unit of that id mean something to its store");
    assertEquals(unit, make(wanted), "repeated");
  }

  /** Hosts know a unit by its first id, however often it is restored. */
  @Test
  void theVendorSpecificIdentifierStays() {
    UnitEntry first =
        make(new Wanted(TARGET, 3, 1 << 20, 512, "rbd", List.of(), UnitAttributes.DEFAULT));
    assertEquals(first.id(), first.vendorSpecific());
    Imported again =
        new Imported(
            adopt(first.id()),
            Optional.of("3000000000000099"),
            Optional.of(first.serial()),
            Optional.of("u9"));
    UnitEntry restored =
        make(
            new Wanted(
                TARGET,
                0,
                0,
                512,
                "rbd",
                List.of(),
                new UnitAttributes(
                    false, false, UnitAttributes.Provisioning.THIN, 4096, Optional.of(again))));
    assertEquals(first.id(), restored.vendorSpecific());
  }

  @Test
  void oneThatIsInThisClusterKeepsItsVolume() {
    UnitEntry living =
        make(new Wanted(TARGET, 3, 1 << 20, 512, "rbd", List.of(), UnitAttributes.DEFAULT));
    Throwable failure =
        assertThrows(
                CompletionException.class,
                () -> make(restored(0, adopt(living.id()), living.id(), "3000000000000077")))
            .getCause();
    assertEquals("formerUnit", assertInstanceOf(Refusal.class, failure).field());
    assertEquals(List.of(), adoptedFrom);
  }

  @Test
  void anNaaOfThisClusterIsNotGivenToAnother() {
    make(restored(0, adopt("lost"), "u1", "3000000000000077"));
    Throwable failure =
        assertThrows(
                CompletionException.class,
                () -> make(restored(1, adopt("lost-too"), "u2", "3000000000000077")))
            .getCause();
    assertEquals("naa", assertInstanceOf(Refusal.class, failure).field());
  }

  @Test
  void whatWasRestoredAndDeletedCanBeTakenAgain() {
    Wanted wanted = restored(0, adopt("lost"), "u1", "3000000000000077");
    UnitEntry first = make(wanted);
    luns.clear();
    view.apply(Entries.target(TARGET, luns));
    known(first.nextPreferred(List.of()).asDeleted());
    UnitEntry second = make(wanted);
    assertNotEquals(first.id(), second.id());
    assertEquals("3000000000000077", second.designator().text());
    assertEquals(List.of("u1", first.id()), adoptedFrom);
  }

  /** Some gateway may still serve the deleted unit by that name. */
  @Test
  void aNameGoesToAnotherVolumeOnceNoLeaseIsLeft() {
    UnitEntry first = make(0, "disk_1", NAA, "s1", 0);
    known(first.nextPreferred(List.of()).asDeleted());
    luns.clear();
    UnitEntry second = make(0, adopt("disk_2"), NAA, "s1", 0);
    assertEquals(second.id(), reserved.get("naa:" + NAA).unitId());
    assertEquals(2, leasesWaitedFor);
  }

  @Test
  void aMappingOfADeletedUnitIsNoUnit() {
    UnitEntry first = make(0, "disk_1", NAA, "s1", 0);
    known(first.nextPreferred(List.of()).asDeleted());
    UnitEntry second = make(0, "disk_1", NAA, "s1", 0);
    assertNotEquals(first.id(), second.id());
    assertEquals(Map.of(0, second.id()), luns);
  }
}
