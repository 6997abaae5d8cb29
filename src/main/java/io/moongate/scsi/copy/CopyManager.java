package io.moongate.scsi.copy;

import io.moongate.scsi.Naa;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.SenseKey;
import io.moongate.scsi.task.NotExecuted;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The copy manager of one logical unit (SPC-4 section 5.17): which copies are under way, and what
 * is still known of those that have ended. Thread-safe.
 */
public final class CopyManager {
  private static final Sense OPERATION_IN_PROGRESS = Sense.of(SenseKey.ILLEGAL_REQUEST, 0x0016);

  /** What is known by a list identifier. */
  private record Key(Nexus nexus, int listId) {}

  /** A copy that has one; its parts are discarded one by one as they are asked for. */
  private static final class Known {
    final CopyState state;
    boolean statusTold;
    boolean detailsTold;
    boolean held;

    Known(CopyState state) {
      this.state = state;
    }

    boolean ended() {
      return state.end().isPresent();
    }
  }

  private final ThirdPartyCopy shared;
  private final CopyParty self;
  private final Map<Key, Known> known = new LinkedHashMap<>();
  private int running;

  /**
   * @param self the unit that it belongs to
   */
  public CopyManager(ThirdPartyCopy shared, CopyParty self) {
    this.shared = shared;
    this.self = self;
  }

  ThirdPartyCopy shared() {
    return shared;
  }

  /** The unit of that name, if the nexus could send it commands itself. */
  Optional<CopyParty> find(Nexus nexus, Naa naa) {
    return naa.equals(self.identity().naa()) ? Optional.of(self) : shared.find(nexus, naa);
  }

  /**
   * A copy begins. BUSY when there are too many.
   *
   * @param list says whether it has a list identifier, which none that is under way may have then
   */
  synchronized CopyState begin(Nexus nexus, ParameterList list) {
    Key key = new Key(nexus, list.listId());
    Known before = list.identified() ? known.get(key) : null;
    if (before != null && !before.ended()) {
      throw new CheckCondition(OPERATION_IN_PROGRESS, list.length());
    }
    if (running >= shared.settings().maxCopiesPerUnit() || !shared.begin()) {
      throw NotExecuted.INSTANCE;
    }
    running++;
    CopyState state = new CopyState();
    if (list.identified()) {
      remove(key);
      known.put(key, new Known(state));
    }
    return state;
  }

  /** A copy has ended. What it came to is kept when the host wants it and there is room. */
  synchronized void end(Nexus nexus, ParameterList list, CopyState state, CopyState.End how) {
    running--;
    shared.end();
    state.ended(how);
    Key key = new Key(nexus, list.listId());
    Known mine = known.get(key);
    if (mine == null || mine.state != state) {
      return; // without an identifier, or the nexus is gone or was reset
    }
    mine.held = list.resultsWanted() && (shared.hold() || dropOldest() && shared.hold());
    if (!mine.held) {
      known.remove(key);
    }
  }

  private boolean dropOldest() {
    for (Map.Entry<Key, Known> each : known.entrySet()) {
      if (each.getValue().held) {
        remove(each.getKey());
        return true;
      }
    }
    return false;
  }

  private void remove(Key key) {
    Known removed = known.remove(key);
    if (removed != null && removed.held) {
      shared.drop();
    }
  }

  /** For RECEIVE COPY STATUS; once that of a copy that has ended was told it is discarded. */
  synchronized Optional<CopyState> status(Nexus nexus, int listId) {
    Key key = new Key(nexus, listId);
    Known found = known.get(key);
    if (found == null || found.statusTold) {
      return Optional.empty();
    }
    if (found.ended()) {
      found.statusTold = true;
      if (found.detailsTold || found.state.end().orElseThrow().success()) {
        remove(key);
      }
    }
    return Optional.of(found.state);
  }

  /** For RECEIVE COPY FAILURE DETAILS, of a copy that has ended; discarded when told. */
  synchronized Optional<CopyState.End> details(Nexus nexus, int listId) {
    Key key = new Key(nexus, listId);
    Known found = known.get(key);
    if (found == null || found.detailsTold || !found.ended()) {
      return Optional.empty();
    }
    CopyState.End end = found.state.end().orElseThrow();
    if (!end.success()) {
      found.detailsTold = true;
      if (found.statusTold) {
        remove(key);
      }
    }
    return Optional.of(end);
  }

  /** Whether a copy with this identifier is known and has ended. */
  synchronized boolean hasEnded(Nexus nexus, int listId) {
    Known found = known.get(new Key(nexus, listId));
    return found != null && found.ended();
  }

  /** The nexus is gone, and with it what is held for it. */
  public synchronized void forget(Nexus nexus) {
    for (Iterator<Map.Entry<Key, Known>> all = known.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Key, Known> each = all.next();
      if (each.getKey().nexus().equals(nexus)) {
        all.remove();
        if (each.getValue().held) {
          shared.drop();
        }
      }
    }
  }

  /** The unit was reset: nothing is held any more. */
  public synchronized void reset() {
    known.values().stream().filter(each -> each.held).forEach(each -> shared.drop());
    known.clear();
  }
}
