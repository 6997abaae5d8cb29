package io.moongate.scsi.alua;

import java.util.List;

/**
 * One target port group of a logical unit: one gateway (SPC-4 section 6.37).
 *
 * @param id TARGET PORT GROUP, unique in the cluster, stable for ever, never 0
 * @param state its access state for this logical unit
 * @param preferred the PREF bit
 * @param relativePorts RELATIVE TARGET PORT IDENTIFIERs of its ports
 */
public record TargetPortGroup(
    int id, AccessState state, boolean preferred, List<Integer> relativePorts) {
  public TargetPortGroup {
    relativePorts = List.copyOf(relativePorts);
  }
}
