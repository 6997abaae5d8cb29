package io.moongate.simulation;

/**
 * A rule that is left out, to see that the simulation notices. Each is applied where the product's
 * code is joined with the simulation, never in it.
 */
enum Mutation {
  /** The device server does not ask for the lease before it touches the store (rules 3, 6). */
  LEASE_NOT_ASKED,
  /** What a gateway that was left out owned is moved before its lease has run out (rule 3). */
  TAKEOVER_WITHOUT_WAITING,
  /** The store is not told of a new epoch (rule 2). */
  NO_FENCE,
  /** Commands have no deadline (rule 4). */
  NO_DEADLINE,
  /** A release answers whichever move is under way (rule 1). */
  RELEASED_WITHOUT_VERSION,
  /** A relayed command is executed under whatever epoch the owner has now (rule 4). */
  RELAYED_UNDER_ANY_EPOCH,
  /** The sender of a relayed command answers as soon as the connection breaks (rule 4). */
  BROKEN_RELAY_ANSWERED_AT_ONCE,
  /** The owner says that it has released before it has drained (rule 3). */
  RELEASED_BEFORE_DRAINED,
  /** An entity that lost its term goes on all the same, and asks no row (rules 1, 9). */
  NO_TERMS_AND_NO_ROW,
  /** A lease reaches from the receipt of the acknowledgement, not from the sending (rule 3). */
  LEASE_COUNTED_FROM_RECEIPT,
  /**
   * A gateway that lost its lease keeps its sessions and the commands in their buffers (rule 5).
   */
  SESSIONS_KEPT,
  /**
   * Whoever has another process of a gateway in its view than the owner takes the owner for
   * superseded, also when what it has is the older one (rule 3).
   */
  ANY_OTHER_PROCESS_SUPERSEDES,
  /** What a process relayed that has ended is still begun after its successor relays (rule 4). */
  FORMER_PROCESS_RELAYS,
  /** A unit is taken over by its row whatever epoch that holds (rule 1, decision 16). */
  CLAIM_WITHOUT_EPOCH,
  /** A row is taken for granted when its answer was not learnt (rule 1, decision 16). */
  UNKNOWN_IS_GRANTED,
  /** The row is asked for the unit of whoever a charter leaves out, lease or not (rule 3). */
  CLAIM_WITHOUT_PROOF,
  /** Whoever has asked the row to give a unit away opens it again under the epoch (decision 18). */
  OPENS_AGAIN_WHAT_IT_HANDED_OVER,
  /** The row is asked to give a unit away while it is being released (rule 3, decision 18). */
  HANDED_OVER_BEFORE_RELEASED,
  /** Who has said that it could not open a store opens it again by the same entry (decision 16). */
  GIVEN_UP_OPENS_AGAIN,
  /** A unit is taken over by its row whatever version of the shared state that has (rule 7). */
  CLAIM_WITHOUT_VERSION,
  /** The successor serves before it has the shared state of its predecessor (decision 18). */
  SUCCESSOR_WITHOUT_STATE,
  /** What its predecessor has handed over is taken for one's own claim (decision 18). */
  GIVEN_TAKEN_FOR_CLAIMED,
  /** A change of the shared state is accepted without raising the row (rule 7, decision 16). */
  CHANGE_WITHOUT_RAISING,
  /** A write that the host may have given up is taken all the same (decision 34). */
  NOBODY_IS_ASKED
}
