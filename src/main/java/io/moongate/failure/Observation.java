package io.moongate.failure;

import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;

/**
 * What one gateway saw of another, or of itself.
 *
 * @param observer name of the gateway that saw it
 * @param subject name of the gateway that it is about
 * @param incarnation the subject's process that it is about
 * @param kind what was seen
 * @param at wall-clock time at the observer, for the record only: no decision compares it
 * @param detail for people: phi, addresses, the error
 * @param part what of the subject it is about: a portal as {@code address:port}, the id of a unit
 *     whose store it is, or the kind of a store that can't be reached at all; empty for the whole
 *     gateway
 */
public record Observation(
    String observer,
    String subject,
    String incarnation,
    Kind kind,
    Instant at,
    String detail,
    String part) {

  public Observation {
    part = part == null ? "" : part;
  }

  /** Of the whole gateway. */
  public Observation(
      String observer, String subject, String incarnation, Kind kind, Instant at, String detail) {
    this(observer, subject, incarnation, kind, at, detail, "");
  }

  /** What can be seen. */
  public enum Kind {
    /** Heartbeats are answered. Takes back UNREACHABLE of the same observer. */
    REACHABLE,
    /** The phi-accrual detector gave it up. */
    UNREACHABLE,
    /** The membership removed it (after downing, or after it left), or a charter in force did. */
    REMOVED,
    /**
     * A charter in force leaves it out, and since the last ping that counted for it the observer's
     * monotonic clock has passed the time in which any lease that it could still hold runs out.
     */
    LEASE_OUT,
    /** Its host refused a connection to the process's own port: the process is gone. */
    PROCESS_GONE,
    /** A newer incarnation of it has registered. */
    SUPERSEDED,
    /** It said itself that it has stopped serving. */
    STOPPED,
    /** The gateway's entity has recorded its failure: whoever joins later relies on that. */
    RECORDED_FAILED,
    /** Its own word: its host has lost the address of a portal, or the link that it is on. */
    PORTAL_LOST,
    /** A portal takes no connections of the observer. */
    PORTAL_UNREACHABLE,
    /** Takes back both of the same observer. */
    PORTAL_WELL,
    /** Its own word: most of what it asked of the store for a unit has failed. */
    STORE_FAILING,
    /** Its own word: the store takes too long for a unit. */
    STORE_SLOW,
    /** Its own word: nothing of what it asked of the store for a unit ends. */
    STORE_STUCK,
    /** Its own word: what was written of a unit may be lost, and only its open volume knows. */
    STORE_LOST,
    /** Takes back what the same observer has said of the store for the unit. */
    STORE_WELL;

    private static final Set<Kind> OF_PORTALS = EnumSet.of(PORTAL_LOST, PORTAL_UNREACHABLE);
    private static final Set<Kind> OF_STORES =
        EnumSet.of(STORE_FAILING, STORE_SLOW, STORE_STUCK, STORE_LOST);

    /** What is said against a portal. */
    public boolean isOfPortal() {
      return OF_PORTALS.contains(this);
    }

    /** What is said against the store for a unit. */
    public boolean isOfStore() {
      return OF_STORES.contains(this);
    }

    /** Whether it holds only until its observer takes it back. */
    public boolean passes() {
      return this == UNREACHABLE || isOfPortal() || isOfStore();
    }

    /** Whether it takes back what the same observer has said as {@code other}. */
    boolean takesBack(Kind other) {
      return switch (this) {
        case REACHABLE -> other == UNREACHABLE;
        case PORTAL_WELL -> other.isOfPortal();
        case STORE_WELL -> other.isOfStore();
        default -> false;
      };
    }

    /** Whether it only takes something back. */
    boolean isGood() {
      return this == REACHABLE || this == PORTAL_WELL || this == STORE_WELL;
    }
  }
}
