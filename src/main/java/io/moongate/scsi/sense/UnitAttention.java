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
  /**
   * NOT READY TO READY CHANGE, MEDIUM MAY HAVE CHANGED: a removable medium was loaded, or the unit
   * was rolled back to a snapshot.
   */
  MEDIUM_MAY_HAVE_CHANGED(0x2800),
  /** COMMANDS CLEARED BY ANOTHER INITIATOR. */
  COMMANDS_CLEARED(0x2F00),
  /** RESERVATIONS PREEMPTED: another nexus has cleared all reservations and registrations. */
  RESERVATIONS_PREEMPTED(0x2A03),
  /** RESERVATIONS RELEASED: the reservation that the nexus shared has ended or changed its type. */
  RESERVATIONS_RELEASED(0x2A04),
  /** REGISTRATIONS PREEMPTED: another nexus has removed the registration of this one. */
  REGISTRATIONS_PREEMPTED(0x2A05),
  /** MODE PARAMETERS CHANGED by another initiator. */
  MODE_PARAMETERS_CHANGED(0x2A01),
  /** ASYMMETRIC ACCESS STATE CHANGED. */
  ACCESS_STATE_CHANGED(0x2A06),
  /** CAPACITY DATA HAS CHANGED: the unit has grown (SBC-3 section 4.7). */
  CAPACITY_CHANGED(0x2A09),
  /** INQUIRY DATA HAS CHANGED: what the target offers, as standard INQUIRY data say it. */
  INQUIRY_DATA_CHANGED(0x3F03),
  /** REPORTED LUNS DATA HAS CHANGED: other units are mapped in the target (SPC-4 section 6.33). */
  REPORTED_LUNS_CHANGED(0x3F0E),
  /**
   * THIN PROVISIONING SOFT THRESHOLD REACHED: the store is filling up (SBC-3 section 4.7.3.7). The
   * information is where the threshold's descriptor is in its mode page.
   */
  THIN_PROVISIONING_THRESHOLD(Sense.of(SenseKey.UNIT_ATTENTION, 0x3807).withInformation(16));

  private final Sense sense;

  UnitAttention(int additional) {
    this(Sense.of(SenseKey.UNIT_ATTENTION, additional));
  }

  UnitAttention(Sense sense) {
    this.sense = sense;
  }

  /** Its sense data. */
  public Sense sense() {
    return sense;
  }
}
