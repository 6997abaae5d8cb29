package io.moongate.scsi.sense;

import io.moongate.scsi.Nexus;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The unit attention conditions of a logical unit, for each nexus (SAM-5 section 5.14). A condition
 * that is pending already is not queued again, so the queue of a nexus has at most one of each.
 * Thread-safe.
 */
public final class UnitAttentions {
  private static final UnitAttention[] ALL = UnitAttention.values();

  private final ConcurrentHashMap<Nexus, Integer> pending = new ConcurrentHashMap<>();

  /** Nexuses with at least one condition: what lets a command pass without a look at the map. */
  private final AtomicInteger nexusesWithSome = new AtomicInteger();

  /** The nexus begins, with a POWER ON condition. */
  public void attach(Nexus nexus) {
    pending.compute(nexus, (key, bits) -> with(bits == null ? 0 : bits, UnitAttention.POWER_ON));
  }

  /** The nexus ends. */
  public void detach(Nexus nexus) {
    pending.computeIfPresent(
        nexus,
        (key, bits) -> {
          if (bits != 0) {
            nexusesWithSome.decrementAndGet();
          }
          return null;
        });
  }

  /** The nexuses that exist. */
  public Set<Nexus> nexuses() {
    return Collections.unmodifiableSet(pending.keySet());
  }

  /** Establishes a condition for every nexus. */
  public void establish(UnitAttention attention) {
    establishForOthers(attention, Set.of());
  }

  /** Establishes a condition for every nexus but the one that caused it. */
  public void establishForOthers(UnitAttention attention, Nexus cause) {
    establishForOthers(attention, cause == null ? Set.of() : Set.of(cause));
  }

  /** Establishes a condition for every nexus but those that caused it. */
  public void establishForOthers(UnitAttention attention, Set<Nexus> causes) {
    for (Nexus nexus : pending.keySet()) {
      if (!causes.contains(nexus)) {
        establish(attention, nexus);
      }
    }
  }

  /** Establishes a condition for one nexus, if it is attached. */
  public void establish(UnitAttention attention, Nexus nexus) {
    pending.computeIfPresent(nexus, (key, bits) -> with(bits, attention));
  }

  /** Clears a condition of one nexus that has not been reported. */
  public void withdraw(UnitAttention attention, Nexus nexus) {
    pending.computeIfPresent(nexus, (key, bits) -> without(bits, attention.ordinal()));
  }

  private int without(int bits, int condition) {
    int rest = bits & ~(1 << condition);
    if (bits != 0 && rest == 0) {
      nexusesWithSome.decrementAndGet();
    }
    return rest;
  }

  private int with(int bits, UnitAttention attention) {
    if (bits == 0) {
      nexusesWithSome.incrementAndGet();
    }
    return bits | 1 << attention.ordinal();
  }

  /** The first condition of the nexus, which is cleared by being taken. */
  public Optional<UnitAttention> take(Nexus nexus) {
    if (nexusesWithSome.get() == 0) {
      return Optional.empty();
    }
    // Others have some: those of this nexus are looked up without a lock.
    Integer known = pending.get(nexus);
    if (known == null || known == 0) {
      return Optional.empty();
    }
    UnitAttention[] taken = new UnitAttention[1];
    pending.computeIfPresent(
        nexus,
        (key, bits) -> {
          if (bits == 0) {
            return bits;
          }
          int first = Integer.numberOfTrailingZeros(bits);
          taken[0] = ALL[first];
          return without(bits, first);
        });
    return Optional.ofNullable(taken[0]);
  }
}
