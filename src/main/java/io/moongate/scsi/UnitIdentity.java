package io.moongate.scsi;

/**
 * Who a logical unit is: the same through every gateway, for ever.
 *
 * @param id the cluster's own id of the unit (a UUID)
 * @param vendorSpecific what tells it from others in its T10 vendor ID designator (SPC-4 section
 *     7.8.6.4): its id, or the one that hosts know from before
 * @param naa its NAA designator
 * @param serial the unit serial number (VPD page 80h)
 * @param product product identification, at most 16 ASCII characters
 * @param removable whether its medium can be taken out (RMB of the standard INQUIRY data)
 */
public record UnitIdentity(
    String id, String vendorSpecific, Naa naa, String serial, String product, boolean removable) {

  /** One that has had no other id. */
  public UnitIdentity(String id, Naa naa, String serial, String product, boolean removable) {
    this(id, id, naa, serial, product, removable);
  }

  /** One whose medium can't be taken out. */
  public UnitIdentity(String id, Naa naa, String serial, String product) {
    this(id, naa, serial, product, false);
  }
}
