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
import java.util.concurrent.CompletionStage;

/**
 * One unit on one gateway. A stand-in: it does what {@code cluster.unit.LunActor} does, which is an
 * actor. The paths that follow from the view are the product's {@link Paths}, and so are the data
 * path that it drives and the way by which it hands a unit over.
 */
final class SimulatedLun {
  private static final long REPEAT = 300 * Scheduler.MS;
  private static final long OPEN_BOUND = 5 * Scheduler.SECOND;

  private final GatewayLife life;
  private final SimulatedLuns luns;
  private UnitEntry unit;
  private List<GatewayEntry> exporters;
  private Optional<GatewayEntry> owner;
  private boolean claimed;
  private boolean handedOver;
  private PathStates published;
  private OptionalLong openEpoch = OptionalLong.empty();
  private boolean busy;
  private boolean repeats;

  /** Numbers of waits for the store to be open. */
  private long waits;

  /** Epoch under which the store is to be open and is not; or 0. */
  private long awaitedEpoch;

  private boolean tooLong;

  /** Epoch under which what is open has been served; or 0. */
  private long servedEpoch;

  /** Epoch of what was served and is being released; or 0. */
  private long releasing;

  /** Epoch of the last claim that could not be opened. */
  private long droppedClaim;

  /** Version of the entry by which it was said that the store can't be opened. */
  private long givenUp;

  private String whyNotOpen = "";

  SimulatedLun(GatewayLife life, SimulatedLuns luns) {
    this.life = life;
    this.luns = luns;
  }

  void changed(
      UnitEntry now,
      List<GatewayEntry> exportedBy,
      Optional<GatewayEntry> ownedBy,
      boolean byClaim,
      boolean byHandOver) {
    unit = now;
    exporters = exportedBy;
    owner = ownedBy;
    claimed = byClaim;
    handedOver = byHandOver;
    life.dataPath().share(unit);
    reconcile();
  }

  private boolean isMine() {
    return unit.ownership().ownedBy(life.name(), life.incarnation());
  }

  private boolean isToServe(long epoch) {
    return isMine()
        && unit.ownership().phase() == Phase.SERVING
        && unit.ownership().epoch() == epoch;
  }

  private void giveUp() {
    long epoch = unit.ownership().epoch();
    if (!isGivenUp()) {
      life.world().gaveUp(life);
    }
    if (!claimed && life.world().lacks(Mutation.GIVEN_UP_OPENS_AGAIN)) {
      life.tellEntity(unit.id(), openFailed(epoch));
    } else if (!claimed) {
      givenUp = unit.version();
    } else if (droppedClaim != epoch) {
      droppedClaim = epoch;
      life.process().after(1, () -> luns.dropped(unit.id(), epoch));
    }
  }

  private boolean isGivenUp() {
    if (claimed) {
      return droppedClaim == unit.ownership().epoch();
    }
    boolean asked =
        wasHandedOver() && !life.world().lacks(Mutation.OPENS_AGAIN_WHAT_IT_HANDED_OVER);
    return unit.ownership().phase() == Phase.SERVING && (asked || unit.version() <= givenUp);
  }

  private boolean wasHandedOver() {
    return isMine() && life.handOver().asked(unit.id(), unit.ownership().epoch());
  }

  private boolean isToTellOfHandOver(boolean open) {
    return claimed
        && handedOver
        && (isMine() ? open : life.handOver().asked(unit.id(), unit.ownership().epoch() - 1));
  }

  private LogicalUnit.OpenFailed openFailed(long epoch) {
    return new LogicalUnit.OpenFailed(
        life.name(), life.incarnation(), epoch, whyNotOpen, unit.version());
  }

