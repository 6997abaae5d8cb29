package io.moongate.cluster.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moongate.cluster.Metadata.Refusal;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.Refusals;
import io.moongate.cluster.VolumeProvisioner;
import io.moongate.cluster.VolumeStores;
import io.moongate.cluster.entity.EntityKit;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.Entries;
import io.moongate.cluster.view.UnitAttributes;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.cluster.view.View;
import io.moongate.scsi.shared.Rollback;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is recorded, and what the owner is asked, and in which order. */
class ClusterSnapshotsTest {
  private static final String UNIT = "unit-1";

  private final ActorTestKit kit =
      ActorTestKit.create(
          EntityKit.serialization()
              .withFallback(com.typesafe.config.ConfigFactory.load("reference")));
  private final View view = new View();
  private final Map<String, Snapshot> stored = new TreeMap<>();
  private final List<String> done = new CopyOnWriteArrayList<>();
  private Refusal ownerRefuses;
  private boolean inUse;
  private Consumer<UnitEntry> afterTelling = entry -> {};
  private ClusterSnapshots snapshots;

  @BeforeEach
  void start() throws Exception {
    view.apply(Entries.up("gw1", 1));
    view.apply(Entries.unit(UNIT, 1, Phase.SERVING, 7, "gw1"));
    kit.spawn(SnapshotWork.create("gw1-p1", new Owner()));
    for (boolean found = false; !found; ) {
      Receptionist.Listing listing =
          AskPattern.<Receptionist.Command, Receptionist.Listing>ask(
                  kit.system().receptionist(),
                  replyTo -> Receptionist.find(SnapshotWork.key("gw1-p1"), replyTo),
                  java.time.Duration.ofSeconds(10),
                  kit.scheduler())
              .toCompletableFuture()
              .get();
      found = !listing.getServiceInstances(SnapshotWork.key("gw1-p1")).isEmpty();
    }
    snapshots =
        new ClusterSnapshots(
            kit.system(),
            view,
            (unitId, command) -> {
              LogicalUnit.Command asked = command.apply(kit.system().ignoreRef());
              UnitEntry unit = view.unit(unitId).orElseThrow();
              if (asked instanceof LogicalUnit.RollBack wanted) {
                done.add("record rollback to " + wanted.snapshot());
                return CompletableFuture.completedStage(
                    unit.nextRollback(Rollback.begun(wanted.snapshot(), wanted.id()), wanted.id()));
              }
              LogicalUnit.OrderSnapshot order = (LogicalUnit.OrderSnapshot) asked;
              done.add("record %s %s: %s".formatted(order.order(), order.name(), order.cause()));
              return CompletableFuture.completedStage(unit);
            },
            new Store(),
            new Guard());
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private static Snapshot snapshot(String name, int clones, boolean locked) {
    return new Snapshot(name, 4096, Entries.NOW, clones, locked);
  }

  private final class Guard implements ClusterSnapshots.Guard {
    @Override
    public CompletionStage<Void> requireNoSessions(String unitId) {
      return inUse
          ? Refusals.refuse(Kind.CONFLICT, "id", "1 sessions are logged in")
          : CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Void> tell(UnitEntry entry) {
      view.apply(entry);
      afterTelling.accept(entry);
      done.add("tell");
      return CompletableFuture.completedStage(null);
    }
  }

  private final class Owner implements OpenUnits {
    @Override
    public CompletionStage<Snapshot> makeSnapshot(String unitId, long epoch, String name) {
      done.add("make %s of %s under %d".formatted(name, unitId, epoch));
      if (ownerRefuses != null) {
        return CompletableFuture.failedStage(ownerRefuses);
      }
      stored.put(name, snapshot(name, 0, false));
      return CompletableFuture.completedStage(stored.get(name));
    }

    @Override
    public CompletionStage<Void> deleteSnapshot(String unitId, long epoch, String name) {
      done.add("delete %s of %s under %d".formatted(name, unitId, epoch));
      stored.remove(name);
      return CompletableFuture.completedStage(null);
    }
  }

  private final class Store implements VolumeProvisioner {
    @Override
    public Set<String> kinds() {
      return Set.of("memory");
    }

    @Override
    public CompletionStage<List<VolumeStores.Store>> stores() {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<List<VolumeStores.StoredVolume>> volumes(
        String kind, String after, int most) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<List<Snapshot>> snapshots(String kind, String volume) {
      return CompletableFuture.completedStage(List.copyOf(stored.values()));
    }

    @Override
    public CompletionStage<Void> requireDeletable(String kind, String volume) {
      return stored.isEmpty()
          ? CompletableFuture.completedStage(null)
          : Refusals.refuse(Kind.CONFLICT, "id", "it has snapshots");
    }

    @Override
    public CompletionStage<Void> create(
        String kind, String volume, long size, int block, UnitAttributes.Provisioning how) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Long> adopt(
        String kind, String volume, String unitId, Optional<String> former, int blockSize) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> grow(String kind, String volume, long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Long> clone(
        String kind, String volume, String source, String snapshot, int blockSize) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> delete(String kind, String volume, String unitId) {
      throw new UnsupportedOperationException();
    }
  }

  private static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static Refusal refusal(CompletionStage<?> stage) {
    return assertInstanceOf(
        Refusal.class, assertThrows(CompletionException.class, () -> get(stage)).getCause());
  }

  @Test
  void itIsRecordedAndThenDoneByTheOwner() {
    Snapshots.Made made = get(snapshots.make(UNIT, "s", "asked"));
    assertFalse(made.there());
    assertEquals("s", made.snapshot().name());
    assertEquals(List.of("record MAKE s: asked", "make s of unit-1 under 7"), done);
    assertEquals(List.of(made.snapshot()), get(snapshots.of(UNIT)));
    assertTrue(get(snapshots.make(UNIT, "s", "again")).there());
    assertEquals(2, done.size(), "nothing more");
    get(snapshots.delete(UNIT, "s", "gone"));
    get(snapshots.delete(UNIT, "s", "gone"));
    assertEquals(
        List.of("record DELETE s: gone", "delete s of unit-1 under 7"), done.subList(2, 4));
    assertEquals(4, done.size(), "nothing more");
  }

  @Test
  void whatIsInUseIsKeptAndNothingIsRecorded() {
    stored.put("used", snapshot("used", 2, false));
    stored.put("locked", snapshot("locked", 0, true));
    assertEquals(Kind.CONFLICT, refusal(snapshots.delete(UNIT, "used", "gone")).kind());
    assertEquals(Kind.CONFLICT, refusal(snapshots.delete(UNIT, "locked", "gone")).kind());
    assertEquals(
        Kind.CONFLICT, refusal(snapshots.requireDeletable(view.unit(UNIT).orElseThrow())).kind());
    assertEquals(List.of(), done);
  }

  @Test
  void withoutAnOwnerNothingIsRecorded() {
    view.apply(Entries.unit(UNIT, 2, Phase.RELEASING, 7, "gw1"));
    Refusal moving = refusal(snapshots.make(UNIT, "s", "asked"));
    assertEquals(Kind.UNAVAILABLE, moving.kind());
    assertTrue(moving.getMessage().contains("RELEASING"), moving.getMessage());
    view.apply(Entries.unit(UNIT, 3, Phase.SERVING, 8, "gw2"));
    Refusal gone = refusal(snapshots.make(UNIT, "s", "asked"));
    assertEquals(Kind.UNAVAILABLE, gone.kind());
    assertTrue(gone.getMessage().contains("gw2"), gone.getMessage());
    assertEquals(List.of(), done);
    assertEquals(List.of(), get(snapshots.of(UNIT)), "they are listed all the same");
    assertEquals(Kind.NOT_FOUND, refusal(snapshots.of("unit-2")).kind());
  }

  @Test
  void aRollbackIsRecordedToldAndWaitedFor() {
    stored.put("s", snapshot("s", 0, false));
    assertEquals(Kind.NOT_FOUND, refusal(snapshots.rollBack(UNIT, "other", "r1", "asked")).kind());
    inUse = true;
    assertEquals(Kind.CONFLICT, refusal(snapshots.rollBack(UNIT, "s", "r2", "asked")).kind());
    inUse = false;
    assertEquals(List.of(), done);
    CompletableFuture<UnitEntry> rolled =
        snapshots.rollBack(UNIT, "s", "r3", "asked").toCompletableFuture();
    while (done.size() < 2) {
      Thread.onSpinWait();
    }
    assertEquals(List.of("record rollback to s", "tell"), done);
    assertFalse(rolled.isDone(), "it goes on");
    UnitEntry going = view.unit(UNIT).orElseThrow();
    UnitEntry ended = going.nextRollback(going.shared().rollback().ended(""), "ended");
    view.apply(ended);
    assertEquals(ended, rolled.join());
    inUse = true;
    assertEquals(
        ended, get(snapshots.rollBack(UNIT, "s", "r3", "again")), "not done again, nor refused");
    inUse = false;
    afterTelling =
        entry ->
            view.apply(
                entry.nextRollback(entry.shared().rollback().ended("it is flattened"), "failed"));
    Refusal refused = refusal(snapshots.rollBack(UNIT, "s", "r4", "asked"));
    assertEquals(Kind.CONFLICT, refused.kind());
    assertEquals("nothing was changed: it is flattened", refused.getMessage());
  }

  @Test
  void whatTheOwnerRefusesIsToldAsItIs() {
    ownerRefuses = new Refusal(Kind.UNAVAILABLE, "name", "a write hangs");
    Refusal refused = refusal(snapshots.make(UNIT, "s", "asked"));
    assertEquals(Kind.UNAVAILABLE, refused.kind());
    assertEquals("name", refused.field());
    assertEquals("a write hangs", refused.getMessage());
  }
}
