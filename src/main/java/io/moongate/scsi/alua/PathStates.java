package io.moongate.scsi.alua;

import java.util.List;

/**
 * The path states of one logical unit in one version of the view, as a gateway's LUN actor
 * publishes them: immutable, and equal on every gateway for the same version but for {@code
 * localGroup}.
 *
 * @param version version of the logical unit in the view
 * @param epoch number of the ownership; commands are stamped with it
 * @param serving whether the owner of that epoch has fenced and opened the store; otherwise the
 *     unit is in transition, and commands to the medium are held
 * @param localGroup target port group of this gateway
 * @param implicitTransitionSeconds IMPLICIT TRANSITION TIME of the extended header
 * @param groups every gateway that exports the unit, ordered by id
 */
public record PathStates(
    long version,
    long epoch,
    boolean serving,
    int localGroup,
    int implicitTransitionSeconds,
    List<TargetPortGroup> groups) {
  public PathStates {
    groups = List.copyOf(groups);
  }

  /** The state of this gateway's own group; UNAVAILABLE when the unit is not exported here. */
  public AccessState localState() {
    for (TargetPortGroup group : groups) {
      if (group.id() == localGroup) {
        return group.state();
      }
    }
    return AccessState.UNAVAILABLE;
  }
}