  private void reconcile() {
    Ownership now = unit.ownership();
    boolean mine = isMine();
    if (busy
        && tooLong
        && awaitedEpoch == now.epoch()
        && isToServe(now.epoch())
        && releasing < now.epoch()) {
      giveUp();
    }
    boolean due = mine && (now.phase() == Phase.ACQUIRING || now.phase() == Phase.SERVING);
    boolean wanted = due && !isGivenUp();
    boolean open = openEpoch.isPresent() && openEpoch.getAsLong() == now.epoch();
    awaitOpen(due && !open ? now.epoch() : 0);
    life.dataPath().resize(unit);
    publish(mine, open && wanted);
    if (busy) {
      if (mine && (now.phase() == Phase.ACQUIRING || now.phase() == Phase.RELEASING)) {
        repeat(new LogicalUnit.Get(null));
      } else if (mine && isGivenUp() && !claimed) {
        repeat(openFailed(now.epoch()));
      }
      return;
    }
    if (openEpoch.isPresent() && !(wanted && open)) {
      release();
    } else if (wanted && !open) {
      open(now.epoch());
    } else if (mine && now.phase() == Phase.ACQUIRING) {
      repeat(new LogicalUnit.Opened(life.name(), life.incarnation(), now.epoch()));
    } else if (mine && now.phase() == Phase.RELEASING && !wasHandedOver() && handOver()) {
      again();
    } else if (mine && now.phase() == Phase.RELEASING) {
      long seen =
          life.world().lacks(Mutation.RELEASED_WITHOUT_VERSION) ? Long.MAX_VALUE : unit.version();
      repeat(new LogicalUnit.Released(life.name(), life.incarnation(), now.epoch(), seen));
    } else if (mine && isGivenUp() && !claimed) {
      repeat(openFailed(now.epoch()));
    } else if (isToTellOfHandOver(open)) {
      repeat(new LogicalUnit.HandedOver(life.name(), life.incarnation(), now.epoch(), now.cause()));
    }
  }

  private void release() {
    if (life.world().lacks(Mutation.HANDED_OVER_BEFORE_RELEASED)
        && isMine()
        && unit.ownership().phase() == Phase.RELEASING
        && !wasHandedOver()) {
      life.handOver().ask(unit);
    }
    busy = true;
    releasing = servedEpoch;
    servedEpoch = 0;
    openEpoch = OptionalLong.empty();
    life.dataPath()
        .release(unit, false)
        .whenComplete(
            (done, failure) -> {
              busy = false;
              releasing = 0;
              reconcile();
            });
    again();
  }

  private void open(long epoch) {
    busy = true;
    awaitOpen(0); // The opening has all of its time.
    awaitOpen(epoch);
    life.dataPath().open(unit, epoch).whenComplete((done, failure) -> opened(epoch, failure));
    again();
  }

  private void opened(long epoch, Throwable failure) {
    busy = false;
    if (failure == null) {
      openEpoch = OptionalLong.of(epoch);
      reconcile();
      if (claimed && isToServe(epoch) && !isGivenUp()) {
        life.process().after(1, () -> luns.opened(unit.id(), epoch));
      }
      return;
    }
    whyNotOpen = String.valueOf(failure.getMessage());
    if (isToServe(epoch)) {
      giveUp();
      reconcile();
      return;
    }
    life.tellEntity(unit.id(), openFailed(epoch));
    again();
  }

  /** Gives the unit to its successor by the row, if that can be tried. */
  private boolean handOver() {
    Optional<CompletionStage<Boolean>> asked = life.handOver().ask(unit);
    asked.ifPresent(
        granted -> {
          busy = true;
          var unused =
              granted.whenComplete(
                  (given, failure) -> life.process().after(1, () -> handOverEnded(given)));
        });
    return asked.isPresent();
  }

  private void handOverEnded(boolean granted) {
    busy = false;
    if (granted && isMine() && unit.ownership().phase() == Phase.RELEASING) {
      again(); // The successor tells the entity. Should it not, this gateway does.
    } else {
      reconcile();
    }
  }

  private void awaitOpen(long epoch) {
    if (epoch == awaitedEpoch) {
      return;
    }
    awaitedEpoch = epoch;
    tooLong = false;
    long wait = ++waits;
    if (epoch > 0) {
      life.process().after(OPEN_BOUND, () -> openTooLong(wait));
    }
  }

  private void openTooLong(long wait) {
    if (awaitedEpoch > 0 && wait == waits) {
      tooLong = true;
      whyNotOpen = "it was not open in time";
      reconcile();
    }
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
    if (way == DataPath.Way.LOCAL) {
      servedEpoch = epoch;
    }
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
