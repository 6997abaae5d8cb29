package io.moongate.scsi.task;

import io.moongate.scsi.Response;
import java.util.concurrent.CompletionStage;

/**
 * What a command does to the medium once its turn has come. Made from a valid CDB when the command
 * arrives.
 */
public abstract class MediumOperation {
  private final long from;
  private final long to;
  private final boolean writes;
  private final long memory;

  /**
   * @param from first byte of the medium that the operation touches
   * @param to the byte after the last; equal to {@code from}, and both 0, when it touches none
   * @param writes whether it may change them, so that nothing overlapping may run beside it
   * @param memory bytes that it holds while it is in the task set
   */
  protected MediumOperation(long from, long to, boolean writes, long memory) {
    this.from = from;
    this.to = to;
    this.writes = writes;
    this.memory = memory;
  }

  /**
   * Executes it. A failed stage and a thrown exception mean the same; an exception is thrown only
   * while no operation of the volume is under way.
   */
  public abstract CompletionStage<Response> run(Execution execution);

  final long from() {
    return from;
  }

  final long to() {
    return to;
  }

  /** Whether it may change what it touches. */
  public final boolean writes() {
    return writes;
  }

  /**
   * Whether it does the same when it is executed once more after it has failed halfway. What
   * compares before it writes does not.
   */
  protected boolean repeatable() {
    return true;
  }

  final long memory() {
    return memory;
  }
}
