package io.moongate.cluster.charter;

/** What {@link LeaseProtocol} asks of whoever drives it. */
public sealed interface Effect {
  /** Send a message to one process; it may get lost. */
  record Send(String to, LeaseMessage message) implements Effect {}

  /** Send a message to every other process that is known, reachable or not. */
  record Broadcast(LeaseMessage message) implements Effect {}

  /**
   * Read the row; the outcome is to be given to {@link LeaseProtocol#row} or {@link
   * LeaseProtocol#rowFailed}. Of this, {@link Propose} and {@link Confirm} one at a time is asked.
   */
  record Read() implements Effect {}

  /**
   * Set the row to this charter if it holds the version before (or nothing, for version 1), and
   * give what it holds then.
   */
  record Propose(Charter charter, String cause) implements Effect {}

  /** Note in the row that its charter is in force, if it still is of this version. */
  record Confirm(long version) implements Effect {}

  /** The lease is held. */
  record Held(long version, int guardians) implements Effect {}

  /** The lease has run out: what was served under it is to be dropped. */
  record Lost() implements Effect {}

  /** A newer charter counts here. */
  record Adopted(Charter charter) implements Effect {}

  /**
   * A charter in force leaves a process out: it is to be downed, and the lease's length after the
   * last ping of it that can have counted it holds none.
   *
   * @param lastPingNanos of this process's clock
   * @param leaseNanos length of that lease, which may have been another one than here
   * @param news whether it is this charter that leaves it out, and not one long before that this
   *     process, being new, learns of now
   */
  record LeftOut(
      String incarnation,
      Seat seat,
      long version,
      long lastPingNanos,
      long leaseNanos,
      boolean news)
      implements Effect {}

  /** This process is out: it serves never again and has to end. */
  record End(String cause) implements Effect {}

  /** Why there is no lease or no new charter, for people; told when it changes. */
  record Waits(String reason) implements Effect {}
}
