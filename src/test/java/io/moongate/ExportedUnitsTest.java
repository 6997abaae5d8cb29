package io.moongate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.moongate.cluster.unit.DataPath;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.scsi.BlockUnit;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.UnitIdentity;
import io.moongate.scsi.shared.Rollback;
import io.moongate.scsi.shared.UnitPeers;
import io.moongate.volume.Volume;
import io.moongate.volume.VolumeException;
import io.moongate.volume.VolumeException.Reason;
import io.moongate.volume.VolumeGeometry;
import io.moongate.volume.VolumeStore;
import java.io.File;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What the device server of a unit is told of the kind of disk that it is. */
class ExportedUnitsTest {
  private static final ScsiSettings SETTINGS =
      ScsiSettings.from(ConfigFactory.parseFile(new File("conf/scsi.conf")).resolve());

  private final List<UnitIdentity> identities = new ArrayList<>();
  private final List<VolumeGeometry> geometries = new ArrayList<>();

  private final ExportedUnits units =
      new ExportedUnits(
          new Volumes(List.of()),
          owner -> null,
          (identity, geometry, alua) -> {
            identities.add(identity);
            geometries.add(geometry);
            return new BlockUnit(identity, geometry, alua, now -> true, UnitPeers.ALONE, SETTINGS);
          },
          (unit, group, cause) -> CompletableFuture.failedStage(new IllegalStateException()));

  private static UnitEntry entry(UnitAttributes attributes) {
    UnitEntry unit = Entries.unit("u0", 1, UnitEntry.Phase.SERVING, 1, "gw1");
    return new UnitEntry(
        unit.id(),
        unit.version(),
        0x3000_0000_0000_0001L,
        unit.serial(),
        unit.store(),
        1 << 20,
        512,
        unit.preferred(),
        unit.ownership(),
        false,
        0,
        attributes.initial("u0"),
        attributes);
  }

  @Test
  void aDiskLikeMost() {
    units.unit(entry(UnitAttributes.DEFAULT));
    assertFalse(identities.get(0).removable());
    assertTrue(geometries.get(0).unmap());
    assertEquals(8, geometries.get(0).blocksPerPhysical());
  }

  @Test
  void aDiskLikeFew() {
    units.unit(entry(new UnitAttributes(true, true, UnitAttributes.Provisioning.FULL, 512)));
    assertTrue(identities.get(0).removable());
    assertFalse(geometries.get(0).unmap());
    assertEquals(1, geometries.get(0).blocksPerPhysical());
  }

  /**
   * A LUN actor that was restarted releases what its predecessor may have opened, and says then
   * that nothing will touch the store any more.
   */
  @Test
  void aReleaseEndsAfterAnOpeningThatWasUnderWay() {
    CompletableFuture<Volume> opened = new CompletableFuture<>();
    CompletableFuture<Void> closed = new CompletableFuture<>();
    AtomicInteger closings = new AtomicInteger();
    UnitEntry entry = entry(UnitAttributes.DEFAULT);
    Volume volume =
        fake(
            Volume.class,
            method ->
                switch (method) {
                  case "fence" -> CompletableFuture.completedStage(null);
                  case "isAbandonable" -> false;
                  case "geometry" -> new VolumeGeometry(1 << 20, 512, false, 0, 0, true, 0, 4096);
                  case "close" -> {
                    closings.incrementAndGet();
                    yield closed;
                  }
                  default -> throw new IllegalStateException(method);
                });
    ExportedUnits exported = exported(opening(entry, opened));

    exported.open(entry, 1);
    CompletableFuture<Void> release = exported.release(entry, false).toCompletableFuture();
    CompletableFuture<Void> again = exported.release(entry, false).toCompletableFuture();
    assertFalse(release.isDone(), "the volume is being opened");
    opened.complete(volume);
    assertEquals(1, closings.get());
    assertFalse(release.isDone());
    assertFalse(again.isDone(), "the volume is being closed");
    closed.complete(null);
    assertTrue(release.isDone());
    assertTrue(again.isDone());
    assertEquals(1, closings.get());
  }

  /** The store refuses what is late of it once somebody else has fenced the volume. */
  @Test
  void whatHangsIsGivenUpWhereThatIsSafe() {
    List<String> asked = Collections.synchronizedList(new ArrayList<>());
    UnitEntry entry = entry(UnitAttributes.DEFAULT);
    Volume volume =
        fake(
            Volume.class,
            method -> {
              asked.add(method);
              return switch (method) {
                case "isAbandonable" -> true;
                case "health" -> Volume.Health.UNKNOWN;
                case "geometry" -> new VolumeGeometry(1 << 20, 512, false, 0, 0, true, 0, 4096);
                case "close" -> new CompletableFuture<Void>();
                case "abandon" -> null;
                default -> CompletableFuture.completedStage(null);
              };
            });
    ExportedUnits exported = exported(opening(entry, CompletableFuture.completedStage(volume)));
    exported.open(entry, 1);
    exported.release(entry, true).toCompletableFuture().join();
    assertTrue(asked.indexOf("flush") < asked.indexOf("abandon"), asked::toString);
    assertTrue(asked.contains("close"));
    assertEquals(Optional.empty(), exported.volume(entry.id()));
  }

