package io.moongate.management.api;

import java.util.List;

/**
 * An initiator on a target's access list as the API shows it.
 *
 * @param initiator iSCSI name
 * @param chap by which it authenticates itself; null: by the target's own, if it has any
 * @param luns what it sees; null: every LUN of the target under its own number
 * @param remark for people; may be null
 */
public record Initiator(String initiator, Chap chap, List<Lun> luns, String remark) {

  /**
   * A LUN that an initiator sees.
   *
   * @param lun its number for the initiator, 0 to 16383
   * @param targetLun its number in the target; in a request null for the same
   */
  public record Lun(int lun, Integer targetLun) {}
}
