package io.moongate.scsi.mode;

/**
 * The mode parameters that can be changed: D_SENSE of the control page. Each gateway has its own,
 * and begins with the default. Thread-safe.
 */
public final class ModeParameters {
  private volatile boolean descriptorSense;

  /** D_SENSE: whether sense data is in descriptor format. */
  public boolean descriptorSense() {
    return descriptorSense;
  }

  /**
   * Sets D_SENSE.
   *
   * @return whether that was a change
   */
  synchronized boolean descriptorSense(boolean value) {
    boolean changed = descriptorSense != value;
    descriptorSense = value;
    return changed;
  }

  /** Everything is as at the beginning: what a reset does. */
  public void reset() {
    descriptorSense(false);
  }
}
