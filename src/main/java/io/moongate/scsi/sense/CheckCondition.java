package io.moongate.scsi.sense;

/**
 * Ends a command with CHECK CONDITION. A rule check throws it, and one layer makes the response of
 * it; it carries no stack trace, for what it tells is the initiator's mistake.
 */
public final class CheckCondition extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Sense sense;
  private final long dataOutWanted;

  public CheckCondition(Sense sense) {
    this(sense, 0);
  }

  /**
   * @param dataOutWanted bytes of data-out that the CDB asks for, when the transport is to report a
   *     residual against them
   */
  public CheckCondition(Sense sense, long dataOutWanted) {
    super(sense.toString(), null, false, false);
    this.sense = sense;
    this.dataOutWanted = dataOutWanted;
  }

  /** What to tell. */
  public Sense sense() {
    return sense;
  }

  /** Bytes of data-out that the CDB asks for. */
  public long dataOutWanted() {
    return dataOutWanted;
  }
}
