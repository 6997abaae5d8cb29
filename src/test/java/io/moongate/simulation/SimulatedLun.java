package io.moongate.simulation;

import io.moongate.cluster.unit.DataPath;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.GatewayEntry;
import io.moongate.cluster.view.Paths;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.cluster.view.UnitEntry.Ownership;
import io.moongate.cluster.view.UnitEntry.Phase;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.alua.TargetPortGroup;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * One unit on one gateway. A stand-in: it does what {@code cluster.unit.LunActor} does, which is an
 * actor. The paths that follow from the view are the product's {@link Paths}, and so is the data
 * path that it drives.
 */
final class SimulatedLun {
  private static final long REPEAT = 300 * Scheduler.MS;

  private final GatewayLife life;
  private UnitEntry unit;
  private List<GatewayEntry> exporters;
  private Optional<GatewayEntry> owner;
  private PathStates published;
  private OptionalLong openEpoch = OptionalLong.empty();
  private boolean busy;
  private boolean repeats;

  SimulatedLun(GatewayLife life) {
    this.life = life;
  }

  void changed(UnitEntry now, List<GatewayEntry> exportedBy, Optional<GatewayEntry> ownedBy) {
    unit = now;
    exporters = exportedBy;
    owner = ownedBy;
    life.dataPath().share(unit);
    reconcile();
  }

  private void reconcile() {
    Ownership now = unit.ownership();
    boolean mine = now.ownedBy(life.name(), life.incarnation());
    boolean wanted = mine && (now.phase() == Phase.ACQUIRING || now.phase() == Phase.SERVING);
    boolean open = openEpoch.isPresent() && openEpoch.getAsLong() == now.epoch();
    life.dataPath().resize(unit);
    publish(mine, open && wanted);
    if (busy) {
      if (mine && (now.phase() == Phase.ACQUIRING || now.phase() == Phase.RELEASING)) {
        repeat(new LogicalUnit.Get(null));
      }
      return;
    }
    if (openEpoch.isPresent() && !(wanted && open)) {
      busy = true;
      openEpoch = OptionalLong.empty();
      life.dataPath()
          .release(unit, false)
          .whenComplete(
              (done, failure) -> {
                busy = false;
                reconcile();
              });
      again();
    } else if (wanted && !open) {
      busy = true;
      long epoch = now.epoch();
      life.dataPath().open(unit, epoch).whenComplete((done, failure) -> opened(epoch, failure));
      again();
    } else if (mine && now.phase() == Phase.ACQUIRING) {
      repeat(new LogicalUnit.Opened(life.name(), life.incarnation(), now.epoch()));
    } else if (mine && now.phase() == Phase.RELEASING) {
      long seen =
          life.world().lacks(Mutation.RELEASED_WITHOUT_VERSION) ? Long.MAX_VALUE : unit.version();
      repeat(new LogicalUnit.Released(life.name(), life.incarnation(), now.epoch(), seen));
    }
  }

  private void opened(long epoch, Throwable failure) {
    busy = false;
    if (failure == null) {
      openEpoch = OptionalLong.of(epoch);
      reconcile();
      return;
    }
    life.tellEntity(
        unit.id(),
        new LogicalUnit.OpenFailed(
            life.name(),
            life.incarnation(),
            epoch,
            String.valueOf(failure.getMessage()),
            // It tries again, so it must not be believed where it might be serving by then.
            unit.ownership().phase() == Phase.ACQUIRING ? unit.version() : 0));
    again();
  }

  private void publish(boolean mine, boolean openForThisEpoch) {
    boolean served = Paths.served(unit, owner);
    DataPath.Way way = DataPath.Way.HELD;
    if (served && !mine) {
      way = DataPath.Way.REMOTE;
    } else if (served && openForThisEpoch) {
      way = DataPath.Way.LOCAL;
    }
    long epoch = unit.ownership().epoch();
    List<TargetPortGroup> groups = Paths.groups(unit, exporters, owner);
    if (published != null
        && published.epoch() == epoch
        && published.serving() == (way != DataPath.Way.HELD)
        && published.groups().equals(groups)) {
      return;
    }
    published =
        new PathStates(
            life.nextPublication(), epoch, way != DataPath.Way.HELD, life.portGroup(), 10, groups);
    DataPath.Way to = way;
    life.world().trace(() -> "%s %s epoch %d goes %s".formatted(life, unit.id(), epoch, to));
    life.dataPath()
        .publish(
            unit,
            published,
            way,
            owner,
            () -> CompletableFuture.failedStage(new UnsupportedOperationException()));
  }

  private void repeat(LogicalUnit.Command command) {
    life.tellEntity(unit.id(), command);
    again();
  }

  private void again() {
    if (!repeats) {
      repeats = true;
      life.process()
          .after(
              REPEAT,
              () -> {
                repeats = false;
                reconcile();
              });
    }
  }
}
