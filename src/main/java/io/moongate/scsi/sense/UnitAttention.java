package io.moongate.scsi.sense;

/**
 * Unit attention conditions, in the order in which they are reported (SAM-5 section 5.14: a reset
 * comes before what it has caused).
 */
public enum UnitAttention {
  /** POWER ON, RESET, OR BUS DEVICE RESET OCCURRED: the nexus is new. */
  POWER_ON(0x2900),
  /** BUS DEVICE RESET FUNCTION OCCURRED: LOGICAL UNIT RESET or TARGET RESET. */
  DEVICE_RESET(0x2903),
  /** COMMANDS CLEARED BY ANOTHER INITIATOR. */
  COMMANDS_CLEARED(0x2F00),
  /** MODE PARAMETERS CHANGED by another initiator. */
  MODE_PARAMETERS_CHANGED(0x2A01),
  /** ASYMMETRIC ACCESS STATE CHANGED. */
  ACCESS_STATE_CHANGED(0x2A06);

  private final Sense sense;

  UnitAttention(int additional) {
    sense = Sense.of(SenseKey.UNIT_ATTENTION, additional);
  }

  /** Its sense data. */
  public Sense sense() {
    return sense;
  }
}
