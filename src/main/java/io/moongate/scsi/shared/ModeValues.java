package io.moongate.scsi.shared;

/**
 * Mode parameters that a host can change (SPC-4 section 7.5.8, the control page).
 *
 * @param descriptorSense D_SENSE: sense data is in descriptor format
 * @param writeProtect SWP: software write protect
 */
public record ModeValues(boolean descriptorSense, boolean writeProtect) {
  /** What a new unit has. */
  public static final ModeValues DEFAULT = new ModeValues(false, false);
}
