package io.moongate.scsi;

/**
 * An I_T nexus (SAM-5 section 4.7): the initiator port and the target port of a session.
 *
 * @param initiatorName iSCSI name of the initiator node
 * @param isid 48 bits; with the name it is the initiator port
 * @param targetName iSCSI name of the target node
 * @param portalGroupTag with the name it is the target port; it is also the relative target port
 *     identifier and the target port group of the gateway
 */
public record Nexus(String initiatorName, long isid, String targetName, int portalGroupTag) {

  /** The initiator port's name as a SCSI TransportID gives it (SPC-4 section 7.6.4.6). */
  public String initiatorPort() {
    return "%s,i,0x%012x".formatted(initiatorName, isid);
  }
}
