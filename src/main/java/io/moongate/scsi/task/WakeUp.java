package io.moongate.scsi.task;

/**
 * One task set's use of the shared timer: asked again only when something is due earlier than what
 * was asked for. Guarded by the task set's monitor.
 */
final class WakeUp {
  private final DeadlineTimer timer;
  private final Runnable action;
  private boolean asked;
  private long instant;

  WakeUp(DeadlineTimer timer, Runnable action) {
    this.timer = timer;
    this.action = action;
  }

  /** Makes the action run at the deadline or earlier. */
  void ask(long deadline) {
    if (!asked || deadline - instant < 0) {
      asked = true;
      instant = deadline;
      timer.at(deadline, action);
    }
  }

  /** Whether this run of the action is the one that was asked for last, not one it replaced. */
  boolean arrived(long now) {
    if (asked && now - instant < 0) {
      return false;
    }
    asked = false;
    return true;
  }
}
