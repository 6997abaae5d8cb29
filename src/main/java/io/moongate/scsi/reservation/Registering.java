package io.moongate.scsi.reservation;

import io.moongate.scsi.Nexus;
import io.moongate.scsi.sense.CheckCondition;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.sense.UnitAttention;
import io.moongate.scsi.shared.Notice;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * REGISTER and REGISTER AND IGNORE EXISTING KEY (SPC-4 section 5.13.7).
 *
 * @param by where the command came from
 * @param key RESERVATION KEY
 * @param newKey SERVICE ACTION RESERVATION KEY; 0 unregisters
 * @param ignoresExistingKey whether RESERVATION KEY does not matter
 * @param persist APTPL
 * @param otherPorts the initiator port with every other target port, when ALL_TG_PT is set
 * @param specifies SPEC_I_PT
 * @param specified nexuses of the initiator ports that are named then; none of them may be
 *     registered under another key, or whoever sent the command would believe that they have its
 */
record Registering(
    Nexus by,
    long key,
    long newKey,
    boolean ignoresExistingKey,
    boolean persist,
    List<Nexus> otherPorts,
    boolean specifies,
    List<Nexus> specified) {

  Outcome apply(Reservations present) {
    if (present.basicHolder() != null || !keyIsRight(present)) {
      return Outcome.conflict(present);
    }
    boolean registered = present.of(by) != null;
    if (!registered && newKey == 0) {
      return Outcome.good(present);
    }
    if (specifies && (registered || specified.stream().anyMatch(port -> isOther(present, port)))) {
      throw new CheckCondition(Sense.invalidParameter(PersistentReserveOut.FLAGS));
    }
    return newKey == 0 ? unregister(present) : register(present);
  }

  private boolean isOther(Reservations present, Nexus port) {
    Registration registration = present.of(port);
    return registration != null && registration.key() != newKey;
  }

  /**
   * ALL_TG_PT is to have the effect of the same request through each target port. When a request
   * through another of them would conflict, nothing is changed at all.
   */
  private boolean keyIsRight(Reservations present) {
    if (ignoresExistingKey) {
      return true;
    }
    Registration own = present.of(by);
    if (own == null ? key != 0 : own.key() != key) {
      return false;
    }
    return otherPorts.stream()
        .map(present::of)
        .allMatch(other -> other == null || other.key() == key || other.key() == newKey);
  }

  private Outcome register(Reservations present) {
    Reservations next = present.with(by, newKey);
    for (Nexus nexus : otherPorts) {
      next = next.with(nexus, newKey);
    }
    for (Nexus nexus : specified) {
      next = next.with(nexus, newKey);
    }
    if (next.registrations().size() > Reservations.MOST_REGISTRATIONS) {
      throw new CheckCondition(Sense.INSUFFICIENT_REGISTRATION_RESOURCES);
    }
    return Outcome.good(next.persisting(persist).counted());
  }

  private Outcome unregister(Reservations present) {
    Set<Nexus> gone = new HashSet<>(otherPorts);
    gone.add(by);
    Reservations next = present.without(gone).persisting(persist).counted();
    return released(present, gone) ? release(next) : Outcome.good(next);
  }

  /** The reservation goes with its holder; with the last one when all registrants hold it. */
  private static boolean released(Reservations present, Set<Nexus> gone) {
    if (present.type() == null) {
      return false;
    }
    return present.type().heldByAllRegistrants()
        ? present.registeredBut(gone).isEmpty()
        : gone.contains(present.holder());
  }

  private static Outcome release(Reservations unregistered) {
    List<Nexus> left = unregistered.registeredBut(Set.of());
    boolean tells = unregistered.type().includesRegistrants() && !left.isEmpty();
    return Outcome.good(
        unregistered.released(),
        tells ? List.of(Notice.attention(UnitAttention.RESERVATIONS_RELEASED, left)) : List.of());
  }
}
