package io.moongate.scsi.command;

import io.moongate.scsi.Command;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.Response;
import io.moongate.scsi.ScsiSettings;
import io.moongate.scsi.UnitIdentity;
import io.moongate.scsi.alua.PathStates;
import io.moongate.scsi.copy.CopyManager;
import io.moongate.scsi.sense.Sense;
import io.moongate.scsi.shared.Change;
import io.moongate.scsi.shared.SharedState;
import io.moongate.scsi.task.Execution;
import io.moongate.volume.VolumeGeometry;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** What the handlers of commands may ask of the logical unit that they are executed for. */
public interface DeviceServer {

  /** Who the unit is. */
  UnitIdentity identity();

  /** Its size as hosts are told, its block size, and what its store can do. */
  VolumeGeometry geometry();

  /** The same with the size up to which blocks are accepted: greater while the unit grows. */
  default VolumeGeometry addressable() {
    return geometry();
  }

  /** Limits. */
  ScsiSettings settings();

  /** What is the same through every path, as this gateway knows it now. */
  SharedState shared();

  /**
   * Changes what is shared; for commands that the owner executes. Changes of a unit are made one
   * after the other; each is recorded, then told to every gateway, then answered.
   *
   * @param cause for the record: the command, and who sent it
   * @param decide what to make of the state that precedes; it may throw a {@link
   *     io.moongate.scsi.sense.CheckCondition}
   * @return the response of the change
   */
  CompletionStage<Response> change(
      Execution execution, String cause, Function<SharedState, Change> decide);

  /** The copy manager of the unit. */
  CopyManager copies();

  /** The path states, from this gateway's own knowledge: never waits for another gateway. */
  CompletionStage<PathStates> pathStates();

  /** Whether a command to the medium would be executed now. */
  Readiness readiness();

  /** The sense data of the first unit attention condition of a nexus, which clears it. */
  Optional<Sense> takeUnitAttention(Nexus nexus);

  /** The path states that were published last; empty until the first are. */
  Optional<PathStates> publishedStates();

  /** Whether the target through which a nexus came offers explicit ALUA. */
  boolean explicitAlua(Nexus nexus);

  /** Explicit ALUA, as {@link io.moongate.scsi.alua.AccessStateChanges#optimize}. */
  CompletionStage<Void> optimize(int group, Command by);

  /** How much of a sanitize operation is done, as this gateway knows it, from 0 to 1. */
  double sanitizeProgress();

  /**
   * Whether the unit takes commands to the medium.
   *
   * @param transition whether it is in transition between access states
   * @param notReady why the path does not take them, when it is in a state in which none does
   */
  record Readiness(boolean transition, Optional<Sense> notReady) {}
}
