package io.moongate.scsi.reservation;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Notice;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * PREEMPT and PREEMPT AND ABORT (SPC-4 sections 5.13.11.3 and 5.13.11.4).
 *
 * @param by where the command came from
 * @param key RESERVATION KEY
 * @param victims SERVICE ACTION RESERVATION KEY: whose registrations go
 * @param type of the reservation that replaces a preempted one; null when the CDB has a scope or
 *     type that there is none of, which matters only if there is one to replace
 * @param aborts whether the tasks of those who are preempted are aborted
 */
record Preempting(Nexus by, long key, long victims, ReservationType type, boolean aborts) {

  Outcome apply(Reservations present) {
    if (present.basicHolder() != null || !present.isRegistered(by, key)) {
      return Outcome.conflict(present);
    }
    boolean allHold = present.type() != null && present.type().heldByAllRegistrants();
    if (victims == 0) {
      if (!allHold) {
        throw new CheckCondition(Sense.invalidParameter(8));
      }
      return replace(present, Set.copyOf(present.registeredBut(Set.of(by))));
    }
    Set<Nexus> matching = matching(present);
    if (matching.isEmpty()) {
      return Outcome.conflict(present);
    }
    if (present.type() != null && !allHold && matching.contains(present.holder())) {
      matching.remove(by);
      return replace(present, matching);
    }
    return remove(present, matching);
  }

  private Set<Nexus> matching(Reservations present) {
    Set<Nexus> matching = new HashSet<>();
    for (Registration each : present.registrations()) {
      if (each.key() == victims) {
        matching.add(each.nexus());
      }
    }
    return matching;
  }

  /** The reservation goes over to the preempting nexus, which stays registered. */
  private Outcome replace(Reservations present, Set<Nexus> preempted) {
    if (type == null) {
      throw new CheckCondition(Sense.invalidCdb(2));
    }
    Reservations next = present.without(preempted).reservedBy(by, type).counted();
    List<Notice> notices = notices(preempted);
    List<Nexus> others = next.registeredBut(Set.of(by));
    if (present.type() != type && !others.isEmpty()) {
      notices.add(Notice.attention(UnitAttention.RESERVATIONS_RELEASED, others));
    }
    return Outcome.good(next, notices);
  }

  /** Registrations only: the preempting nexus may lose its own too. */
  private Outcome remove(Reservations present, Set<Nexus> removed) {
    Reservations next = present.without(removed).counted();
    if (next.type() != null && next.registrations().isEmpty()) {
      next = next.released();
    }
    return Outcome.good(next, notices(removed));
  }

  /** The command's own nexus is not told, and the command itself not aborted. */
  private List<Notice> notices(Set<Nexus> preempted) {
    List<Nexus> others = preempted.stream().filter(nexus -> !nexus.equals(by)).toList();
    List<Notice> notices = new ArrayList<>();
    if (!others.isEmpty()) {
      notices.add(Notice.attention(UnitAttention.REGISTRATIONS_PREEMPTED, others));
    }
    if (aborts && !preempted.isEmpty()) {
      notices.add(Notice.abort(List.copyOf(preempted), by));
    }
    return notices;
  }
}
