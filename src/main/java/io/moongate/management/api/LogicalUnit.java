package io.moongate.management.api;

import java.time.Instant;
import java.util.List;

/**
 * A logical unit as the API shows it.
 *
 * @param id a UUID
 * @param target iSCSI name of a target that maps it: in a list the one that this element is about,
 *     else the first by name; null when none does
 * @param lun its number there; null when no target maps it
 * @param naa NAA identifier, 16 hexadecimal digits
 * @param serial unit serial number
 * @param size bytes
 * @param blockSize bytes of a logical block
 * @param store kind of the volume store
 * @param volume name of its volume there
 * @param imported whether that was there before the unit: then it is kept when the unit is deleted
 * @param preferred gateways in order of preference as owners
 * @param owner gateway; null when there is none
 * @param epoch number of the ownership
 * @param phase {@code unowned}, {@code acquiring}, {@code serving} or {@code releasing}
 * @param since when the phase began
 * @param cause why
 * @param evidence the observations that led to it, when it was for a fault
 * @param refusedBy gateways that could not open the store since it was last served
 * @param growingTo bytes that it is to have once its owner serves them; null when it does not grow
 * @param mappings every place where it is mapped, by target and LUN
 * @param removable whether hosts can eject its medium
 * @param ejected whether they have
 * @param removalPrevented how many nexuses prevent that
 * @param readOnly whether hosts are refused to write
 * @param provisioning {@code thin} or {@code full}
 * @param physicalBlockSize bytes of a physical block
 * @param clonedFrom the snapshot whose content it had at the beginning; null when it is no clone
 * @param rollingBackTo name of the snapshot that it is being rolled back to: nobody serves it; null
 *     when it is not
 * @param load what is asked of it, in operations a second, averaged over {@code
 *     moongate.ownership.rebalance.load-window}: a command on blocks is one, and one more for every
 *     32 KiB
 */
public record LogicalUnit(
    String id,
    String target,
    Integer lun,
    String naa,
    String serial,
    long size,
    int blockSize,
    String store,
    String volume,
    boolean imported,
    List<String> preferred,
    String owner,
    long epoch,
    String phase,
    Instant since,
    String cause,
    List<Evidence> evidence,
    List<String> refusedBy,
    Long growingTo,
    List<Mapping> mappings,
    boolean removable,
    boolean ejected,
    int removalPrevented,
    boolean readOnly,
    String provisioning,
    int physicalBlockSize,
    CreateLun.Source clonedFrom,
    String rollingBackTo,
    double load) {

  /**
   * A place where it is mapped.
   *
   * @param target iSCSI name
   * @param lun its number there
   */
  public record Mapping(String target, int lun) {}
}
