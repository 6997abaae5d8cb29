package io.moongate.scsi.task;

/** Which way a command took, as the gateway that counts it sees it. */
public enum Via {
  /**
   * Of one of the gateway's own nexuses, and answered without the medium: what only asks about the
   * unit, and what is refused.
   */
  AT_ONCE("at_once"),
  /** Of one of the gateway's own nexuses, and executed here. */
  LOCAL("local"),
  /** Of one of the gateway's own nexuses, and relayed to the owner. */
  RELAYED("relayed"),
  /** Of another gateway's nexus, relayed here to be executed. */
  PEER("peer"),
  /** Of a copy manager of this gateway. */
  COPY("copy"),
  /** Of the unit itself: a piece of SANITIZE, a look at a threshold. */
  OWN("own");

  private final String word;

  Via(String word) {
    this.word = word;
  }

  /** The word for it in metrics. */
  public String word() {
    return word;
  }
}
