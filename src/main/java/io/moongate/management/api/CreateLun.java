package io.moongate.management.api;

import java.util.List;

/**
 * Body of {@code POST /luns}.
 *
 * @param target iSCSI name of an existing target
 * @param lun 0 to 16383
 * @param size bytes, a positive multiple of the block size; null with {@code volume}, which says it
 * @param blockSize 512 or 4096; null for 512
 * @param store kind of the volume store; null for the gateway's default
 * @param preferred gateways in order of preference as owners; null or empty for no preference
 * @param removable whether hosts can eject its medium; null for no
 * @param readOnly whether hosts are refused to write; null for no
 * @param provisioning {@code thin}, or {@code full}: with space for every block from the beginning;
 *     null for thin
 * @param physicalBlockSize bytes of a physical block, a power of two from the block size to 65536;
 *     null for 4096
 * @param volume name in the store of a volume that is there already, from elsewhere, and becomes
 *     the unit's; null for a new one
 * @param naa the NAA designator by which hosts know it, 16 hexadecimal digits of format 2 or 5, or
 *     3 with {@code formerUnit}, or 32 of format 6; null for a new one; only with {@code volume}
 * @param serial the unit serial number by which they know it, likewise
 * @param source the snapshot whose content it is to have, which says size, block size and store;
 *     null for none
 * @param formerUnit id of the unit that {@code volume} was in a cluster whose metadata are lost, as
 *     the store has it on record; null when it comes from others
 */
public record CreateLun(
    String target,
    Integer lun,
    Long size,
    Integer blockSize,
    String store,
    List<String> preferred,
    Boolean removable,
    Boolean readOnly,
    String provisioning,
    Integer physicalBlockSize,
    String volume,
    String naa,
    String serial,
    Source source,
    String formerUnit) {

  /**
   * A snapshot of a logical unit.
   *
   * @param lun id of the unit
   * @param snapshot its name
   */
  public record Source(String lun, String snapshot) {}

  /** A clone of a snapshot. */
  public static CreateLun cloned(
      String target, Integer lun, Source source, List<String> preferred, Boolean readOnly) {
    return new CreateLun(
        target, lun, null, null, null, preferred, null, readOnly, null, null, null, null, null,
        source, null);
  }

  /** One that is no clone. */
  public CreateLun(
      String target,
      Integer lun,
      Long size,
      Integer blockSize,
      String store,
      List<String> preferred,
      Boolean removable,
      Boolean readOnly,
      String provisioning,
      Integer physicalBlockSize,
      String volume,
      String naa,
      String serial) {
    this(
        target,
        lun,
        size,
        blockSize,
        store,
        preferred,
        removable,
        readOnly,
        provisioning,
        physicalBlockSize,
        volume,
        naa,
        serial,
        null,
        null);
  }

  /** A disk like most. */
  public CreateLun(
      String target,
      Integer lun,
      Long size,
      Integer blockSize,
      String store,
      List<String> preferred) {
    this(target, lun, size, blockSize, store, preferred, null, null, null, null, null, null, null);
  }
}
