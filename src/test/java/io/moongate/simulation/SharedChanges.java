package io.moongate.simulation;

import io.moongate.cluster.Answer;
import io.moongate.cluster.Metadata.Refusal.Kind;
import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.UnitEntry;
import io.moongate.scsi.shared.SharedState;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Changes of what the device servers of a unit share, which a gateway makes as its owner. A
 * stand-in for {@code cluster.unit.ClusterPeers} and for {@code scsi.shared.SharedUnit}: one change
 * of a unit at a time, asked of the entity until it is known to be recorded or the bound is over.
 */
final class SharedChanges {
  private static final long BOUND = 8 * Scheduler.SECOND;
  private static final long ATTEMPT = 2 * Scheduler.SECOND;
  private static final long PAUSE = 100 * Scheduler.MS;

  private final GatewayLife life;
  private final Set<String> underWay = new TreeSet<>();

  SharedChanges(GatewayLife life) {
    this.life = life;
  }

  /** A host asks for a change; nothing happens when this gateway does not serve the unit. */
  void begin(String unitId, String name) {
    WatchedUnit here = life.units().get(unitId);
    if (here == null || here.servedHere() == WatchedUnit.NONE || !underWay.add(unitId)) {
      return;
    }
    SharedState next = here.shared().as(here.sharedVersion() + 1, name);
    life.world().trace(() -> "%s begins %s of %s".formatted(life, name, unitId));
    new Change(here, unitId, here.servedHere(), next).attempt();
  }

  private final class Change {
    private final WatchedUnit here;
    private final String unitId;
    private final long epoch;
    private final SharedState next;
    private final long until = life.process().nanoTime() + BOUND;

    Change(WatchedUnit here, String unitId, long epoch, SharedState next) {
      this.here = here;
      this.unitId = unitId;
      this.epoch = epoch;
      this.next = next;
    }

    void attempt() {
      if (life.process().nanoTime() - until >= 0) {
        underWay.remove(unitId); // Nothing is known of it.
        return;
      }
      life.recordWanted(unitId);
      ask(
          new LogicalUnit.ChangeShared(
              life.name(), life.incarnation(), epoch, next, next.change(), null),
          this::answered);
    }

    private void answered(Optional<Answer> answer) {
      Answer said = answer.orElse(null);
      if (said instanceof Answer.Accepted) {
        recorded();
      } else if (said instanceof Answer.Refused refused && refused.kind() != Kind.UNAVAILABLE) {
        ask(new LogicalUnit.Get(null), this::refused);
      } else {
        life.process().after(PAUSE, this::attempt);
      }
    }

    /** An earlier question may have been granted: what is recorded says so. */
    private void refused(Optional<Answer> answer) {
      if (answer.orElse(null) instanceof Answer.Accepted accepted) {
        SharedState known = ((UnitEntry) accepted.entry()).shared();
        if (known.change().equals(next.change())) {
          recorded();
          return;
        }
        here.share(known);
      }
      underWay.remove(unitId);
    }

    private void recorded() {
      underWay.remove(unitId);
      here.share(next);
      life.world().changeAccepted(life, unitId, next.version());
    }

    /** The first answer, or none within the bound. */
    private void ask(LogicalUnit.Command command, Consumer<Optional<Answer>> then) {
      boolean[] over = {false};
      Consumer<Optional<Answer>> first =
          answer -> {
            if (!over[0]) {
              over[0] = true;
              then.accept(answer);
            }
          };
      life.askEntity(unitId, command, answer -> first.accept(Optional.of(answer)));
      life.process().after(ATTEMPT, () -> first.accept(Optional.empty()));
    }
  }
}
