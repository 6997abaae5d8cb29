package io.moongate.scsi.copy;

import io.moongate.scsi.LogicalUnit;
import io.moongate.scsi.Naa;
import io.moongate.scsi.Nexus;
import io.moongate.scsi.TargetDirectory;
import java.util.Optional;

/** Which units a copy manager may reach on behalf of a nexus. */
public interface CopyUnits {

  /**
   * The unit of that name among those which the nexus could send commands to itself.
   *
   * @param naa its NAA designator
   */
  Optional<CopyParty> find(Nexus nexus, Naa naa);

  /** The units that are mapped in the target of the nexus and that its initiator may see. */
  static Optional<CopyParty> visible(TargetDirectory targets, Nexus nexus, Naa naa) {
    return targets.target(nexus.targetName(), nexus.initiatorName()).stream()
        .flatMap(target -> target.luns().stream().map(target::unit))
        .flatMap(Optional::stream)
        .filter(unit -> unit.identity().naa().equals(naa))
        .findFirst()
        .flatMap(LogicalUnit::copyParty);
  }
}
