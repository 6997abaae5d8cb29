package io.moongate.simulation;

import io.moongate.cluster.unit.LogicalUnit;
import io.moongate.cluster.view.UnitAttributes;
import java.util.List;

/** The unit that is created. */
final class UnitSample {
  private UnitSample() {}

  static LogicalUnit.Create create(String id) {
    return new LogicalUnit.Create(
        0x3000_0000_0000_0000L + Integer.toUnsignedLong(id.hashCode()),
        id,
        "simulated",
        (long) Disk.BLOCKS * Disk.BLOCK,
        Disk.BLOCK,
        List.of(),
        UnitAttributes.DEFAULT,
        null);
  }
}
