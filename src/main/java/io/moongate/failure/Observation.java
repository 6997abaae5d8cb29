package io.moongate.failure;

import java.time.Instant;

/**
 * What one gateway saw of another.
 *
 * @param observer name of the gateway that saw it
 * @param subject name of the gateway that it is about
 * @param incarnation the subject's process that it is about
 * @param kind what was seen
 * @param at wall-clock time at the observer, for the record only: no decision compares it
 * @param detail for people: phi, addresses, the error
 */
public record Observation(
    String observer, String subject, String incarnation, Kind kind, Instant at, String detail) {

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
    RECORDED_FAILED
  }
}
