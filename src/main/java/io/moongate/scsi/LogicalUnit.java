package io.moongate.scsi;

import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.copy.CopyParty;
import io.moongate.scsi.shared.Notice;
import io.moongate.scsi.shared.SharedState;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * A logical unit as one gateway exports it: the device server (SAM-5 section 4.5.18), its task set,
 * and the unit attentions of each nexus. Thread-safe.
 */
public interface LogicalUnit {

  /** Identity; constant. */
  UnitIdentity identity();

  /** A nexus came into being: it gets a POWER ON unit attention (29/00). */
  void attach(Nexus nexus);

  /**
   * The nexus is gone: its commands that have not begun are dropped and not answered.
   *
   * @return completes once nothing is reserved for it by RESERVE (SPC-2) any more, or that could
   *     not be achieved within its bound; as a rule it is complete at once
   */
  CompletionStage<Void> detach(Nexus nexus);

  /**
   * Bytes of data-out that this CDB asks for: what the transport solicits. 0 when it transfers
   * none; also 0 when it can't be executed anyway (too long, malformed), so that no memory is spent
   * on it.
   *
   * @param nexus the nexus on which it came: not every target offers the same
   */
  long dataOutLength(Nexus nexus, byte[] cdb);

  /**
   * Executes a command: stamped now with the epoch of the current path states, executed under it or
   * not at all. {@code reply} is called once, on any thread, possibly before this returns; not at
   * all when the command is aborted by {@link #manage} or {@link #detach}.
   */
  void execute(Command command, Consumer<Response> reply);

  /**
   * Executes a command that another gateway relayed: unit attentions are that gateway's business;
   * refused with BUSY unless this gateway serves the unit under exactly {@code epoch}.
   */
  void executeRelayed(long epoch, Command command, Consumer<Response> reply);

  /**
   * Task management (SAM-5 section 7). {@code done} is called once no command that the function
   * covers can change the medium any more; true when the function is complete, false when the task
   * (for ABORT TASK and QUERY TASK) does not exist, or when a function that covers every nexus
   * could not be completed.
   *
   * <p>CLEAR TASK SET and the resets are done on every gateway. The others concern one nexus: its
   * commands are here, and what was relayed is waited for.
   */
  void manage(TaskManagement function, Nexus nexus, int tag, Consumer<Boolean> done);

  /**
   * New path states and the route that goes with them, from the LUN actor; older versions are
   * ignored. A change of a group's state or of the epoch establishes unit attention 2A/06 for every
   * nexus. Commands that are held are released or answered BUSY.
   */
  void publish(PathStates states, Route route);

  /**
   * The newest shared state, from the metadata cluster or from the owner; older ones are ignored.
   */
  void share(SharedState state);

  /** Version of the newest shared state that is known here. */
  long sharedVersion();

  /**
   * Does what the owner has every gateway do for its nexuses with the unit.
   *
   * @return completes once no task that it aborts can change the medium any more
   */
  CompletionStage<Void> take(Notice notice);

  /**
   * The unit grows, in two steps that each gateway is told of in this order: blocks up to {@code
   * accepted} are accepted from hosts, and {@code announced} is what they are told, once the owner
   * serves it. So no host that was told of a block is refused it elsewhere. A greater announced
   * size than before establishes 2A/09 for every nexus; smaller sizes than before are ignored.
   *
   * @param announced bytes
   * @param accepted bytes, at least {@code announced}
   */
  void grow(long announced, long accepted);

  /**
   * REPORT LUNS was answered through this nexus: what is pending of 3F/0E is cleared (SPC-4 section
   * 6.33).
   */
  void lunsReported(Nexus nexus);

  /** The unit as copy managers of this gateway reach it; empty when it can't be copied. */
  default Optional<CopyParty> copyParty() {
    return Optional.empty();
  }

  /** What its metrics are made of; empty when nothing is counted. */
  default Optional<UnitReading> reading() {
    return Optional.empty();
  }

  /** Stops taking commands to the volume of a {@link Route.Local} and completes when none runs. */
  CompletionStage<Void> drain();

  /**
   * Takes the last {@link #drain} back: the volume may be served again, by the next publication and
   * under the same epoch. Only before anybody was told that it was drained.
   */
  void undrain();

  /** Task management functions (SAM-5 section 7). */
  enum TaskManagement {
    ABORT_TASK,
    ABORT_TASK_SET,
    CLEAR_TASK_SET,
    LOGICAL_UNIT_RESET,
    TARGET_RESET,
    QUERY_TASK,
    QUERY_TASK_SET
  }
}
