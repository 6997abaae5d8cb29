package io.moongate.scsi.task;

import io.moongate.volume.Volume;

/** A command's permission to touch the medium. */
public interface Execution {

  /**
   * The volume, to be used at once for one operation and then asked for anew.
   *
   * <p>Every call checks that the command may still be executed: it was not aborted, the epoch that
   * it is stamped with is the one that is served, its deadline has not passed, and the gateway
   * holds its lease. So there is no way to the store that passes the check by.
   *
   * @throws NotExecuted when it may not; the command ends with BUSY then
   */
  Volume volume();

  /**
   * The epoch that the command executes under, for what it has recorded instead of written to the
   * volume. The same checks, and the same exception.
   */
  long epoch();

  /**
   * Whether nothing more is to be begun for the command: it was aborted, or its deadline has
   * passed. For commands that touch the medium by commands of their own only.
   */
  boolean over();

  /** Whether it was aborted. */
  boolean aborted();
}