  /** Only this volume knows that something may be lost, and can tell the hosts. */
  @Test
  void whatCannotBeFlushedStaysOpenUnlessItMust() {
    List<String> asked = new ArrayList<>();
    Reason[] flush = {Reason.LOST};
    UnitEntry entry = entry(UnitAttributes.DEFAULT);
    Volume volume =
        fake(
            Volume.class,
            method -> {
              asked.add(method);
              return switch (method) {
                case "isAbandonable" -> false;
                case "geometry" -> new VolumeGeometry(1 << 20, 512, false, 0, 0, true, 0, 4096);
                case "flush" ->
                    CompletableFuture.failedStage(new VolumeException(flush[0], "a sync failed"));
                default -> CompletableFuture.completedStage(null);
              };
            });
    ExportedUnits exported = exported(opening(entry, CompletableFuture.completedStage(volume)));
    exported.open(entry, 1);
    CompletableFuture<Void> kept = exported.release(entry, true).toCompletableFuture();
    assertTrue(kept.isCompletedExceptionally());
    assertInstanceOf(
        DataPath.Kept.class, assertThrows(CompletionException.class, kept::join).getCause());
    assertFalse(asked.contains("close"));
    assertTrue(exported.volume(entry.id()).isPresent());
    flush[0] = Reason.FENCED;
    exported.release(entry, true).toCompletableFuture().join();
    assertTrue(asked.contains("close"), "it is another's already");
    asked.clear();
    flush[0] = Reason.LOST;
    exported.open(entry, 1);
    exported.release(entry, false).toCompletableFuture().join();
    assertTrue(asked.contains("close"));
    assertEquals(Optional.empty(), exported.volume(entry.id()));
  }

  /** The one is on record as ended then, the other is tried again. */
  @Test
  void aRollbackThatChangedNothingIsToldFromOneThatFailed() {
    Reason[] failure = {null};
    UnitEntry entry =
        entry(UnitAttributes.DEFAULT).nextRollback(Rollback.begun("daily", "r1"), "r1");
    Volume volume =
        fake(
            Volume.class,
            method ->
                switch (method) {
                  case "isAbandonable" -> false;
                  case "geometry" -> new VolumeGeometry(1 << 20, 512, false, 0, 0, true, 0, 4096);
                  case "rollBack" ->
                      failure[0] == null
                          ? CompletableFuture.completedStage(null)
                          : CompletableFuture.failedStage(new VolumeException(failure[0], "no"));
                  default -> CompletableFuture.completedStage(null);
                });
    ExportedUnits exported = exported(opening(entry, CompletableFuture.completedStage(volume)));
    assertThrows(
        CompletionException.class,
        () -> exported.rollBack(entry).toCompletableFuture().join(),
        "it is not open");
    exported.open(entry, 1);
    exported.rollBack(entry).toCompletableFuture().join();
    for (Reason reason : Reason.values()) {
      failure[0] = reason;
      Throwable told =
          assertThrows(
                  CompletionException.class,
                  () -> exported.rollBack(entry).toCompletableFuture().join())
              .getCause();
      boolean unchanged =
          reason == Reason.NOT_FOUND || reason == Reason.UNSUPPORTED || reason == Reason.RANGE;
      assertEquals(unchanged, told instanceof DataPath.NotRolledBack, reason + ": " + told);
    }
    assertTrue(exported.volume(entry.id(), 1).isPresent());
    assertEquals(Optional.empty(), exported.volume(entry.id(), 2), "of another epoch");
  }

  /** A store of the unit's kind, which opens a volume. */
  private static VolumeStore opening(UnitEntry entry, CompletionStage<Volume> volume) {
    return fake(VolumeStore.class, method -> method.equals("open") ? volume : entry.store());
  }

  private static ExportedUnits exported(VolumeStore store) {
    return new ExportedUnits(
        new Volumes(List.of(store)),
        owner -> null,
        (identity, geometry, alua) ->
            new BlockUnit(identity, geometry, alua, now -> true, UnitPeers.ALONE, SETTINGS),
        (unit, group, cause) -> CompletableFuture.failedStage(new IllegalStateException()));
  }

  private static <T> T fake(Class<T> kind, Function<String, Object> answers) {
    return kind.cast(
        Proxy.newProxyInstance(
            kind.getClassLoader(),
            new Class<?>[] {kind},
            (proxy, method, arguments) -> answers.apply(method.getName())));
  }
}
