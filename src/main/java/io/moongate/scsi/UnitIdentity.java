package io.moongate.scsi;

/**
 * Who a logical unit is: the same through every gateway, for ever.
 *
 * @param id the cluster's own id of the unit (a UUID)
 * @param naa its NAA designator
 * @param serial the unit serial number (VPD page 80h)
 * @param product product identification, at most 16 ASCII characters
 * @param removable whether its medium can be taken out (RMB of the standard INQUIRY data)
 */
public record UnitIdentity(String id, Naa naa, String serial, String product, boolean removable) {

  /** One whose medium can't be taken out. */
  public UnitIdentity(String id, Naa naa, String serial, String product) {
    this(id, naa, serial, product, false);
  }
}
